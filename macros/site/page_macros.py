"""The macros of one page at render time: each call becomes a slot with finished HTML."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import markdown

from macros.figures import marks
from macros.ground import cache, commandline, conditions
from macros.ground.bindings import substitute
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording
from macros.plan.signatures import Calls, Lines, current_line
from macros.review.change_file import Changes, load
from macros.site import block as block_html
from macros.site import (
    changes_page,
    claims,
    handover,
    recorded_figures,
    recorded_traces,
    recorded_ways,
    unrecorded,
)
from macros.site import commands_index as commands
from macros.site.provenance import Place
from macros.site.slots import Slot, Slots
from macros.store.guide import Guide, interfaces
from macros.store.reader import repair
from macros.values.lookup import exists, lookup
from macros.values.lookup import text as text_at

_NOTES = markdown.Markdown()
_T = TypeVar("_T")


class PageRenderer(Calls):
    """Renders the calls of the page `source`.

    `before` is the number of lines above the page's text, for errors. `href` gives the address
    of a recording's file from the page, `address` that of another page by its source (and, if it
    is another one's, by the name of its edition). With
    `lenient`, what is missing is shown as such, as `serve` does; without, it is an error.
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
        self._guide = guide
        self._source = source
        self._before = before
        self._href = href
        self._address = address
        self._lenient = lenient
        self._key = "-".join(source.relative_to(guide.docs).with_suffix("").parts)
        self.slots = Slots()

    def run(  # noqa: D102 described at Calls.run
        self,
        node: str,  # noqa: ARG002 the plan has it
        command: str | None = None,  # noqa: ARG002
        *,
        id: str,
        lines: Lines | None = None,
        highlight: Lines = (),
        explain: Mapping[str, str] | None = None,
        show: bool = True,
        **_: Any,
    ) -> str:
        block, recording = self._find(id)
        if not show:
            return ""
        if recording is None or recording.plan != block.plan:
            return self._absent(block, stale=recording is not None)
        notes = dict(explain or {})
        shown = [self._note(note) for note in notes.values()]
        look = block_html.Look(lines=lines, highlight=highlight, notes=notes)
        place = self._place
        html = self._guard(
            lambda: block_html.figure(
                block, recording, look, place, self._interfaces, shown, self._bound
            )
        )
        search = f"<p><code>{escape(recording.ran)}</code></p>" + "".join(
            f"<p>{note}</p>" for note in shown
        )
        return self._slot(html, search)

    capture = run  # type: ignore[assignment] # shown alike; what differs is the plan's

    def observe(  # noqa: D102
        self,
        node: str,  # noqa: ARG002
        *,
        id: str,
        pods: bool = False,  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
    ) -> str:
        self._find(id)
        return ""

    def topology(  # noqa: D102
        self,
        *observed: str,
        title: str,
        previous: str | Sequence[str] = (),
        highlight: Sequence[str] = (),
        leave_out: Sequence[str] = (),
        way: str | Sequence[str] = (),
        brief: bool = False,
        id: str | None = None,
    ) -> str:
        earlier = (previous,) if isinstance(previous, str) else tuple(previous)
        states = self._recorded(title, *observed, *earlier)
        if isinstance(states, str):
            return states
        taken = self._way(way, title)
        recordings = [recording for _, recording in states]
        return self._figure(
            lambda: recorded_figures.topology(
                recordings[: len(observed)],
                recordings[len(observed) :],
                id=id or _slug(observed[0]),
                title=title,
                highlight=[self._filled(each) for each in highlight],
                leave_out=[self._filled(each) for each in leave_out],
                way=taken,
                brief=brief,
            ),
            title,
        )

    def _way(self, way: str | Sequence[str], title: str) -> list[str]:
        """The interfaces of a way: those named, or those of the trace whose id it is."""
        if not isinstance(way, str):
            return [self._filled(each) for each in way]
        taps = self._guard(lambda: recorded_traces.taps(self._guide, way, self._key))
        found = self._recorded(title, *(f"{tap.page}:{tap.id}" for tap in taps))
        bound = recorded_traces.bound(self._guide, taps[0].page)
        return [] if isinstance(found, str) else recorded_traces.way(found, bound)

    def machines(self, *observed: str, title: str, id: str | None = None) -> str:  # noqa: D102
        states = self._recorded(title, *observed)
        if isinstance(states, str):
            return states
        recordings = [recording for _, recording in states]
        return self._figure(
            lambda: recorded_figures.machines(recordings, id=id or "machines", title=title), title
        )

    def lookup(  # noqa: D102
        self,
        address: str,
        *,
        route: str,
        neighbour: str,
        fdb: str,
        title: str = "",
        id: str | None = None,
    ) -> str:
        wanted = self._filled(address)
        name = title or f"Where a packet to {wanted} goes"
        found = self._recorded(name, route, neighbour, fdb)
        if isinstance(found, str):
            return found
        told = [recording for _, recording in found]
        links = [self._link(block) for block, _ in found]
        figure_id = id or _slug("to", wanted)
        return self._figure(
            lambda: recorded_ways.lookup(wanted, told, links, id=figure_id, title=name), name
        )

    def rulepath(  # noqa: D102
        self,
        rules: str,
        *,
        evidence: str | Sequence[str],
        title: str,
        service: str = "",
        table: str = "",
        id: str | None = None,
    ) -> str:
        told_by = (evidence,) if isinstance(evidence, str) else tuple(evidence)
        found = self._recorded(title, rules, *told_by)
        if isinstance(found, str):
            return found
        (_, first), *rest = found
        return self._figure(
            lambda: recorded_ways.rulepath(
                first,
                [recording for _, recording in rest],
                table=table,
                service=self._filled(service),
                id=id or _slug(*told_by),
                title=title,
            ),
            title,
        )

    def _link(self, block: Block) -> str:
        """The address of a block from this page."""
        page = "" if block.page == self._key else self._address(block.source)
        return f"{page}#b-{block.id}"

    def packet(  # noqa: D102
        self,
        capture: str,
        match: str | int,
        *,
        title: str = "",
        layers: Sequence[str] | None = None,
        all_fields: bool | Sequence[str] = False,
        id: str | None = None,
    ) -> str:
        found = self._recorded(title or f"a packet of {capture}", capture)
        if isinstance(found, str):
            return found
        ((block, recording),) = found
        pcap = self._pcap(recording)
        return self._figure(
            lambda: recorded_figures.packet(
                block,
                pcap,
                match,
                recording.text.splitlines(),
                id=id or _slug(block.id, *(layers or ())),
                title=title,
                layers=layers,
                all_fields=all_fields,
            ),
            title,
            {recorded_figures.HREF: self._href(pcap)},
        )

    def packets(self, capture: str, *, title: str = "", id: str | None = None) -> str:  # noqa: D102
        found = self._recorded(title or f"the packets of {capture}", capture)
        if isinstance(found, str):
            return found
        ((block, recording),) = found
        pcap = self._pcap(recording)
        return self._figure(
            lambda: recorded_figures.packets(block, pcap, id=id or f"{block.id}-all", title=title),
            title,
            {recorded_figures.HREF: self._href(pcap)},
        )

    def compare(  # noqa: D102
        self,
        before: str,
        after: str,
        match: str | int,
        *,
        after_match: str | int | None = None,
        title: str = "",
        id: str | None = None,
    ) -> str:
        found = self._recorded(title or f"{before} and {after} compared", before, after)
        if isinstance(found, str):
            return found
        (one, first), (two, second) = found
        pcaps = (self._pcap(first), self._pcap(second))
        later = match if after_match is None else after_match
        return self._figure(
            lambda: recorded_figures.compare(
                (one, pcaps[0], match),
                (two, pcaps[1], later),
                id=id or f"{one.id}-{two.id}",
                title=title,
            ),
            title,
            {
                recorded_figures.HREF: self._href(pcaps[0]),
                recorded_figures.OTHER_HREF: self._href(pcaps[1]),
            },
        )

    def trace(  # noqa: D102
        self,
        taps: Sequence[str | Sequence[str]],  # noqa: ARG002 the plan has them
        *,
        id: str,
        title: str,
        show: bool = True,
        **_: Any,
    ) -> str:
        return self._trace(id, title, None) if show else ""

    def traced(  # noqa: D102
        self, trace: str, match: str | int, *, title: str, id: str | None = None
    ) -> str:
        return self._trace(
            trace, title, recorded_traces.Small(id or _slug(trace, str(match)), match)
        )

    def _trace(self, reference: str, title: str, small: "recorded_traces.Small | None") -> str:
        taps = self._guard(lambda: recorded_traces.taps(self._guide, reference, self._key))
        found = self._recorded(title, *(f"{tap.page}:{tap.id}" for tap in taps))
        if isinstance(found, str):
            return found
        bound = recorded_traces.bound(self._guide, taps[0].page)
        return self._figure(
            lambda: recorded_traces.figure(found, bound, title=title, small=small),
            title,
            recorded_traces.addresses(found, self._href, self._merged),
        )

    def _merged(self, pcap: Path, name: str) -> str:
        """The address of a trace's captures in one file, beside each of them."""
        return f"{self._href(pcap).rpartition('/')[0]}/{name}"

    def _recorded(self, title: str, *references: str) -> list[tuple[Block, Recording]] | str:
        """The blocks with their recordings; or what the page shows where one is missing."""
        found = [self._find(reference) for reference in references]
        missing = [block.id for block, recording in found if recording is None]
        if missing:
            names = escape(", ".join(missing))
            what = f"{escape(title)}: not drawn, as {names} is not recorded."
            return self._slot(f'<p class="absent">{what}</p>', "")
        bound = {block.page: recorded_traces.bound(self._guide, block.page) for block, _ in found}
        return [
            (recorded_figures.named(block, bound[block.page]), recording)
            for block, recording in found
            if recording is not None
        ]

    def _figure(
        self, make: Callable[[], str], title: str, addresses: Mapping[str, str] | None = None
    ) -> str:
        html = recorded_figures.with_addresses(self._guard(make), addresses or {})
        return self._slot(html, f"<p>{escape(title)}</p>" if title else "")

    def _pcap(self, recording: Recording) -> Path:
        if recording.pcap is None:
            self._fail(f"block {recording.id} is no capture")
        return recording.pcap

    def value(self, block: str, path: str) -> str:  # noqa: D102
        found, recording = self._find(block)
        if recording is None:
            return self._no_value()
        return self._show(self._filled(path), found, recording)

    def expect(self, block: str, path: str, *, show: bool = True, **relations: Any) -> str:  # noqa: D102
        found, recording = self._find(block)
        if recording is None:
            return self._no_value() if show and not relations.get("absent") else ""
        path = self._filled(path)
        if relations.pop("absent", False):
            self._expect_absent(recording, path)
            return ""
        value = self._lookup(recording, path)
        less = relations.pop("less", None)
        if not relations:
            self._fail(f"expect({block!r}, {path!r}) claims nothing: equals=, same_as=, …")
        for relation, wanted in relations.items():
            other = None
            if relation in ("same_as", "differs_from"):
                other = self._other(*wanted)
                if less is not None:
                    other = int(other) - less
            self._guard(
                lambda r=relation, o=other, w=wanted: claims.check(value, o, r, w)  # type: ignore[misc]
            )
        return self._show(path, found, recording) if show else ""

    def only(self, condition: str, caller: Callable[[], str]) -> str:  # noqa: D102
        return caller() if self._holds(condition) else ""

    def when(self, condition: str, then: Any, otherwise: Any = None) -> Any:  # noqa: D102
        if self._holds(condition):
            return then
        return type(then)() if otherwise is None else otherwise

    def _holds(self, condition: str) -> bool:
        return self._guard(lambda: conditions.holds(condition, self._guide.edition.versions))

    def version(self, name: str) -> str:  # noqa: D102
        versions = self._guide.edition.versions
        if name not in versions and self._undone:
            return self._no_value()
        if name not in versions:
            self._fail(f"the edition names no version of {name}; it names {', '.join(versions)}")
        html = f'<span class="version">{escape(versions[name])}</span>'
        return self.slots.add(Slot(html, "", inline=True))

    def edition_versions(self, edition: str) -> str:  # noqa: D102
        found = self._changes(edition)
        sides = [self._guide.of_edition(name).edition for name in (found.old, found.new)]
        names = (found.old, found.new)
        return self._slot(changes_page.versions(sides[0].versions, sides[1].versions, names), "")

    def changes(self, edition: str, page: str) -> str:  # noqa: D102
        found = self._changes(edition)
        if page not in self._guide.planned:
            self._fail(f"there is no page {page!r} with blocks")
        sides = {name: self._guide.of_edition(name) for name in (found.old, found.new)}

        def address(name: str, block_id: str) -> str | None:
            of = sides[name].pages[page]
            block = of.block(block_id)
            if block is None or not block.shown or block.kind == "observe":
                return None
            return f"{self._address(of.source, name)}#b-{block_id}"

        mine = self._guide.planned[page]
        return self._slot(self._guard(lambda: changes_page.page(found, mine, address)), "")

    def _changes(self, edition: str) -> Changes:
        return self._guard(lambda: load(self._guide.recordings, edition))

    @property
    def edition_name(self) -> str:
        """The edition that this page is rendered in."""
        return self._guide.edition_name

    def all_versions(self) -> str:  # noqa: D102
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td><code>{escape(text)}</code></td></tr>"
            for name, text in self._guide.edition.versions.items()
        )
        head = "<thead><tr><th>what</th><th>version</th></tr></thead>"
        return self._slot(f"<table>{head}<tbody>{rows}</tbody></table>", "")

    def commands(self) -> str:  # noqa: D102
        uses = commands.uses(self._guide.pages.values(), self._address)
        return self._slot(commands.table(uses), "")

    def kinds(self, sort: str) -> str:  # noqa: D102
        def make() -> str:
            from macros.site import identities_page as kinds  # noqa: PLC0415 one page needs what settles recordings

            return kinds.page(sort)

        html = self._guard(lambda: cache.text("identities", [sort], make))
        return self._slot(html, "")

    def manifest(self, name: str) -> str:  # noqa: D102
        known = dict(self._page.manifests)
        if name not in known:
            self._fail(f"front matter: manifests does not name {name}")
        return self._slot(block_html.manifest(name, known[name]), f"<p>{escape(name)}</p>")

    def prepared(self) -> str:  # noqa: D102
        page = self._page
        parts = []
        for name, steps in (("Before", page.setup), ("After", page.cleanup)):
            if steps:
                items = "".join(
                    f'<li><span class="prompt">{escape(step.node)}$</span> '
                    f"<pre tabindex=0><code>{escape(step.command)}</code></pre></li>"
                    for step in steps
                )
                parts.append(f"<p>{name} the commands of this page:</p><ol>{items}</ol>")
        profile = (
            f"<p>Profile <code>{escape(page.profile)}</code> is started on each node.</p>"
            if page.profile
            else ""
        )
        html = (
            '<details class="prepared"><summary>How the lab was prepared, and cleaned</summary>'
            f"<p>{page.nodes} {'node' if page.nodes == 1 else 'nodes'}, fresh.</p>{profile}"
            f"{''.join(parts)}</details>"
        )
        return self._slot(html, "")

    def notice(self) -> str:
        """What stands below the page's heading: that it is not recorded, or nothing."""
        if not self._undone:
            return ""
        tested = self._address(self._guide.docs / "tested.md")
        return unrecorded.notice(self._page, self._guide.edition_name, tested)

    @cached_property
    def _undone(self) -> bool:
        """Whether the page declares what it needs, and this edition has no recording of it."""
        page = self._guide.pages.get(self._key)
        return page is not None and bool(page.needs) and not self._guide.recorded(self._key).blocks

    @cached_property
    def _page(self) -> Page:
        page = self._guide.pages.get(self._key)
        if page is None:
            self._fail("the page has no blocks of its own")
        return page

    @cached_property
    def _bound(self) -> Mapping[str, str]:
        bound: dict[str, str] = {}
        for block in self._page.blocks:
            recording = self._guide.recorded(self._key).blocks.get(block.id)
            if recording is not None:
                bound |= recording.bound
        return bound

    @cached_property
    def _interfaces(self) -> frozenset[str]:
        return interfaces(self._guide.recorded(self._key).blocks.values())

    @cached_property
    def _place(self) -> Place:
        recorded = self._guide.recorded(self._key)
        versions = self._guide.edition.versions
        missing = [name for name in self._page.versions if name not in versions]
        if missing:
            self._fail(f"front matter: versions names {missing[0]}, which the edition does not")
        return Place(
            recorded=recorded.recorded,
            lab=recorded.lab,
            versions=tuple((name, versions[name]) for name in self._page.versions),
            href=self._href,
        )

    def _find(self, reference: str) -> tuple[Block, Recording | None]:
        block, recording = self._guard(lambda: self._guide.find(reference, self._key))
        page = self._guide.pages[block.page]
        stale = recording is not None and recording.plan != block.plan
        mine = self._guide.pages.get(self._key)
        if recording is None and page.needs and not (mine and mine.needs):
            self._fail(
                f"this page rests on block {block.id} of page {page.key}, which is not recorded",
                fix=f"declare `needs: {page.needs}` here too, or do without it",
            )
        unrecorded_whole = page.needs and not self._guide.recorded(page.key).blocks
        if not self._lenient and (stale or (recording is None and not unrecorded_whole)):
            self._fail(
                f"block {block.id} of page {page.key} has no {'fresh ' if stale else ''}recording",
                fix=repair(page),
            )
        return block, recording

    def _lookup(self, recording: Recording, path: str) -> Any:
        return self._guard(lambda: lookup(recording, path))

    def _other(self, block: str, path: str) -> Any:
        _, recording = self._find(block)
        return None if recording is None else self._lookup(recording, self._filled(path))

    def _expect_absent(self, recording: Recording, path: str) -> None:
        if self._guard(lambda: exists(recording, path)):
            value = self._lookup(recording, path)
            self._fail(f"the page claims that {recording.id} has no {path}; it has {value!r}")

    def handover(  # noqa: D102
        self, rows: Sequence[Sequence[Any]], *, title: str, id: str = "handover"
    ) -> str:
        shown = []
        for what, *steps in rows:
            made = []
            for who, where, block, path in steps:
                found, recording = self._find(block)
                if recording is None:
                    return self._absent(found, stale=False)
                value = self._valued(self._filled(path), found, recording)
                made.append(handover.Step(who, where, value))
            shown.append((what, made))
        return self._slot(handover.figure(shown, id=id, title=title), f"<p>{escape(title)}</p>")

    def _show(self, path: str, block: Block, recording: Recording) -> str:
        return self.slots.add(Slot(self._valued(path, block, recording), "", inline=True))

    def _valued(self, path: str, block: Block, recording: Recording) -> str:
        text = self._guard(lambda: text_at(recording, path))
        within = block.netns or commandline.within(recording.ran)
        key = marks.key_of(text, block.node, within)
        inner = marks.mark(text, key) if key else escape(text)
        return f'<code class="value">{inner}</code>'

    def _no_value(self) -> str:
        return self.slots.add(Slot(unrecorded.value(), "", inline=True))

    def _absent(self, block: Block, *, stale: bool) -> str:
        page = self._guide.pages[block.page]
        if page.needs and not stale:
            html = unrecorded.block(block, page, self._guide.edition_name)
        else:
            state, repair = "Stale" if stale else unrecorded.STATE, f"guide record {page.key}"
            html = block_html.absent(block, state, "Record it with", repair)
        return self._slot(html, f"<p><code>{escape(block.command)}</code></p>")

    def _note(self, note: str) -> str:
        _NOTES.reset()
        html = _NOTES.convert(self._filled(note)).removeprefix("<p>").removesuffix("</p>")
        return self.slots.inline(html)

    def _filled(self, text: str) -> str:
        """`text` with the values that this page's blocks bind in the place of `$NAME`."""
        return substitute(text, self._bound) if "$" in text else text

    def _slot(self, html: str, search: str) -> str:
        return self.slots.add(Slot(html, search, inline=False))

    def _guard(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except GuideError as error:
            if error.page is not None:
                raise
            self._fail(error.message, fix=error.fix)

    def _fail(self, message: str, fix: str | None = None) -> NoReturn:
        raise GuideError(message, page=self._source, line=self._before + current_line(), fix=fix)


def _slug(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower())
