"""The recorded outputs, for the tests of the record readers."""

import json
from pathlib import Path
from typing import Any

from macros.kinds import registry

DATA = Path(__file__).parent


def commands(folder: str = ".") -> dict[str, str]:
    """The command behind each recorded output of a folder, by its name."""
    lines = (DATA / folder / "commands.tsv").read_text().splitlines()
    return {name: output for name, _, output in (line.partition("\t") for line in lines)}


def command(name: str) -> str:
    path = Path(name)
    return commands(str(path.parent))[path.name]


def text(name: str) -> str:
    return (DATA / f"{name}.txt").read_text()


def twin(name: str) -> Any:
    path = DATA / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def read(name: str, *, use_twin: bool = True) -> Any:
    """The records of a recorded output, as the guide would read them."""
    return registry.read(command(name), text(name), twin(name) if use_twin else None)
