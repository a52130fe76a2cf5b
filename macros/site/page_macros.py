"""The macros of one page at render time: each call becomes a slot with finished HTML."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from macros.figures.markup import render
from macros.ground.errors import GuideError
from macros.plan import drawings
from macros.plan import signatures as calls
from macros.plan.macro import Macro
from macros.plan.options import MisusedError
from macros.plan.positions import undefined
from macros.plan.signatures import MACROS
from macros.site import (
    author_view,
    figure_macros,
    output_macros,
    reference_macros,
    starting,
    unrecorded,
    value_macros,
)
from macros.site.page_context import PageContext
from macros.site.slots import Written
from macros.store.guide import Guide

_RENDERS: Mapping[type[Macro], Callable[[PageContext, Any], Any]] = {
    calls.Run: output_macros.output,
    calls.Capture: output_macros.output,
    calls.Observe: output_macros.observe,
    calls.Manifest: output_macros.manifest,
    calls.Prepared: starting.prepared,
    calls.Undo: starting.undo,
    drawings.Topology: figure_macros.topology,
    drawings.Machines: figure_macros.machines,
    drawings.Lookup: figure_macros.lookup,
    drawings.Rulepath: figure_macros.rulepath,
    drawings.Netfilter: figure_macros.netfilter,
    drawings.Packet: figure_macros.packet,
    drawings.Packets: figure_macros.packets,
    drawings.Compare: figure_macros.compare,
    calls.Trace: figure_macros.trace,
    drawings.Traced: figure_macros.traced,
    calls.Value: value_macros.value,
    calls.Expect: value_macros.expect,
    calls.Only: value_macros.only,
    calls.When: value_macros.when,
    calls.Version: value_macros.version,
    drawings.Handover: value_macros.handed_over,
    calls.EditionVersions: reference_macros.edition_versions,
    calls.Changes: reference_macros.changes,
    calls.AllVersions: reference_macros.all_versions,
    calls.Commands: reference_macros.commands,
    calls.Kinds: reference_macros.kinds,
    calls.Options: reference_macros.options,
}


class PageRenderer:
    """Renders the calls of the page `source`.

    `before` is the number of lines above the page's text, for errors; the rest is as of
    `PageContext`.
    """

    def __init__(
        self,
        guide: Guide,
        source: Path,
        before: int,
        href: Callable[[Path], str],
        address: Callable[..., str],
        *,
        lenient: bool = False,
    ) -> None:
        self._page = PageContext(guide, source, href, address, lenient=lenient)
        self._before = before
        self.slots = self._page.slots

    def call(self, name: str, place: tuple[int, int], /, *values: Any, **options: Any) -> Any:
        """What a template calls for the macro `name` that stands at `place` in it.

        GuideError names the place of what is wrong.
        """
        line, column = self._before + place[0], place[1]
        try:
            call = MACROS[name].written(values, options)
            self.slots.written = Written(call.called(), line, column)
            return _RENDERS[type(call)](self._page, call)
        except GuideError as error:
            raise error.located(self._page.source, line, column) from error
        except MisusedError as error:
            raise GuideError(str(error)).located(self._page.source, line, column) from error
        except jinja2.UndefinedError as error:
            message = undefined(error)
            raise GuideError(message).located(self._page.source, line, column) from error

    def broken(self, name: str, place: tuple[int, int], error: Exception) -> GuideError:
        """What an author is told of an error that no macro should end in."""
        message = f"{name} cannot be shown: {type(error).__name__}: {error}"
        return GuideError(message).located(self._page.source, self._before + place[0], place[1])

    def failed(self, name: str, error: GuideError) -> str:
        """What an author sees in the place of a call that failed."""
        html, inline = author_view.in_place(name, error)
        return self._page.inline(html) if inline else self._page.slot(html, "")

    @property
    def edition_name(self) -> str:
        """The edition that this page is rendered in."""
        return self._page.guide.edition_name

    def notice(self) -> str:
        """What stands below the page's heading: that it is not recorded, or nothing."""
        if self._page.drafted:
            return render("site/draft.html", key=self._page.key)
        if not self._page.undone:
            return ""
        tested = self._page.address(self._page.guide.docs / "tested.md")
        return unrecorded.notice(self._page.page, self.edition_name, tested)
