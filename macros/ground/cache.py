"""Keep what is slow to make: drawings, and what scapy read from a capture.

An entry's name is a hash over its inputs and over the code that makes it, so nothing in the
cache is ever out of date, and all of it can be deleted at any time.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from macros.ground import project
from macros.ground.places import PACKAGE


def folder() -> Path:
    """Where entries are kept: `.cache/guide` in the project, or GUIDE_CACHE."""
    return Path(os.environ.get("GUIDE_CACHE") or project.root() / ".cache" / "guide")


def text(maker: str, inputs: object, make: Callable[[], str]) -> str:
    """The text that `make` makes of `inputs` (any JSON), from the cache where it is there.

    `maker` is what the entry is called by, for people who look into the cache.
    """
    seed = json.dumps([code_hash(), maker, inputs], sort_keys=True, default=str)
    path = folder() / f"{maker}-{hashlib.sha256(seed.encode()).hexdigest()[:24]}"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        made = make()
    put(path, made)
    return made


def put(path: Path, made: str) -> None:
    """Write an entry as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(made, encoding="utf-8", newline="\n")
    fresh.replace(path)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_hash() -> str:
    """A hash over all source files of the package: a drawing rests on more rooms than its own."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
