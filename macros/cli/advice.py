"""What to do next, in view of the labs that are up: nobody is told to start one that runs."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy

from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab.lab import Lab
from macros.record import fitting
from macros.store.repair import repair


def in_view_of_labs(errors: Sequence[GuideError], pages: Mapping[str, Page]) -> list[GuideError]:
    """The errors; where a page has to be recorded and a lab for it is up, that one is named."""
    if not any(error.fix and "guide lab up" in error.fix for error in errors):
        return list(errors)
    labs = _up()
    shorter = {
        repair(page): f"guide record {option(lab)}{page.key}"
        for page in pages.values()
        if (lab := next((lab for lab in labs if fitting.fits(lab, page)), None)) is not None
    }
    return [_with(error, shorter) for error in errors]


def option(lab: Lab) -> str:
    """What names a lab to `guide record`, and a blank; nothing for the one that it takes anyway."""
    return "" if lab.name == "guide" else f"--lab {lab.name} "


def _with(error: GuideError, shorter: Mapping[str, str]) -> GuideError:
    fix = error.fix or ""
    # The longest first: one page's name can be the beginning of another's.
    longest = max((ending for ending in shorter if fix.endswith(ending)), key=len, default="")
    if not longest:
        return error
    told = copy(error)
    told.fix = fix.removesuffix(longest) + shorter[longest]
    return told


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
