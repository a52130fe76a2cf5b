"""Keep what is slow to make: drawings, and what scapy read from a capture.

An entry's name is a hash over its inputs and over the code that makes it, so nothing in the
cache is ever out of date, and all of it can be deleted at any time.
"""

import glob
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path

from macros.ground import files, project
from macros.ground.places import PACKAGE, SCRIPTS

_SOURCES = ("*.py", "*.html", "*.yml")
_DIGITS = 24  # hex digits of an entry's hash


def folder() -> Path:
    """Where entries are kept: `.cache/guide` in the project, or GUIDE_CACHE."""
    return Path(os.environ.get("GUIDE_CACHE") or project.root() / ".cache" / "guide")


def text(maker: str, inputs: object, make: Callable[[], str]) -> str:
    """The text that `make` makes of `inputs` (any JSON), from the cache where it is there.

    `maker` is what the entry is called by, for people who look into the cache.
    """
    path = entry(maker, inputs)
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        made = make()
    files.write(path, made)
    return made


def entry(maker: str, inputs: object) -> Path:
    """Where what `maker` makes of `inputs` is kept, whether or not it is there."""
    seed = json.dumps([code_hash(), maker, inputs], sort_keys=True, default=str)
    return folder() / f"{maker}-{hashlib.sha256(seed.encode()).hexdigest()[:_DIGITS]}"


def keep_only(path: Path, made: str | bytes) -> None:
    """Write an entry, and remove those that its maker made of earlier inputs."""
    files.write(path, made)
    maker = path.name[:-_DIGITS]
    for earlier in path.parent.glob(f"{glob.escape(maker)}{'?' * _DIGITS}"):
        if earlier != path:
            earlier.unlink(missing_ok=True)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_hash() -> str:
    """A hash over all that makes an entry: the package's sources and libraries, the nodes' scripts.

    A drawing rests on more rooms than its own. Of a library its version counts, of which the name
    of the folder that says what is installed tells.
    """
    digest = hashlib.sha256(sys.version.encode())
    libraries = Path(sysconfig.get_path("purelib"))
    for name in sorted(path.name for path in libraries.glob("*.dist-info")):
        digest.update(name.encode())
    for path in sorted(path for form in _SOURCES for path in PACKAGE.rglob(form)):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    for path in sorted((SCRIPTS / "node").glob("*.sh")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
