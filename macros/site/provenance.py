"""Where and when a page's outputs were recorded, as its blocks show it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """`recorded` is a UTC time, `versions` what the page names of its edition.

    `href` gives the address of a recording's file, relative to the page.
    """

    recorded: str
    lab: str
    versions: tuple[tuple[str, str], ...]
    href: Callable[[Path], str]
