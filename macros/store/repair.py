"""The commands that record a page anew: on which lab, and into which edition."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from macros.ground import safe_yaml, suites
from macros.ground.model import Page


def repair(page: Page, edition_folder: Path | None = None) -> str:
    """The commands, as one line; without a folder, for the edition that the site shows.

    The edition is named where there are several, and the lab's versions where a lab has others
    unless told.
    """
    if edition_folder is None:
        return f"guide lab up{page.lab_options}, then guide record {page.key}"
    versions = suites.lab_options(_versions(edition_folder), cluster=page.cluster is not None)
    several = sum(1 for _ in edition_folder.parent.glob("*/edition.yml")) > 1
    edition = f"--edition {edition_folder.name} " if several else ""
    return f"guide lab up{page.lab_options}{versions}, then guide record {edition}{page.key}"


def _versions(folder: Path) -> Mapping[str, str]:
    path = folder / "edition.yml"
    return _parsed(path.read_bytes()).get("versions", {}) if path.is_file() else {}


@lru_cache
def _parsed(content: bytes) -> Mapping[str, Any]:
    """A repair is ready for every page that is read: its edition's file is parsed once."""
    data = safe_yaml.load(content)
    return data if isinstance(data, dict) else {}
