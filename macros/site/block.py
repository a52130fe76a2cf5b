"""One block as HTML: the command, what it printed, notes, and where and when it was recorded."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from macros.figures import marks
from macros.figures.markup import render, safe
from macros.ground import commandline
from macros.ground.bindings import places, substitute
from macros.ground.model import Block, Page, Recording
from macros.plan.signatures import Lines
from macros.site import block_rows, line_choice
from macros.site.block_hands import Hands
from macros.site.block_rows import Texts
from macros.site.html_text import plain as plain_text
from macros.site.provenance import Place
from macros.site.unbroken import keep_whole
from macros.values.lookup import wraps

# More than a space between two words of a line keeps columns apart.
_COLUMNS = re.compile(r"\S(?: {2,}| *\t)\s*\S")
_FOLD_FROM = 2  # a single hidden line is shorter than the word about it


@dataclass(frozen=True, slots=True)
class Look:
    """How a block is shown: what is folded, marked and explained. It decides no recording."""

    lines: Lines | None = None
    highlight: Lines = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    def bound(self, values: Mapping[str, str]) -> "Look":
        """The same, with the values of the page in its lines for `$NAME`."""
        lines = None if self.lines is None else _bound(self.lines, values)
        return replace(self, lines=lines, highlight=_bound(self.highlight, values))


class _Line(NamedTuple):
    """One line of an output: `boxed` is an element of its own, set in by `indent` characters."""

    plain: str
    html: Markup
    lit: bool
    notes: Sequence[int]
    boxed: bool
    indent: int


class _Typed(NamedTuple):
    """One line of a command, set in by `indent` characters."""

    html: Markup
    indent: int


def figure(
    block: Block,
    recording: Recording,
    look: Look,
    place: Place,
    interfaces: Collection[str],
    notes_html: Sequence[str],
    bound: Mapping[str, str],
    hands: Hands,
) -> str:
    """The whole figure of a recorded block, its notes from `notes_html`, in the order of `look`.

    `interfaces` are marked; `bound` are the page's values, for `$NAME` in chosen lines.
    """
    scope = (block.node, block.netns or commandline.within(recording.ran), interfaces)
    rows = _note_rows(recording, look, bound)
    # A reader meets the marks from the top down, so the notes are numbered by their lines.
    notes = [safe(notes_html[number]) for number in sorted(range(len(rows)), key=rows.__getitem__)]
    parts = _parts(recording, look.bound(bound), scope, sorted(rows), wraps=_wrapping(recording))
    shown = [(visible, [line.plain for line in lines]) for visible, lines in parts]
    texts = Texts(recording.ran, shown, list(map(plain_text, notes)), hands, _wrapping(recording))
    return render(
        "site/block.html",
        id=block.id,
        rows=block_rows.rows(texts),
        node=block.node,
        command=_words(_command(recording, block, interfaces, bound)),
        hands=hands,
        ran=hands.text(recording.ran),
        first=recording.ran.splitlines()[0],
        wraps=_wrapping(recording),
        parts=parts,
        notes=notes,
        day=place.recorded[:10],
        brief=" · ".join(f"{name} {version}" for name, version in place.versions[:3]),
        place=_place(block, place),
        facts=_facts(recording),
        values=hands.values,
        file=_file(recording.pcap, place),
    )


def _place(block: Block, place: Place) -> list[tuple[str, str]]:
    """When and where it was recorded, and with which versions."""
    on = f"{block.node}, lab {place.lab}"
    return [("recorded", place.recorded), ("on", on), *place.versions]


def _file(pcap: Path | None, place: Place) -> dict[str, str] | None:
    """A capture's file, to download."""
    return None if pcap is None else {"href": place.href(pcap), "name": pcap.name}


def _command(
    recording: Recording, block: Block, interfaces: Collection[str], bound: Mapping[str, str]
) -> str:
    """A command with its marks: the names in each part are those of the namespace that it sees.

    What only this recording had, in the place of a `$NAME`, is marked as that.
    """
    ran, marked = recording.ran, []
    within = [(start, end, block.netns or name) for start, end, name in commandline.namespaces(ran)]
    own = places(recording.command, bound) if ran != recording.command else ()
    cuts = {0, len(ran), *(cut for start, end, _ in within for cut in (start, end))}
    cuts |= {cut for span in own for cut in span}
    for start, end in pairwise(sorted(cuts)):
        name = next((name for low, high, name in within if low <= start < high), None)
        known = interfaces if name is not None else ()
        html = marks.mark_text(ran[start:end], block.node, name or "", known)
        is_own = any(low <= start < high for low, high in own)
        marked.append(f'<span class="own-value">{html}</span>' if is_own else html)
    return "".join(marked)


