"""The lab that a command is for: the one named, or else the one that is up."""

import click

from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.lab import providers, state
from macros.lab.lab import Lab

DEFAULT = "guide"

option = click.option("--name", help="Name of the lab; default: the one that is up.")
"""How a command is told the lab."""


def find(name: str | None, *, kept: bool = False, spelled: str = "--name") -> Lab:
    """The lab of that name; without one the lab `guide`, or else the only one that is up.

    GuideError where there is none: it names those that are up. `spelled` is how the command at
    hand names a lab.
    """
    up = tuple(state.names())
    if name is None and DEFAULT not in up and len(up) > 1:
        fix = f"say which one: {spelled} {up[0]}"
        raise GuideError(f"several labs are up: {in_words(up)}", fix=fix)
    alone = up[0] if len(up) == 1 else DEFAULT
    meant = name or alone
    try:
        return providers.find(meant, kept=kept)
    except GuideError as error:
        others = [each for each in up if each != meant]
        if not others:
            raise
        which = (
            f"{others[0]}, which is up" if len(others) == 1 else f"NAME: {in_words(others)} are up"
        )
        fix = f"{error.fix or 'guide lab up'}; or {spelled} {which}"
        raise GuideError(error.message, fix=fix) from error
