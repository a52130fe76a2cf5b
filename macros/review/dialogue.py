"""Go through the items at the terminal, one key each; what was decided is kept at once."""

from collections.abc import Callable, Sequence

import click

from macros.review.decisions import Decision, Decisions
from macros.review.items import Item

Show = Callable[[int, bool], None]
"""Shows the item at a place; with True, its outputs in full."""

KEYS = (
    "[a]ccept  [r]eject  [s]kip  [b]ack  accept all left of the [p]age  whole outputs: [d]  [q]uit"
)


def ask(items: Sequence[Item], decisions: Decisions, show: Show) -> None:
    """Ask for every open item, from the first, until the last, q, or the end of input."""
    current = _next(items, decisions, 0)
    whole = False
    while current < len(items):
        show(current, whole)
        click.echo(KEYS)
        whole = False
        match _key():
            case "a" | "y":
                decisions.decide([items[current]], Decision.ACCEPTED)
                current = _next(items, decisions, current + 1)
            case "r" | "n":
                decisions.decide([items[current]], Decision.REJECTED)
                current = _next(items, decisions, current + 1)
            case "p":
                page = items[current].page
                left = [item for item in items[current:] if item.page == page]
                still = [item for item in left if decisions.of(item) is Decision.OPEN]
                decisions.decide(still, Decision.ACCEPTED)
                current = _next(items, decisions, current + 1)
            case "s":
                current = _next(items, decisions, current + 1)
            case "b":
                # Also to what has been decided: going back is for deciding again.
                current = max(current - 1, 0)
            case "d":
                whole = True
            case "q":
                return


def _next(items: Sequence[Item], decisions: Decisions, start: int) -> int:
    while start < len(items) and decisions.of(items[start]) is not Decision.OPEN:
        start += 1
    return start


def agreed(question: str) -> bool:
    """Whether the answer to a question is y, by one key as all of this dialogue.

    Only y, n and q answer it: a key that was meant for something else decides nothing.
    """
    click.echo(f"{question} [y/n] ", nl=False)
    answer = _key()
    while answer not in ("y", "n", "q"):
        answer = _key()
    click.echo(answer)
    return answer == "y"


def _key() -> str:
    """One key; q where there is no more input and no terminal, or for Ctrl-C and Ctrl-D.

    Enter is none, whether it comes behind a key, with it, or as what an earlier key left behind.
    """
    key = ""
    while not key:
        try:
            typed = click.getchar()
        except (EOFError, KeyboardInterrupt, OSError, click.Abort):
            return "q"
        if not typed:
            return "q"
        key = typed.strip("\r\n")[:1]
    return key.lower()