def manifest(name: str, text: str) -> str:
    """A file that Kubernetes is given: its name, a button that copies it, and its lines, folded."""
    lines = text.rstrip("\n").split("\n")
    return render("site/manifest.html", id=Path(name).stem, name=name, text=text, lines=lines)


def absent(block: Block, page: Page, state: str, reason: str, repair: str = "") -> str:
    """A block without a fresh recording: as its `page` declares, or as `serve` found it.

    A command with a value of the page's that nobody knows yet is not offered to be copied.
    """
    names = {name: "" for other in page.blocks for name in other.bind}
    return render(
        "site/absent.html",
        id=block.id,
        node=block.node,
        command=_words(escape(block.command)),
        copied=block.command if substitute(block.command, names) == block.command else "",
        state=state,
        reason=reason,
        repair=repair,
    )


def _words(command: str) -> list[_Typed]:
    """The lines of a command, escaped, each with the words that stay whole."""
    return [
        _Typed(safe(keep_whole(line)), len(line) - len(line.lstrip(" ")))
        for line in command.splitlines(keepends=True)
    ]


def _parts(
    recording: Recording,
    look: Look,
    scope: tuple[str, str, Collection[str]],
    noted: Sequence[int],
    *,
    wraps: bool,
) -> list[tuple[bool, list[_Line]]]:
    """The output's lines in runs that are shown or folded; none where it prints nothing.

    `scope` is the node and the namespace that names in it are of, and the names of interfaces;
    `noted` the line of each note.
    """
    text = recording.text.removesuffix("\n")
    if not text:
        return []
    plain = text.split("\n")
    lit = line_choice.choose(plain, look.highlight, "highlight")
    notes: dict[int, list[int]] = {}
    for number, row in enumerate(noted, start=1):
        notes.setdefault(row, []).append(number)
    shown: Collection[int] = range(len(plain))
    if look.lines is not None:
        chosen = line_choice.choose(plain, look.lines, "lines")
        shown = chosen | lit | notes.keys()
    # A browser's tab stops move with the indent of a line that wraps; a terminal's do not.
    marked = marks.mark_text(text.expandtabs(), *scope).split("\n")
    lines = [
        _line(plain[row], html, notes.get(row, ()), lit=row in lit, wraps=wraps)
        for row, html in enumerate(marked)
    ]
    runs = _runs(len(plain), shown)
    return [(visible, lines[rows.start : rows.stop]) for visible, rows in runs]


def _note_rows(recording: Recording, look: Look, bound: Mapping[str, str]) -> list[int]:
    """The line of each note of `look`, in the order in which the page gives them."""
    plain = recording.text.removesuffix("\n").split("\n")
    return [line_choice.single(plain, substitute(note, bound), "explain") for note in look.notes]


def _wrapping(recording: Recording) -> bool:
    """Whether its lines are words one after the other, as tcpdump's: they wrap. Columns do not."""
    if recording.pcap is not None or not _COLUMNS.search(recording.text):
        return True
    return wraps(recording)


def _bound(chosen: Lines, bound: Mapping[str, str]) -> Lines:
    return [
        substitute(item, bound)
        if isinstance(item, str)
        else tuple(substitute(text, bound) for text in item)
        for item in chosen
    ]


def _line(plain: str, html: str, notes: Sequence[int], *, lit: bool, wraps: bool) -> _Line:
    if not wraps:
        return _Line(plain, safe(html), lit, notes, boxed=lit, indent=0)
    # What wraps is set in further than its line is.
    indent = len(html) - len(html.lstrip())
    return _Line(plain, safe(keep_whole(html)), lit, notes, boxed=True, indent=indent)


def _runs(count: int, shown: Collection[int]) -> list[tuple[bool, range]]:
    """Split 0..count into runs of shown and folded lines; too short a fold is shown instead."""
    runs: list[tuple[bool, range]] = []
    for row in range(count):
        visible = row in shown
        if runs and runs[-1][0] == visible:
            runs[-1] = (visible, range(runs[-1][1].start, row + 1))
        else:
            runs.append((visible, range(row, row + 1)))
    merged: list[tuple[bool, range]] = []
    for visible, rows in runs:
        open_ = visible or len(rows) < _FOLD_FROM
        if merged and merged[-1][0] and open_:
            merged[-1] = (True, range(merged[-1][1].start, rows.stop))
        else:
            merged.append((open_, rows))
    return merged


def _facts(recording: Recording) -> list[tuple[str, str]]:
    """What the small print says of this recording alone, by name."""
    facts = []
    if recording.ran != recording.command:
        facts.append(("written as", recording.command))
    if recording.exit:
        facts.append(("exit code", str(recording.exit)))
    return facts
