"""A lab of other versions than a page was recorded with: which a reader is refused, which told.

A recording is refused on any other version (macros/rebuild/recording.py); a reader is helped by
the page wherever its text still holds.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from macros.ground import conditions, suites
from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab import vagrant_state
from macros.lab.lab import Lab

_TEXT_IS_ABOUT = ("Docker", "Kubernetes", "Calico", "flannel")
"""What texts describe: another minor release can do other things, and may have an edition with a
text of its own. Another kernel or another tool does the same, and may print it otherwise."""


class _Other(NamedTuple):
    """What the page names: the lab's version, and the one that the page was recorded with."""

    name: str
    here: str
    recorded: str

    @property
    def refuses(self) -> bool:
        """Whether the text may be wrong there."""
        minor, same = (conditions.parts(version)[:2] for version in (self.here, self.recorded))
        return self.name in _TEXT_IS_ABOUT and minor != same


def check(lab: Lab, page: Page, versions: Mapping[str, str]) -> None:
    """GuideError where the page's text is about another release than the lab runs.

    `versions` are those of the edition whose text the page has.
    """
    for other in _others(lab, page, versions):
        if other.refuses:
            raise GuideError(
                f"lab {lab.name} has {other.name} {other.here},"
                f" the page is written for {other.recorded}",
                page=page.source,
                line=1,
                fix=f"guide lab down --name {lab.name}; {_up(lab, page, versions)}, or the text for"
                " this lab: --edition and one that has its versions (guide edition list)",
            )


def told(lab: Lab, page: Page, versions: Mapping[str, str]) -> str:
    """The line for a reader whose lab has other versions that do not matter so much; else ""."""
    others = list(_others(lab, page, versions))
    if not others:
        return ""
    recorded = in_words([f"{other.name} {other.recorded}" for other in others])
    here = in_words([f"{other.name} {other.here}" for other in others])
    return f"{page.key} was recorded with {recorded}, {lab.name} has {here}: outputs may differ"


def _others(lab: Lab, page: Page, versions: Mapping[str, str]) -> Iterator[_Other]:
    """What the page names and the lab has in another version; what either does not say is none."""
    for name in page.versions:
        here, recorded = lab.versions.get(name), versions.get(name)
        if here and recorded and here != recorded:
            yield _Other(name, here, recorded)


def _up(lab: Lab, page: Page, versions: Mapping[str, str]) -> str:
    """The command that starts a lab of the page's own versions, which only the kind uml has."""
    kind = " --lab uml" if lab.kind == vagrant_state.KIND else ""
    options = suites.lab_options(versions, cluster=page.cluster is not None)
    return f"guide lab up --name {lab.name}{kind}{page.lab_options}{options}"
