"""The page "What changed": two editions' versions, and what differs on a page, with causes."""

from collections.abc import Callable, Mapping
from html import escape

import markdown

from macros.ground.model import Page
from macros.review.change_file import Changes, Listed

_WHY = markdown.Markdown()
_FEW = 3  # blocks that are named at once; the others open

Address = Callable[[str, str], str | None]
"""From an edition's name and a block's id to the block's address; None where it is not shown."""


def versions(old: Mapping[str, str], new: Mapping[str, str], names: tuple[str, str]) -> str:
    """A table of all versions in both editions; what differs is marked in words too."""
    rows = "".join(
        _row(name, old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})
    )
    head = "".join(f"<th>{escape(one)}</th>" for one in ("what", *names, ""))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(name: str, old: str, new: str) -> str:
    cells = "".join(
        f"<td><code>{escape(one)}</code></td>" if one else "<td></td>" for one in (old, new)
    )
    word = "" if old == new else "differs" if old and new else ""
    return f"<tr><td>{escape(name)}</td>{cells}<td>{word}</td></tr>"


def page(changes: Changes, of: Page, address: Address) -> str:
    """What differs on one page, below the causes, in the order in which those are explained."""
    mine = [one for one in changes.listed if one.page == of.key]
    parts = []
    for number, (cause, why) in enumerate(changes.whys):
        found = [one for one in mine if one.why == number]
        if found:
            entries = "".join(_entry(one, changes, address) for one in found)
            parts.append(
                f'<section class="cause"><p><strong>{escape(cause)}.</strong> {_inline(why)}</p>'
                f"<ul>{entries}</ul></section>"
            )
    return f'<div class="changes">{"".join(parts)}</div>'


def _entry(one: Listed, changes: Changes, address: Address) -> str:
    # What a reader can go to comes first; what is only quoted or drawn has no place of its own.
    places = sorted(
        (_place(block, changes, address) for block in one.blocks),
        key=lambda place: not place.startswith("<span"),
    )
    shown = ", ".join(places[:_FEW])
    if len(places) > _FEW:
        rest = ", ".join(places[_FEW:])
        shown += f"<details><summary>and {len(places) - _FEW} more</summary>{rest}</details>"
    where = f'<div class="where">{shown}</div>' if places else ""
    return f"<li><code>{escape(_short(one.what))}</code>{where}</li>"


def _place(block: str, changes: Changes, address: Address) -> str:
    links = [
        f'<a href="{escape(href)}" aria-label="{escape(block)} {word}">{word}</a>'
        for edition, word in ((changes.old, "before"), (changes.new, "after"))
        if (href := address(edition, block)) is not None
    ]
    name = f"<code>{escape(block)}</code>"
    return f'<span class="place">{name} {" · ".join(links)}</span>' if links else name


def _inline(text: str) -> str:
    _WHY.reset()
    return _WHY.convert(text).removeprefix("<p>").removesuffix("</p>")


def _short(words: str, most: int = 300) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
