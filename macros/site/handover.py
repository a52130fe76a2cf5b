"""Who hands an address to whom: rows of steps, each with a giver, a place and a recorded value."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Step:
    """`who` gives or keeps the value, `where` it stands; `value` is HTML."""

    who: str
    where: str
    value: str


def figure(rows: Sequence[tuple[str, Sequence[Step]]], *, id: str, title: str) -> str:
    """The rows as lists in a list: text that reads in order, drawn as boxes and arrows by CSS."""
    items = "".join(
        f'<li><span class="handover-what" id="{id}-{number}">{escape(what)}</span>'
        f'<ol aria-labelledby="{id}-{number}">{"".join(map(_step, steps))}</ol></li>'
        for number, (what, steps) in enumerate(rows, start=1)
    )
    return (
        f'<figure class="handover" id="h-{id}"><figcaption>{escape(title)}</figcaption>'
        f'<ul class="handover-rows">{items}</ul></figure>'
    )


def _step(step: Step) -> str:
    return (
        f'<li><span class="handover-who">{escape(step.who)}</span>'
        f'<span class="handover-where">{escape(step.where)}</span>{step.value}</li>'
    )
