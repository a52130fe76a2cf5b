"""The lab that a command is for: the one named, or else the one that is up."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.lab import providers, state
from macros.lab.lab import Lab
from macros.plan.options import nearest

DEFAULT = "guide"

option = click.option("--name", help="Name of the lab; default: the one that is up.")
"""How a command is told the lab."""


def named(default: str | None, said: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """How a command that takes nothing else is told the lab: `NAME`, or `--name NAME`."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @click.argument("bare", required=False, metavar="[NAME]")
        @click.option("--name", help=said)
        @wraps(command)
        def run(*values: Any, bare: str | None, name: str | None, **options: Any) -> None:
            if bare and name and bare != name:
                raise click.UsageError(f"two labs are named: {bare}, and --name {name}")
            command(*values, name=bare or name or default, **options)

        return run

    return decorated


def others(name: str) -> str:
    """What is said of the labs that there are where one that is named is none; "" without any."""
    known = tuple(state.remains())
    if not known:
        return ""
    return nearest(name, dict.fromkeys(known)) or f"; there is {in_words(known)}"


def meant(name: str | None, *, spelled: str = "--name") -> str:
    """The name that a person means: the one given; without one `guide`, or the only one up.

    GuideError where several are up, and `guide` is not among them. `spelled` is how the command
    at hand names a lab.
    """
    up = tuple(state.names())
    if name is None and DEFAULT not in up and len(up) > 1:
        fix = f"say which one: {spelled} {up[0]}"
        raise GuideError(f"several labs are up: {in_words(up)}", fix=fix)
    return name or (up[0] if len(up) == 1 else DEFAULT)


def find(name: str | None, *, kept: bool = False, spelled: str = "--name") -> Lab:
    """The lab that is meant. GuideError where there is none: it names those that are up."""
    wanted = meant(name, spelled=spelled)
    try:
        return providers.find(wanted, kept=kept)
    except GuideError as error:
        others = [other for other in state.names() if other != wanted]
        if not others:
            raise
        which = (
            f"{others[0]}, which is up" if len(others) == 1 else f"NAME: {in_words(others)} are up"
        )
        fix = f"{error.fix or 'guide lab up'}; or {spelled} {which}"
        raise GuideError(error.message, fix=fix) from error
