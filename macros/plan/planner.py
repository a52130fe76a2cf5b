"""Plan: read every page and list its blocks in order, before anything is run or rendered.

A page is a Jinja template whose macros are calls. Planning renders it with macros that only note
their arguments, so it has no side effects and no recorded value can steer it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import jinja2

from macros.ground import conditions
from macros.ground.errors import GuideError
from macros.ground.model import Block, CaptureOf, Page, machines
from macros.ground.places import SCRIPTS
from macros.plan import frontmatter
from macros.plan.signatures import Calls, current_line
from macros.plan.taps import TapSpec, captures
from macros.plan.taps import read as read_taps
from macros.plan.templates import keep_compiled

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
OBSERVE = SCRIPTS / "node" / "observe.sh"
"""What an `observe` block runs: a script that prints a node's network state as JSON."""

OBSERVE_PODS = OBSERVE.with_name("observe-pods.sh")
"""What it pipes that through with `pods=true`: namespaces are named after their pods."""

_RUN, _OBSERVE = 30.0, 60.0  # seconds that a block has unless it says otherwise
_CLUSTER = 120.0  # and at least on a cluster, whose programs are slow on a busy machine
_TOKENS = 12  # hex digits of a plan hash: 48 bits, plenty to notice an edit


def plan_pages(docs: Path) -> tuple[Page, ...]:
    """All pages under `docs` that have blocks, by path. GuideError for the first that is wrong."""
    return tuple(
        page for source in sorted(docs.rglob("*.md")) if (page := plan_page(docs, source)).blocks
    )


def page_key(docs: Path, source: Path) -> str:
    """The name of a page's folder in an edition: `docs/a/b.md` is `a-b`."""
    return "-".join(source.relative_to(docs).with_suffix("").parts)


def plan_page(docs: Path, source: Path) -> Page:
    """Plan one page. GuideError names the page and the line of a call that is wrong."""
    front = frontmatter.read(source, source.read_text(encoding="utf-8"))
    collector = _Collector(
        page_key(docs, source), source, front.body_line - 1, _CLUSTER if front.cluster else 0
    )
    _evaluate(source, front, collector)
    # What is not asked for is left out: pages keep their hashes when this learns something new.
    cluster = {"cluster": asdict(front.cluster)} if front.cluster else {}
    outside = {"outside": True} if front.outside else {}
    manifests = {"manifests": front.manifests} if front.manifests else {}
    start = _digest(
        {
            "nodes": front.nodes,
            "profile": front.profile,
            "setup": [asdict(step) for step in front.setup],
            "cleanup": [asdict(step) for step in front.cleanup],
            **cluster,
            **outside,
            **manifests,
        }
    )
    known = machines(front.nodes, outside=front.outside)
    return Page(
        key=collector.page,
        source=source,
        title=front.title,
        nodes=front.nodes,
        profile=front.profile,
        needs=front.needs,
        versions=front.versions,
        setup=front.setup,
        cleanup=front.cleanup,
        blocks=_checked(_chained(start, _settled_by(front, collector.blocks)), known),
        cluster=front.cluster,
        outside=front.outside,
        manifests=front.manifests,
        start=start,
    )


def _settled_by(front: frontmatter.FrontMatter, blocks: Iterable[Block]) -> list[Block]:
    """What the front matter says of all blocks."""
    return [replace(block, facts=(*front.facts, *block.facts)) for block in blocks]


def for_versions(page: Page, versions: Mapping[str, str]) -> Page:
    """The page as it is where these versions run: without what is `only` for others.

    The blocks that are left hash as if no others were there.
    """
    left = [block for block in page.blocks if conditions.holds(block.only, versions)]
    if len(left) == len(page.blocks):
        return page
    return replace(page, blocks=_chained(page.start, left))


def _evaluate(source: Path, front: frontmatter.FrontMatter, collector: "_Collector") -> None:
    try:
        template(front.body, collector.macros()).render(page={"title": front.title})
    except jinja2.TemplateSyntaxError as error:
        line = front.body_line - 1 + error.lineno
        raise GuideError(f"macro syntax: {error.message}", page=source, line=line) from error
    except (jinja2.UndefinedError, TypeError) as error:
        line = front.body_line - 1 + _line_of(error)
        raise GuideError(f"macro call: {error}", page=source, line=line) from error


def template(body: str, macros: Mapping[str, Any]) -> jinja2.Template:
    """A page's text as a template that calls `macros`."""
    # It makes Markdown, not HTML, so nothing is escaped here.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
    keep_compiled(environment)
    environment.globals = dict(macros)
    return environment.from_string(body)


