"""What a page's calls come to in a plan: its blocks, in order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from macros.ground import conditions, version_names
from macros.ground.errors import GuideError
from macros.ground.model import Block, CaptureOf
from macros.ground.places import SCRIPTS
from macros.plan import positions, standing
from macros.plan.bound_change import changes
from macros.plan.frontmatter import FrontMatter, facts
from macros.plan.macro import Macro
from macros.plan.options import MisusedError, nearest_or_all
from macros.plan.positions import Place
from macros.plan.signatures import MACROS, Capture, Observe, Only, Run, Trace, When
from macros.plan.taps import Tap, captures
from macros.plan.taps import read as read_taps

OBSERVE = SCRIPTS / "node" / "observe.sh"
"""What an `observe` block runs: a script that prints a node's network state as JSON."""

_PODS, _VLANS = "observe-pods.sh", "observe-vlans.sh"
"""What it is piped through: with `pods=true`, which names namespaces after their pods; with
`vlans=true`, which adds what the ports of bridges let through."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_RUN, _OBSERVE = 30.0, 60.0  # seconds that a block has unless it says otherwise


class Collector:
    """Notes the calls of one page as blocks; a macro prints a word for what will stand there.

    `front` is its front matter and its text, `least` the seconds that a block has at
    least where it does not say. What is wrong with a call is kept in `errors`, and the next one
    is looked at.
    """

    def __init__(self, page: str, source: Path, front: FrontMatter, least: float) -> None:
        self.blocks: list[Block] = []
        self.errors: list[GuideError] = []
        self._page = page
        self._source = source
        self._before = front.body_line - 1
        self._text = front.body
        self._least = least
        self._conditions: list[str] = []
        self._printed: list[tuple[Macro, Place]] = []

    def call(self, name: str, place: tuple[int, int], /, *values: Any, **options: Any) -> Any:
        """What a template calls for the macro `name` that stands at `place` in it."""
        written_at = Place(self._before + place[0], place[1])
        try:
            call = MACROS[name].written(values, options)
            made = self._collect(call, written_at)
            return self._word(call, written_at) if call.prints() else made
        except MisusedError as error:
            written = positions.options(self._text, Place(*place))
            for misuse in error.misuses:
                line, column = written.get(misuse.option, place)
                wrong = GuideError(misuse.message)
                self.errors.append(wrong.located(self._source, self._before + line, column))
        except UndefinedError as error:
            message = positions.undefined(error)
            self.errors.append(GuideError(message).located(self._source, *written_at))
        except GuideError as error:
            self.errors.append(error.located(self._source, *written_at))
        return ""

    def astray(self, text: str) -> Iterator[GuideError]:
        """The blocks that have no paragraph of their own in `text`, what the page comes to."""
        if not self._printed:
            return
        inline = {n for n, (call, _) in enumerate(self._printed) if call.PRINTS == "word"}
        for number, beside in standing.astray(standing.rendered(text), inline):
            call, place = self._printed[number]
            yield standing.error(call.called(), beside).located(self._source, *place)

    def _word(self, call: Macro, written_at: Place) -> str:
        self._printed.append((call, written_at))
        return standing.word(len(self._printed) - 1)

    def _collect(self, call: Macro, written_at: Place) -> Any:
        match call:
            case Run():
                self._add(self._run(call, written_at))
            case Capture():
                self._add(self._capture(call, written_at))
            case Trace():
                self._trace(call, written_at)
            case Observe():
                self._add(self._observe(call, written_at))
            case Only():
                return self._only(call)
            case When():
                _check_condition(call.condition)
                return call.then
        return ""  # the others read recordings; a plan has none

    def _run(self, call: Run, written_at: Place) -> Block:
        text = call.caller() if call.caller is not None else call.command
        text = standing.without_words(text or "")
        if not text.strip():
            raise GuideError(f"block {call.id} has no command")
        if call.bind and (change := changes(text)):
            raise GuideError(
                f"block {call.id} binds a value and {change}: a reader types its command again to"
                " find the value",
                fix="bind it in a block of its own, from a command that only reads",
            )
        return Block(
            page=self._page,
            id=call.id,
            line=written_at.line,
            column=written_at.column,
            kind="run",
            node=call.node,
            command=text.strip("\n"),
            expect_exit=call.expect_exit,
            until=call.until,
            timeout=self._patience(call.timeout),
            bind=dict(call.bind or {}),
            netns=call.netns,
            shown=call.show,
            choice=_pattern(call.id, call.choice),
            facts=facts(call.facts),
            may_fail=_lines(call.id, text, call.may_fail),
        )

    def _capture(self, call: Capture, written_at: Place) -> Block:
        _check_end(f"capture {call.id}", call.packets, closed=call.closed, until=call.until)
        capture = CaptureOf(
            interface=call.interface,
            during=call.during,
            filter=call.filter,
            packets=call.packets,
            closed=call.closed,
            netns=call.netns,
            container=call.container,
            until=call.until,
        )
        block = self._listening(call.id, call.node, capture, call.timeout, written_at)
        return replace(block, shown=call.show, keep=call.keep)

    def _trace(self, call: Trace, written_at: Place) -> None:
        try:
            read = read_taps(call.taps, call.filter, call.packets)
            _check_ends(call, read)
            taps = captures(call.id, read, during=call.during, closed=call.closed)
        except GuideError as error:
            raise GuideError(f"trace {call.id}: {error.message}", fix=error.fix) from error
        for tap_id, node, capture in taps:
            block = self._listening(tap_id, node, capture, call.timeout, written_at)
            site = (call.names or {}).get(capture.netns) or capture.container
            self._add(replace(block, shown=False, label=site))

    def _listening(
        self, id: str, node: str, capture: CaptureOf, timeout: float | None, written_at: Place
    ) -> Block:
        return Block(
            page=self._page,
            id=id,
            line=written_at.line,
            column=written_at.column,
            kind="capture",
            node=node,
            command=capture_command(capture),
            timeout=self._patience(timeout),
            capture=capture,
            netns=capture.netns or capture.container,
        )

    def _observe(self, call: Observe, written_at: Place) -> Block:
        return Block(
            page=self._page,
            id=call.id,
            line=written_at.line,
            column=written_at.column,
            kind="observe",
            node=call.node,
            command="observe",
            script=_observer(pods=call.pods, vlans=call.vlans),
            timeout=self._patience(call.timeout, _OBSERVE),
        )

    def _only(self, call: Only) -> str:
        _check_condition(call.condition)
        self._conditions.append(call.condition)
        text = call.caller()
        self._conditions.pop()
        return text

    def _patience(self, timeout: float | None, usual: float = _RUN) -> float:
        return max(usual, self._least) if timeout is None else float(timeout)

    def _add(self, block: Block) -> None:
        if not _ID.fullmatch(block.id):
            raise GuideError(f"id {block.id!r}: small letters, digits and single dashes only")
        twin = next((other for other in self.blocks if other.id == block.id), None)
        if twin is not None:
            raise GuideError(f"id {block.id!r} is used twice, first in line {twin.line}")
        _check_names(block.bind)
        only = " and ".join(self._conditions)
        self.blocks.append(replace(block, source=self._source, only=only))


def capture_command(capture: CaptureOf) -> str:
    """What a reader would type for this capture.

    `-nn` leaves numbers alone, `-e` prints the Ethernet header: tcpdump(1).
    """
    within = ""
    if capture.netns:
        within = f"ip netns exec {capture.netns} "
    elif capture.container:
        inspected = f"docker inspect -f '{{{{.State.Pid}}}}' {capture.container}"
        within = f"nsenter -t $({inspected}) -n "
    count = f" -c {capture.packets}" if capture.packets is not None else ""
    expression = f" {capture.filter}" if capture.filter else ""
    return f"{within}tcpdump -nn -e -i {capture.interface}{count}{expression}"


def _check_condition(condition: str) -> None:
    """GuideError where it does not read, or names what no lab has a version of."""
    conditions.holds(condition, {})
    for name in conditions.names(condition):
        if name not in version_names.NAMES:
            known = nearest_or_all(name, version_names.NAMES)
            raise GuideError(f"{condition!r}: there is no version of {name!r}{known}")


def _check_end(what: str, packets: int | None, *, closed: bool, until: str = "") -> None:
    if (packets is not None) + closed + bool(until) != 1:
        raise GuideError(f"{what} takes exactly one of packets=N, closed=true and until=")


def _check_ends(call: Trace, taps: Sequence[Tap]) -> None:
    if call.packets is not None and call.closed:
        raise GuideError("it takes either packets=N or closed=true")
    endless = not call.closed and [tap.written for tap in taps if tap.packets is None]
    if endless:
        raise GuideError(
            f"nothing ends its tap at {endless[0]}",
            fix="give the trace packets=N or closed=true, or this tap a number of packets:"
            ' ("node0/eth1", 1)',
        )


def _check_names(bind: Mapping[str, str]) -> None:
    for name in bind:
        if not _NAME.fullmatch(name):
            raise GuideError(f"bind name {name!r}: capitals, digits and _ only, as in a shell")


def _pattern(block_id: str, choice: str) -> str:
    """An expression with a group, or nothing."""
    pattern = choice.removeprefix("re:")
    try:
        if not choice or re.compile(pattern).groups:
            return pattern
        problem = "has no group"
    except re.error as error:
        problem = f"is not a regular expression: {error}"
    raise GuideError(f"block {block_id}: choice {choice!r} {problem}")


def _lines(block_id: str, command: str, texts: str | Sequence[str]) -> tuple[str, ...]:
    """Texts that choose a line of a command each. GuideError where one does not."""
    lines = command.strip().splitlines()
    chosen = (texts,) if isinstance(texts, str) else tuple(texts)
    for text in chosen:
        if len(lines) < 2:
            message = f"block {block_id}: its command has one line; expect_exit= says how it ends"
            raise GuideError(message)
        if (count := sum(text in line for line in lines)) != 1:
            raise GuideError(f"block {block_id}: may_fail {text!r} is in {count} lines, not in one")
    return chosen


def _observer(*, pods: bool, vlans: bool) -> str:
    observe = OBSERVE.read_text(encoding="utf-8")
    names = [_PODS] * pods + [_VLANS] * vlans
    if not names:
        return observe
    filters = [OBSERVE.with_name(name).read_text(encoding="utf-8") for name in names]
    return "set -o pipefail\n" + " | ".join(f"(\n{script}\n)" for script in [observe, *filters])
