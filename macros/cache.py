"""Keep what is slow to make: drawings, and what scapy read from a capture.

An entry's name is a hash over its inputs and over the code that makes it, so nothing in the
cache is ever out of date, and all of it can be deleted at any time.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent


def folder() -> Path:
    """Where entries are kept: `.cache` in the checkout, or GUIDE_CACHE."""
    return Path(os.environ.get("GUIDE_CACHE") or _PACKAGE.parent / ".cache" / "guide")


def text(maker: str, inputs: object, make: Callable[[], str]) -> str:
    """The text that `make` makes of `inputs` (any JSON), from the cache where it is there.

    `maker` is the part of the package that makes it, as a folder name.
    """
    seed = json.dumps([code_hash(maker), inputs], sort_keys=True, default=str)
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


def packet_record(pcap: Path) -> Mapping[str, Any]:
    """The record of a capture's packets, for paths in prose."""

    def make() -> str:
        from macros.packets import flow, read  # noqa: PLC0415 scapy takes half a second to load

        return json.dumps(flow.record(read.packets(pcap)))

    found: Mapping[str, Any] = json.loads(text("packets", ["record", file_hash(pcap)], make))
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def code_hash(maker: str) -> str:
    """A hash over the source files of one part of the package, and over how values are marked."""
    digest = hashlib.sha256()
    for path in [*sorted((_PACKAGE / maker).rglob("*.py")), _PACKAGE / "render" / "values.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
