"""One block as HTML: the command, what it printed, notes, and where and when it was recorded."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from macros.figures import marks as values
from macros.ground import commandline
from macros.ground.bindings import substitute
from macros.ground.model import Block, Recording
from macros.plan.signatures import Lines
from macros.site import line_choice as choosing
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


def figure(
    block: Block,
    recording: Recording,
    look: Look,
    place: Place,
    interfaces: Collection[str],
    notes_html: Sequence[str],
    bound: Mapping[str, str],
) -> str:
    """The whole figure of a recorded block.

    `interfaces` are the names to mark; `notes_html` the notes of `look`, in order, as HTML;
    `bound` the values that the page's blocks bind, for `$NAME` in chosen lines.
    """
    within = block.netns or commandline.within(recording.ran)
    command = _command(recording.ran, block, interfaces)
    body = _output(recording, look, block.node, within, interfaces, bound)
    return (
        f'<figure class="block" id="b-{block.id}" data-node="{escape(block.node)}">'
        f"{_caption(block.node, command, recording.ran)}{body}{_notes(notes_html)}"
        f"{_meta(block, recording, place)}</figure>"
    )


def _command(ran: str, block: Block, interfaces: Collection[str]) -> str:
    """A command with its marks: the names in each part are those of the namespace that it sees."""
    marked, behind = [], 0
    for start, end, name in commandline.namespaces(ran):
        marked.append(values.mark_text(ran[behind:start], block.node, "", ()))
        within = block.netns or name
        marked.append(values.mark_text(ran[start:end], block.node, within, interfaces))
        behind = end
    return "".join(marked) + values.mark_text(ran[behind:], block.node, "", ())


def manifest(name: str, text: str) -> str:
    """A file that Kubernetes is given: its name, a button that copies it, and its lines, folded."""
    lines = text.rstrip("\n").split("\n")
    body = _pre("".join(f"{escape(line)}\n" for line in lines))
    return (
        f'<figure class="block block-manifest" id="m-{escape(Path(name).stem)}">'
        '<figcaption class="block-cmd">'
        f'<code translate="no"><span class="cmd">manifests/{escape(name)}</span></code>'
        f'<button class="copy" type="button" data-copy="{escape(text)}">copy</button></figcaption>'
        f'<div class="out" role="region" tabindex="0" aria-label="{escape(name)}">'
        f'<details class="fold"><summary>{len(lines)} lines</summary>{body}</details>'
        "</div></figure>"
    )


def absent(block: Block, state: str, reason: str, repair: str = "") -> str:
    """A block without a fresh recording: as its page declares, or as `serve` found it."""
    command = f" <code>{escape(repair)}</code>" if repair else ""
    return (
        f'<figure class="block block-absent" id="b-{block.id}" data-node="{escape(block.node)}">'
        f"{_caption(block.node, escape(block.command), block.command)}"
        f'<p class="absent"><strong>{escape(state)}.</strong> {escape(reason)}'
        f"{command}</p></figure>"
    )


def _caption(node: str, command: str, copied: str) -> str:
    # A line that wraps is set in, so that it does not look like two commands.
    lines = "".join(
        f'<span class="cmd">{keep_whole(line)}</span>' for line in command.splitlines(keepends=True)
    )
    return (
        '<figcaption class="block-cmd">'
        f'<span class="prompt" translate="no">{escape(node)}$</span> '
        f'<code translate="no">{lines}</code>'
        f'<button class="copy" type="button" data-copy="{escape(copied)}">copy</button>'
        "</figcaption>"
    )


def _output(
    recording: Recording,
    look: Look,
    node: str,
    within: str,
    interfaces: Collection[str],
    bound: Mapping[str, str],
) -> str:
    text = recording.text.removesuffix("\n")
    if not text:
        return '<p class="silent">It prints nothing.</p>'
    plain = text.split("\n")
    marked = values.mark_text(text, node, within, interfaces).split("\n")
    shown = (
        frozenset(range(len(plain)))
        if look.lines is None
        else choosing.choose(plain, _bound(look.lines, bound), "lines")
    )
    lit = choosing.choose(plain, _bound(look.highlight, bound), "highlight")
    refs: dict[int, list[int]] = {}
    for number, anchor in enumerate(look.notes, start=1):
        refs.setdefault(choosing.single(plain, substitute(anchor, bound), "explain"), []).append(
            number
        )
    wraps = _sentences(recording)
    html = [_line(line, n in lit, refs.get(n, ()), wraps) for n, line in enumerate(marked)]
    parts = []
    for visible, run in _runs(len(plain), shown | lit | refs.keys()):
        chunk = "".join(html[n] for n in run)
        if visible:
            parts.append(_pre(chunk))
        else:
            count = f"{len(run)} lines"
            parts.append(f'<details class="fold"><summary>{count}</summary>{_pre(chunk)}</details>')
    return (
        f'<div class="out{" wrap" if wraps else ""}" role="region" tabindex="0"'
        f' aria-label="output of {escape(recording.ran.splitlines()[0])}">{"".join(parts)}</div>'
    )


def _sentences(recording: Recording) -> bool:
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


def _line(html: str, lit: bool, refs: Sequence[int], wraps: bool) -> str:
    marks = "".join(
        f'<span class="note-ref" data-n="{n}"><span class="sr"> note </span>{n}</span>'
        for n in refs
    )
    if wraps:
        html = keep_whole(html)
    inner = f"{html}{' ' if marks else ''}{marks}"
    if not (lit or wraps):
        return f"{inner}\n"
    # What wraps is set in further than its line is.
    indent = len(html.expandtabs()) - len(html.expandtabs().lstrip()) if wraps else 0
    style = f' style="--in:{indent}"' if indent else ""
    return f'<span class="line{" hl" if lit else ""}"{style}>{inner}</span>\n'


def _pre(html: str) -> str:
    return f'<pre translate="no"><code>{html}</code></pre>'


def _runs(count: int, shown: Collection[int]) -> list[tuple[bool, range]]:
    """Split 0..count into runs of shown and folded lines; too short a fold is shown instead."""
    runs: list[tuple[bool, range]] = []
    for n in range(count):
        visible = n in shown
        if runs and runs[-1][0] == visible:
            runs[-1] = (visible, range(runs[-1][1].start, n + 1))
        else:
            runs.append((visible, range(n, n + 1)))
    merged: list[tuple[bool, range]] = []
    for visible, run in runs:
        now = visible or len(run) < _FOLD_FROM
        if merged and merged[-1][0] and now:
            merged[-1] = (True, range(merged[-1][1].start, run.stop))
        else:
            merged.append((now, run))
    return merged


def _notes(notes_html: Sequence[str]) -> str:
    if not notes_html:
        return ""
    items = "".join(f"<li>{note}</li>" for note in notes_html)
    return f'<ol class="notes">{items}</ol>'


def _meta(block: Block, recording: Recording, place: Place) -> str:
    rows = [("recorded", place.recorded), ("on", f"{block.node}, lab {place.lab}")]
    rows += list(place.versions)
    if recording.ran != recording.command:
        rows.append(("written as", recording.command))
    if recording.exit:
        rows.append(("exit code", str(recording.exit)))
    cells = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    if recording.pcap is not None:
        cells += f"<dt>packets</dt><dd>{_download(recording.pcap, place)}</dd>"
    brief = " · ".join(f"{name} {text}" for name, text in place.versions[:3])
    return (
        f'<details class="meta"><summary>recorded {escape(place.recorded[:10])}'
        f"{' · ' + escape(brief) if brief else ''}</summary><dl>{cells}</dl></details>"
    )


def _download(pcap: Path, place: Place) -> str:
    return f'<a href="{escape(place.href(pcap))}" download>{escape(pcap.name)}</a>'
