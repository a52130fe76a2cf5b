"""What to do next, in view of the labs that are up: nobody is told to start one that runs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab.lab import Lab
from macros.record import fitting

_REPAIR = re.compile(
    r"guide lab up(?P<options>[^,]*), then guide record (?P<edition>--edition \S+ )?(?P<page>\S+)$"
)
"""How `store.repair` says what records a page anew."""


def in_view_of_labs(errors: Sequence[GuideError], pages: Mapping[str, Page]) -> list[GuideError]:
    """The errors; where a page has to be recorded and a lab for it is up, that one is named."""
    if not any(error.fix and "guide lab up" in error.fix for error in errors):
        return list(errors)
    labs = _up()
    return [_with(error, labs, pages) for error in errors]


def option(lab: Lab) -> str:
    """What names a lab to `guide record`, and a blank; nothing for the one that it takes anyway."""
    return "" if lab.name == "guide" else f"--lab {lab.name} "


def _with(error: GuideError, labs: Iterable[Lab], pages: Mapping[str, Page]) -> GuideError:
    repair = _REPAIR.search(error.fix or "")
    page = pages.get(repair["page"]) if repair else None
    if repair is None or page is None:
        return error
    lab = next((lab for lab in labs if _is(lab, page, repair["options"])), None)
    if lab is None:
        return error
    told = copy(error)
    command = f"guide record {option(lab)}{repair['edition'] or ''}{page.key}"
    told.fix = repair.string[: repair.start()] + command
    return told


def _is(lab: Lab, page: Page, options: str) -> bool:
    """Whether a lab is for the page, and has the versions that these options would give it."""
    versions = suites.lab_options(lab.versions, cluster=lab.cluster is not None)
    return fitting.fits(lab, page) and f"{page.lab_options}{versions}" == options


def _up() -> Iterable[Lab]:
    """The labs that are up and whole; none where this machine can have none."""
    try:
        from macros.lab import providers, state  # noqa: PLC0415 Linux only; checking is not
    except ImportError:
        return []
    labs = []
    for name in sorted(state.names(), key=lambda name: (name != "guide", name)):
        try:
            labs.append(providers.find(name))
        except (GuideError, ImportError):
            continue
    return labs