def _line_of(error: BaseException) -> int:
    # Jinja rewrites tracebacks so that frames named <template> carry the template's own lines.
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class _Collector(Calls):
    """Macros that note their calls as blocks and print nothing."""

    def __init__(self, page: str, source: Path, before: int, least: float) -> None:
        self.page = page
        self.least = least
        self.source = source
        self.before = before
        self.blocks: list[Block] = []
        self.conditions: list[str] = []

    def macros(self) -> Mapping[str, Callable[..., str]]:
        """Every macro a page can call, by name."""
        return {name: getattr(self, name) for name in Calls.names()}

    def run(
        self,
        node: str,
        command: str | None = None,
        *,
        id: str,
        expect_exit: int = 0,
        until: str | None = None,
        timeout: float | None = None,
        bind: Mapping[str, str] | None = None,
        netns: str = "",
        choice: str = "",
        facts: str | Sequence[str] = (),
        show: bool = True,
        caller: Callable[[], str] | None = None,
        **_: Any,
    ) -> str:
        text = caller() if caller is not None else command
        if text is None or not text.strip():
            raise GuideError(f"block {id} has no command", page=self.source, line=self._line())
        self._add(
            Block(
                page=self.page,
                id=id,
                line=self._line(),
                kind="run",
                node=node,
                command=text.strip("\n"),
                expect_exit=expect_exit,
                until=until,
                timeout=self._patience(timeout),
                bind=dict(bind or {}),
                netns=netns,
                shown=show,
                choice=self._pattern(id, choice),
                facts=frontmatter.facts(self.source, self._line(), facts),
            )
        )
        return ""

    def _pattern(self, block_id: str, choice: str) -> str:
        """An expression with a group, or nothing."""
        try:
            if not choice or re.compile(choice.removeprefix("re:")).groups:
                return choice.removeprefix("re:")
            problem = "has no group"
        except re.error as error:
            problem = f"is no regular expression: {error}"
        raise GuideError(
            f"block {block_id}: choice {choice!r} {problem}", page=self.source, line=self._line()
        )

    def capture(
        self,
        node: str,
        interface: str,
        *,
        id: str,
        during: str,
        filter: str = "",
        packets: int | None = None,
        closed: bool = False,
        until: str = "",
        netns: str = "",
        container: str = "",
        timeout: float | None = None,
        keep: str = "",
        show: bool = True,
        **_: Any,
    ) -> str:
        self._ends_by_one(f"capture {id}", packets, closed=closed, until=until)
        of = CaptureOf(
            interface=interface,
            during=during,
            filter=filter,
            packets=packets,
            closed=closed,
            netns=netns,
            container=container,
            until=until,
        )
        self._add_capture(id, node, of, timeout, show=show, keep=keep)
        return ""

    def _ends_by_one(
        self, what: str, packets: int | None, *, closed: bool, until: str = ""
    ) -> None:
        if (packets is not None) + closed + bool(until) != 1:
            raise GuideError(
                f"{what} ends either after packets=N or closed=true, or by until=",
                page=self.source,
                line=self._line(),
            )

    def _add_capture(
        self,
        id: str,
        node: str,
        of: CaptureOf,
        timeout: float | None,
        *,
        show: bool,
        place: str = "",
        keep: str = "",
    ) -> None:
        self._add(
            Block(
                page=self.page,
                id=id,
                line=self._line(),
                kind="capture",
                node=node,
                command=capture_command(of),
                timeout=self._patience(timeout),
                capture=of,
                netns=of.netns or of.container,
                shown=show,
                place=place,
                keep=keep,
            )
        )

    def trace(
        self,
        taps: Sequence[TapSpec],
        *,
        id: str,
        during: str,
        title: str,  # noqa: ARG002 the drawing's
        filter: str = "",
        packets: int | None = None,
        closed: bool = False,
        names: Mapping[str, str] | None = None,
        timeout: float | None = None,
        show: bool = True,  # noqa: ARG002 a trace's captures are shown by its drawing
    ) -> str:
        self._ends_by_one(f"trace {id}", packets, closed=closed)
        try:
            found = captures(
                id, read_taps(taps, filter), during=during, packets=packets, closed=closed
            )
        except GuideError as error:
            message = f"trace {id}: {error.message}"
            raise GuideError(message, page=self.source, line=self._line(), fix=error.fix) from error
        for tap_id, node, of in found:
            place = (names or {}).get(of.netns) or of.container
            self._add_capture(tap_id, node, of, timeout, show=False, place=place)
        return ""

    def observe(
        self, node: str, *, id: str, pods: bool = False, timeout: float | None = None
    ) -> str:
        self._add(
            Block(
                page=self.page,
                id=id,
                line=self._line(),
                kind="observe",
                node=node,
                command="observe",
                script=_observer(pods=pods),
                timeout=self._patience(timeout, _OBSERVE),
            )
        )
        return ""

    def only(self, condition: str, caller: Callable[[], str]) -> str:
        try:
            conditions.holds(condition, {})
        except GuideError as error:
            raise GuideError(
                error.message, page=self.source, line=self._line(), fix=error.fix
            ) from error
        self.conditions.append(condition)
        caller()
        self.conditions.pop()
        return ""

    def when(self, condition: str, then: Any, otherwise: Any = None) -> Any:  # noqa: ARG002
        return then

    def _nothing(self, *_: Any, **__: Any) -> str:
        return ""

    # These read recordings; a plan has none.
    topology = machines = packet = packets = compare = traced = lookup = rulepath = handover = (
        _nothing
    )
    value = expect = version = kinds = changes = edition_versions = all_versions = commands = (
        manifest
    ) = prepared = _nothing

    def _patience(self, timeout: float | None, usual: float = _RUN) -> float:
        return max(usual, self.least) if timeout is None else float(timeout)

    def _line(self) -> int:
        return self.before + current_line()

    def _add(self, block: Block) -> None:
        if not _ID.fullmatch(block.id):
            raise GuideError(
                f"id {block.id!r}: small letters, digits and single dashes only",
                page=self.source,
                line=block.line,
            )
        twin = next((other for other in self.blocks if other.id == block.id), None)
        if twin is not None:
            raise GuideError(
                f"id {block.id!r} is used twice, first in line {twin.line}",
                page=self.source,
                line=block.line,
            )
        for name in block.bind:
            if not _NAME.fullmatch(name):
                raise GuideError(
                    f"bind name {name!r}: capitals, digits and _ only, as in a shell",
                    page=self.source,
                    line=block.line,
                )
        only = " and ".join(self.conditions)
        self.blocks.append(replace(block, source=self.source, only=only))


