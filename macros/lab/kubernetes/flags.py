"""Whether a release's programs know what the units of our nodes ask of them.

A program that does not know a flag ends at once, on a node and over and over. Asked when it is
built, `PROGRAM --help` says so with the name of the flag.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab.kubernetes.programs import KUBERNETES
from macros.lab.tools import call

TABLE = "macros/lab/kubernetes/releases.py"

_OFFERED = re.compile(r"^ +(?:-\w, )?--(?P<flag>[a-z0-9-]+)", re.MULTILINE)
_ASKED = re.compile(r" --(?P<flag>[a-z0-9-]+)")
_CONTROLLERS = re.compile(r"All controllers: (?P<names>.*?)Disabled-by-default", re.DOTALL)
"""As k8s.io/controller-manager writes it: options/generic.go."""
_LESS = re.compile(r"--controllers=-(?P<name>\S+)")


def check(units: Path, programs: Path, version: str) -> None:
    """GuideError names each flag and controller that a unit names and its program does not know."""
    for program in KUBERNETES.programs:
        unit = units / f"{program.name}.service"
        if not unit.is_file():
            continue
        command = _command(unit.read_text(encoding="utf-8"))
        offered = call(
            programs / program.name, "--help", what=f"asking {program.name} {version} for its flags"
        )
        if unknown := list(_unknown(command, offered)):
            raise GuideError(
                f"{program.name} {version} does not know {', '.join(unknown)}, which"
                f" scripts/node/kubernetes/{unit.name} asks for",
                fix=f"give v1.{version.split('.')[1]} a row in {TABLE}: `without` and `also`",
            )


def _command(unit: str) -> str:
    joined = unit.replace("\\\n", " ")
    return next(row for row in joined.splitlines() if row.startswith("ExecStart="))


def _unknown(command: str, offered: str) -> Iterator[str]:
    flags = {match["flag"] for match in _OFFERED.finditer(offered)}
    for asked in dict.fromkeys(match["flag"] for match in _ASKED.finditer(command)):
        if asked not in flags:
            yield f"--{asked}"
    if known := _CONTROLLERS.search(offered):
        names = set(re.findall(r"[a-z-]+", known["names"]))
        for less in _LESS.findall(command):
            if less not in names:
                yield f"the controller {less}"
