"""The commands that record a page anew: on which lab, and into which edition."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from macros.ground import safe_yaml
from macros.ground.model import Page
from macros.ground.suites import SUITES


def repair(page: Page, edition_folder: Path | None = None) -> str:
    """The commands, as one line; without a folder, for the edition that the site shows.

    An edition that has a base is another one: `guide record` has to be told its name, and the lab
    has other versions than it would have by itself.
    """
    own = _edition(edition_folder)
    if edition_folder is None or not own.get("base"):
        return f"guide lab up{page.lab_options}, then guide record {page.key}"
    versions = _versions(page, own["versions"], _edition(edition_folder.parent / own["base"]))
    return (
        f"guide lab up{page.lab_options}{versions}, "
        f"then guide record --edition {edition_folder.name} {page.key}"
    )


def _edition(folder: Path | None) -> Mapping[str, Any]:
    path = folder / "edition.yml" if folder else None
    return _parsed(path.read_bytes()) if path and path.is_file() else {}


@lru_cache
def _parsed(content: bytes) -> Mapping[str, Any]:
    """A repair is ready for every page that is read: its edition's file is parsed once."""
    data = safe_yaml.load(content)
    return data if isinstance(data, dict) else {}


def _versions(page: Page, versions: Mapping[str, str], base: Mapping[str, Any]) -> str:
    """The options of `guide lab up` for what its edition has otherwise than its base."""
    usual = base.get("versions", {})
    words = ""
    kubernetes, debian = versions.get("Kubernetes"), versions.get("Debian")
    if page.cluster and kubernetes and kubernetes != usual.get("Kubernetes"):
        words += f" --version v{kubernetes}"
    if debian and debian != usual.get("Debian"):
        suite = next((suite for suite, name in SUITES.items() if name == debian), debian)
        words += f" --suite {suite}"
    return words