def _observer(*, pods: bool) -> str:
    observe = OBSERVE.read_text(encoding="utf-8")
    if not pods:
        return observe
    name = OBSERVE_PODS.read_text(encoding="utf-8")
    return f"set -o pipefail\n(\n{observe}\n) | (\n{name}\n)"


def capture_command(of: CaptureOf) -> str:
    """What a reader would type for this capture.

    `-nn` leaves numbers alone, `-e` prints the Ethernet header: tcpdump(1).
    """
    within = ""
    if of.netns:
        within = f"ip netns exec {of.netns} "
    elif of.container:
        within = f"nsenter -t $(docker inspect -f '{{{{.State.Pid}}}}' {of.container}) -n "
    count = f" -c {of.packets}" if of.packets is not None else ""
    expression = f" {of.filter}" if of.filter else ""
    return f"{within}tcpdump -nn -e -i {of.interface}{count}{expression}"


# What changes no answer makes none stale: how it is shown, quoted and settled.
_NO_RUN = ("line", "source", "page", "shown", "place", "only", "choice", "facts", "keep", "plan")
_OF_RUN = tuple(each.name for each in fields(Block) if each.name not in _NO_RUN)


def _chained(start: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Each block's hash covers its own and the one before, so an edit makes the rest stale too."""
    previous, chained = start, []
    for block in blocks:
        plain = {name: getattr(block, name) for name in _OF_RUN}
        if block.capture is not None:
            plain["capture"] = asdict(block.capture)
            for young in ("trace", "until"):  # younger than the recordings of other captures
                if not plain["capture"][young]:
                    del plain["capture"][young]
        previous = _digest({"before": previous, "block": plain})
        chained.append(replace(block, plan=previous))
    return tuple(chained)


def _checked(blocks: tuple[Block, ...], known: tuple[str, ...]) -> tuple[Block, ...]:
    ids = {block.id: block for block in blocks}
    for block in blocks:
        if block.node not in known:
            raise GuideError(
                f"block {block.id}: no node {block.node!r};"
                f" the page's lab has {', '.join(known) or 'none (front matter: lab: nodes:)'}",
                page=block.source,
                line=block.line,
            )
        if block.capture is not None:
            trigger = ids.get(block.capture.during)
            if trigger is not None and trigger.only not in ("", block.only):
                raise GuideError(
                    f"capture {block.id} listens during {trigger.id}, which is run only for"
                    f" {trigger.only}: it stands outside of that",
                    page=block.source,
                    line=block.line,
                )
            if trigger is None or trigger.kind != "run":
                raise GuideError(
                    f"capture {block.id} listens during {block.capture.during!r},"
                    " which is no command of this page",
                    page=block.source,
                    line=block.line,
                )
    return blocks


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_TOKENS]
