"""Pages as an earlier build rendered them, as long as nothing that they rest on has changed.

A page rests on its own text, on what is planned of any page, and on every recording. Prose of one
page is edited far more often than any of that: all other pages are then taken from here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from mkdocs.structure.pages import Page

from macros.ground import cache
from macros.site import build_state
from macros.site.build_state import Build
from macros.site.slots import Slot, Slots


@dataclass(frozen=True)
class _Kept:
    """A page that an earlier build rendered."""

    slots: Slots
    below_heading: str

    def notice(self) -> str:
        """What stands below its heading."""
        return self.below_heading


def remember(
    environment: jinja2.Environment, current_page: Callable[[], Page], settings: Path
) -> None:
    """Let the environment of mkdocs-macros render no page that is kept.

    It hands its pages over as strings, and renders what `from_string` returns.
    """
    compile_page = environment.from_string
    site = cache.file_hash(settings)

    def from_string(text: str, **_: Any) -> "_Remembered":
        return _Remembered(text, lambda: compile_page(text), current_page(), site)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]


@dataclass(frozen=True)
class _Remembered:
    """A page's template, evaluated only where it must be."""

    text: str
    compiled: Callable[[], jinja2.Template]
    page: Page
    site: str

    def render(self, **variables: Any) -> str:
        """The page's Markdown; what its macros made is in the build then."""
        build, address = build_state.current(), self.page.file.src_uri
        if not build.may_keep:  # what is recorded may not be what its checksums say
            return self.compiled().render(**variables)
        path = self._entry(build)
        try:
            stored = json.loads(path.read_bytes())
        except FileNotFoundError:
            markdown = self.compiled().render(**variables)
            if build.may_keep:  # an error shown to an author is none that a build may keep
                cache.keep_only(path, _stored(markdown, build, address))
            return markdown
        if stored["slots"] is not None:
            slots = Slots(Slot(*values) for values in stored["slots"])
            build.shown[address] = _Kept(slots, stored["notice"])
        return str(stored["markdown"])

    def _entry(self, build: Build) -> Path:
        address = self.page.file.src_uri
        inputs = [self.site, address, self.text, repr(self.page.meta), build.use_directory_urls]
        return cache.entry(f"page-{address.replace('/', '-')}", [*inputs, build.rests_on])


def _stored(markdown: str, build: Build, address: str) -> str:
    shown = build.shown.get(address)
    slots = (
        None if shown is None else [(slot.html, slot.search, slot.inline) for slot in shown.slots]
    )
    notice = "" if shown is None else shown.notice()
    return json.dumps({"markdown": markdown, "slots": slots, "notice": notice})
