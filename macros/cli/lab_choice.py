"""The lab that a command is for: the one named, or else the one that is up."""

from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.lab import providers, state
from macros.lab.lab import Lab

DEFAULT = "guide"


def find(name: str | None, *, kept: bool = False, option: str = "--name") -> Lab:
    """The lab of that name; without one the lab `guide`, or else the only one that is up.

    GuideError where there is none: it names those that are up. `option` is how the command at hand
    names a lab.
    """
    return providers.find(chosen(name, option), kept=kept) if name is None else _named(name, kept, option)


def chosen(name: str | None, option: str = "--name") -> str:
    """The name that is meant. GuideError where several labs are up and none is named."""
    up = tuple(state.names())
    if name is not None or DEFAULT in up or not up:
        return name or DEFAULT
    if len(up) == 1:
        return up[0]
    raise GuideError(
        f"several labs are up: {in_words(up)}", fix=f"say which one: {option} {up[0]}"
    )


def _named(name: str, kept: bool, option: str) -> Lab:
    try:
        return providers.find(name, kept=kept)
    except GuideError as error:
        others = [each for each in state.names() if each != name]
        if not others:
            raise
        which = (
            f"{others[0]}, which is up" if len(others) == 1 else f"NAME: {in_words(others)} are up"
        )
        fix = f"{error.fix or 'guide lab up'}; or {option} {which}"
        raise GuideError(error.message, fix=fix) from error
