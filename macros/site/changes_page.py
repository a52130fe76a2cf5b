"""The page "What changed": two editions' versions, and what differs on a page, with causes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import markdown
from markupsafe import Markup

from macros.figures.markup import render, safe
from macros.ground.model import Page
from macros.review.change_file import Changes, Listed

_WHY = markdown.Markdown()
_FEW = 3  # blocks that are named at once; the others open

Address = Callable[[str, str, str], str | None]
"""From an edition, a page and a block's id to the block's address; None where it is not shown."""


class _Place(NamedTuple):
    """A block, and the links to it in the editions that show it, each with its word."""

    block: str
    links: list[tuple[str, str]]


def versions(old: Mapping[str, str], new: Mapping[str, str], names: tuple[str, str]) -> str:
    """A table of all versions in both editions; what differs is marked in words too."""
    rows = [
        (name, (old.get(name, ""), new.get(name, "")), _differs(old.get(name), new.get(name)))
        for name in sorted({*old, *new})
    ]
    return render("site/versions.html", head=("what", *names, "compared"), rows=rows)


def _differs(old: str | None, new: str | None) -> str:
    return "differs" if old and new and old != new else ""


def page(changes: Changes, planned: Page, count: int, address: Address) -> str:
    """What differs on one page, below the causes, in the order in which those are explained.

    Where nothing does, that is said, with how many blocks were compared.
    """
    causes: list[dict[str, Any]] = []
    for number, (cause, why) in enumerate(changes.whys):
        entries = [
            {"what": _short(change.what), "places": _places(change, changes, address)}
            for change in changes.listed
            if change.page == planned.key and change.why == number
        ]
        if entries:
            causes.append({"name": cause, "why": _inline(why), "entries": entries})
    return render("site/changes_page.html", causes=causes, few=_FEW, count=count)


def first(changes: Changes, titles: Mapping[str, str], address: Address) -> str:
    """What a reader is told before all else: causes, each with the first place of each page."""
    told = []
    for number in changes.first:
        seen: dict[str, list[tuple[str, str]]] = {}
        for change in changes.listed:
            if change.why == number and change.page not in seen:
                places = _places(change, changes, address)
                seen[change.page] = places[0].links if places else []
        pages = [(titles[key], links) for key, links in seen.items()]
        told.append({"why": _inline(changes.whys[number][1]), "pages": pages})
    return render("site/changes_first.html", told=told)


def _places(change: Listed, changes: Changes, address: Address) -> list[_Place]:
    """Where a change is seen: first what a reader can go to, then what is only quoted or drawn."""
    places = [
        _Place(
            block,
            [
                (href, word)
                for edition, word in ((changes.old, "before"), (changes.new, "after"))
                if (href := address(edition, change.page, block)) is not None
            ],
        )
        for block in change.blocks
    ]
    return sorted(places, key=lambda place: not place.links)


def _inline(text: str) -> Markup:
    _WHY.reset()
    return safe(_WHY.convert(text).removeprefix("<p>").removesuffix("</p>"))


def _short(words: str, most: int = 300) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
