"""Changes for a reader: text for the terminal, Markdown for a pull request, JSON for a program."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from macros.compare.change import Change
from macros.compare.sentences import Quoted
from macros.store import reader

Quotes = Mapping[tuple[str, str], Sequence[Quoted]]
"""By page and block, what quotes it."""
_MOST = 100  # characters of a value in a list


def text(changes: Sequence[Change], quotes: Quotes, *, colour: bool = False) -> str:
    """Changes by page and block, below each block the sentences that quote it."""
    bold, dim, end = ("\033[1m", "\033[2m", "\033[0m") if colour else ("", "", "")
    out = []
    for (page, block), of_block in grouped(changes).items():
        out.append(f"{bold}{_where(page, block)}{end}")
        out += [f"  {short(change.what)}" for change in of_block]
        for sentence in quotes.get((page, block), ()):
            out.append(f"    {dim}{place(sentence)}{end} {quoted(sentence)}")
        out.append("")
    return "\n".join([*out, count(changes)])


def markdown(changes: Sequence[Change], quotes: Quotes, old: str, new: str) -> str:
    """The same as Markdown."""
    out = [f"## What changed from {old} to {new}", "", f"{count(changes)}."]
    for (page, block), of_block in grouped(changes).items():
        out += ["", f"### {_where(page, block)}", ""]
        out += [f"- {code(short(change.what))}" for change in of_block]
        sentences = quotes.get((page, block), ())
        if sentences:
            out += ["", "Quoted in:", ""]
        out += [f"- `{place(sentence)}` {code(quoted(sentence))}" for sentence in sentences]
    return "\n".join(out)


def as_json(changes: Sequence[Change], quotes: Quotes) -> str:
    """The changes as a list of objects, in order; each with the quotes of its block."""
    return json.dumps(
        [
            {
                **asdict(change),
                "quotes": [
                    {
                        "source": reader.shown(sentence.quote.source),
                        "line": sentence.quote.line,
                        "path": sentence.quote.path,
                        "sentence": sentence.quote.sentence,
                        "old": sentence.old,
                        "new": sentence.new,
                    }
                    for sentence in quotes.get((change.page, change.block), ())
                ],
            }
            for change in changes
        ],
        indent=1,
        ensure_ascii=False,
    )


def grouped(changes: Iterable[Change]) -> dict[tuple[str, str], list[Change]]:
    """Changes by page and block, in order."""
    by_block: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        by_block.setdefault((change.page, change.block), []).append(change)
    return by_block


def count(changes: Sequence[Change]) -> str:
    """How many there are, in how many blocks."""
    blocks = {(change.page, change.block) for change in changes if change.block}
    if not changes:
        return "no change"
    return (
        f"{len(changes)} change{'s' * (len(changes) != 1)}"
        f" in {len(blocks)} block{'s' * (len(blocks) != 1)}"
    )


def _where(page: str, block: str) -> str:
    return f"{page}#{block}" if block else page or "versions"


def place(sentence: Quoted) -> str:
    """Where a quote stands: the page's file and the line."""
    return f"{reader.shown(sentence.quote.source)}:{sentence.quote.line}"


def quoted(sentence: Quoted) -> str:
    """A sentence, and what it quotes on either side."""
    sides = [
        short(quoted_value, _MOST) or "nothing" for quoted_value in (sentence.old, sentence.new)
    ]
    value = sides[0] if sentence.old == sentence.new else f"{sides[0]} -> {sides[1]}"
    return f"{sentence.quote.sentence or '(a claim)'} [{sentence.quote.path}: {value}]"


def short(words: str, most: int = 4 * _MOST) -> str:
    """Words on one line, cut where they are too many."""
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def code(words: str) -> str:
    """Words of machines in a list: Markdown and HTML in them are text."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|~&" else letter for letter in words)
