"""What an upgrade has done so far, for the next call: how long it took, and which labs it started.

In the user's cache, beside the lock that keeps a second upgrade out. Labs are one machine's, so
both are for all checkouts alike; the times are by edition.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macros.ground import files, project
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import paths


def _folder() -> Path:
    return paths.cache() / "upgrade"


@dataclass
class Journal:
    """The notes of one edition's upgrade. `seconds` by stage, over all calls that it took."""

    path: Path
    seconds: dict[str, float] = field(default_factory=dict)

    def took(self, stage: str, seconds: float) -> None:
        """Write down how long a stage took; what an earlier call had of it is replaced."""
        self.seconds.pop(stage, None)
        self.seconds[stage] = round(seconds, 1)
        files.write(self.path, json.dumps({"seconds": self.seconds}, indent=1) + "\n")


def of(recordings: Path, edition: str) -> Journal:
    """The notes on that edition's upgrade; empty where there are none that can be read."""
    path = _folder() / f"{project.tag(recordings)}-{edition}.json"
    stored = _stored(path).get("seconds")
    return Journal(path, dict(stored) if isinstance(stored, dict) else {})


def earlier_seconds(recordings: Path) -> dict[str, float]:
    """How long each page took when an upgrade of these recordings last recorded it."""
    seconds: dict[str, float] = {}
    paths_ = _folder().glob(f"{project.tag(recordings)}-*.json")
    for path in sorted(paths_, key=lambda path: path.stat().st_mtime):
        seconds |= _stored(path).get("seconds") or {}
    return seconds


@contextmanager
def alone(words: str) -> Iterator[None]:
    """Keep a second upgrade out, which is told what the first is at. `words` say what this is."""
    now = _folder() / "now.json"
    with locked(_folder() / "lock", _busy(_stored(now))):
        files.write(now, json.dumps({"words": words, "process": os.getpid()}))
        try:
            yield
        finally:
            now.unlink(missing_ok=True)


def _busy(now: dict[str, Any]) -> str:
    other = (
        f" ({now['words']}, process {now['process']})" if {"words", "process"} <= now.keys() else ""
    )
    return f"another guide upgrade is at work{other}: two would take each other's labs and memory"


def log(lab: str) -> Path:
    """Where what went wrong with a lab's recorder is written."""
    return _folder() / f"{lab}.log"


def labs() -> list[str]:
    """The labs that an upgrade has not taken down; none is at work: it was killed."""
    names = _stored(_folder() / "labs.json").get("labs")
    return [str(name) for name in names] if isinstance(names, list) else []


def keep_labs(names: list[str]) -> None:
    """Write down which labs upgrades have started, before they are."""
    files.write(_folder() / "labs.json", json.dumps({"labs": names}) + "\n")


def _stored(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise GuideError(f"{path} cannot be read: {error}", fix=f"rm {path}") from None
    return stored if isinstance(stored, dict) else {}
