"""A page in several editions: where each is, the choice between them, and the links of its text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath, relpath

from macros.figures.markup import render

FOLDER = "editions"
"""The folder of the site that holds the pages of editions other than the one shown by default."""

_LINK = re.compile(
    r"(\]\(|^\[[^\]]+\]:\s+)(?![a-z]+:|[#/<])([^)\s#]+\.md)(?=[#)\s]|$)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A page in one edition: its address from here, and the versions that a reader may know."""

    edition: str
    href: str
    versions: Mapping[str, str]
    here: bool


def uri(edition: str, source: str) -> str:
    """Where the page `source` of an edition stands among the site's sources."""
    return f"{FOLDER}/{edition}/{source}"


def split(source: str) -> tuple[str, str]:
    """An edition's name and the page, from what `uri` made; an empty name for any other source."""
    folder, _, rest = source.partition("/")
    edition, _, page = rest.partition("/")
    return (edition, page) if folder == FOLDER and page else ("", source)


def relinked(markdown: str, edition: str, source: str, has: Callable[[str], bool]) -> str:
    """The text of `source` with its links as they must be in an edition.

    A page that the edition `has` is linked there, any other as the site shows it by default.
    """
    here = dirname(uri(edition, source))

    def link(match: re.Match[str]) -> str:
        target = normpath(join(dirname(source), match[2]))
        return match[1] + relpath(uri(edition, target) if has(target) else target, here)

    return _LINK.sub(link, markdown)


def choice(offered: Sequence[Offered], changes: str, shown: str) -> str:
    """Links to the same page in each edition, as a list; nothing where only `shown` has it.

    Beside its name stand the versions that differ. `changes` is the address of their list.
    """
    if not offered or [offer.edition for offer in offered] == [shown]:
        return ""
    first = offered[0].versions
    differing = [
        name
        for name in first
        if len(offered) == 1 or any(other.versions.get(name) != first[name] for other in offered)
    ]
    names = [_called(offer, differing) for offer in offered]
    return render("site/edition_links.html", offered=offered, names=names, changes=changes)


def _called(offer: Offered, differing: Sequence[str]) -> str:
    versions = offer.versions
    return ", ".join(f"{name} {versions[name]}" for name in differing if name in versions)
