"""The macros that a page's author calls, described once; planning and rendering implement them."""

import sys
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import jinja2

Lines = Sequence[str | Sequence[str]]
"""Lines chosen by text: a string names one line, a pair the lines from one to another."""


class Calls(ABC):
    """What a page can call. Every method returns text for the Markdown it stands in."""

    @staticmethod
    def names() -> tuple[str, ...]:
        """The macros' names, as pages write them."""
        return tuple(sorted(Calls.__abstractmethods__))

    @abstractmethod
    def run(
        self,
        node: str,
        command: str | None = None,
        *,
        id: str,
        expect_exit: int = 0,
        until: str | None = None,
        timeout: float = 30,
        bind: Mapping[str, str] | None = None,
        netns: str = "",
        choice: str = "",
        facts: str | Sequence[str] = (),
        lines: Lines | None = None,
        highlight: Lines = (),
        explain: Mapping[str, str] | None = None,
        show: bool = True,
        caller: Callable[[], str] | None = None,
    ) -> str:
        """A command on a node, and what it printed.

        `{% call run(...) %}` takes the command from its body. `until` is text (or `re:` and a
        regular expression) that the output must contain: the command is repeated until it does.
        `bind` gives later commands a value of this answer as `$NAME`. `netns` says which
        namespace names in the output belong to where the command itself does not. `choice` is a
        regular expression whose groups may come one way or another, `facts="counters"` makes
        numbers that count facts; both are for settling. `lines` are
        shown and the rest folded; `highlight` are marked; `explain` puts numbered notes on lines.
        """

    @abstractmethod
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
        timeout: float = 30,
        keep: str = "",
        lines: Lines | None = None,
        highlight: Lines = (),
        explain: Mapping[str, str] | None = None,
        show: bool = True,
    ) -> str:
        """Packets at an interface while the block `during` runs, as tcpdump prints them.

        It ends after `packets` of them, when a TCP conversation is `closed`, or with the packet by
        which `until` (a match, as `packet` has it) finds one: `until="bgp end-of-rib #2"`. `keep`,
        a match too, says what the capture is for: `keep="bgp update 10.44.0.176/29"`. That message
        (or packet) alone is settled, compared and drawn, whatever else was captured with it.
        """

    @abstractmethod
    def trace(
        self,
        taps: Sequence[str | Sequence[str]],
        *,
        id: str,
        during: str,
        title: str,
        filter: str = "",
        packets: int | None = None,
        closed: bool = False,
        names: Mapping[str, str] | None = None,
        timeout: float = 30,
        show: bool = True,
    ) -> str:
        """One request at every interface it crosses, while the block `during` runs.

        `taps` are in the order of the way: `node/interface`, `node/namespace/interface` (a named
        network namespace, or `docker:web` for a container's); a pair of a tap and a filter listens
        with that instead of `filter`. `names` says what the drawing calls a namespace. Each tap
        is a capture of its own, whose id is that of the trace and the tap's words.
        """

    @abstractmethod
    def traced(self, trace: str, match: str | int, *, title: str, id: str | None = None) -> str:
        """One packet of a trace, drawn small: its headers at each interface.

        `trace` is the id of a trace on this page, or `page:id`; `match` finds the packet in the
        first tap's capture.
        """

    @abstractmethod
    def observe(self, node: str, *, id: str, pods: bool = False, timeout: float = 60) -> str:
        """A node's links, addresses, routes and containers at this point, for drawings.

        With `pods` a pod's network namespace is named after it: `hello-0`.
        """

    @abstractmethod
    def topology(
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
        """Interfaces, namespaces and veth pairs as observed; what `previous` lacks is new.

        `leave_out` names interfaces and namespaces that are not drawn; the text still lists them.
        `way` is the way of a request from interface to interface, `node0/client:eth0`, or the id of
        a trace; veth pairs and ports of bridges between two of them are found. `brief` writes names
        and addresses alone.
        """

    @abstractmethod
    def lookup(
        self,
        address: str,
        *,
        route: str,
        neighbour: str,
        fdb: str,
        title: str = "",
        id: str | None = None,
    ) -> str:
        """The next stop of a packet to `address`: route, neighbour, forwarding entry, joined.

        The three are blocks of one node: `ip route`, `ip neigh`, `bridge fdb`.
        """

    @abstractmethod
    def rulepath(
        self,
        rules: str,
        *,
        evidence: str | Sequence[str],
        title: str,
        service: str = "",
        table: str = "",
        id: str | None = None,
    ) -> str:
        """The way of one packet through the rules of a block, by what was recorded of the packet.

        `rules` is `iptables-save` (table nat unless said) or `nft list table`; `evidence` blocks
        that print a trace (`xtables-monitor --trace`, `nft monitor trace`), `conntrack -L`, or
        both. `service`, `10.43.0.80:80` or `default/hello:http`, chooses among several packets.
        """

    @abstractmethod
    def machines(self, *observed: str, title: str, id: str | None = None) -> str:
        """The machines and networks of a lab, as observed on its nodes."""

    @abstractmethod
    def packet(
        self,
        capture: str,
        match: str | int,
        *,
        title: str = "",
        layers: Sequence[str] | None = None,
        all_fields: bool | Sequence[str] = False,
        id: str | None = None,
    ) -> str:
        """One captured packet as nested boxes over its bytes.

        `layers` are drawn and the rest left out; `all_fields` opens the tables of all headers,
        or of those named: `all_fields=("UDP",)`.
        """

    @abstractmethod
    def packets(self, capture: str, *, title: str = "", id: str | None = None) -> str:
        """All packets of a capture as a table whose rows open."""

    @abstractmethod
    def compare(
        self,
        before: str,
        after: str,
        match: str | int,
        *,
        after_match: str | int | None = None,
        title: str = "",
        id: str | None = None,
    ) -> str:
        """The same packet in two captures: what was rewritten between them."""

    @abstractmethod
    def handover(
        self,
        rows: Sequence[Sequence[Any]],
        *,
        title: str,
        id: str = "handover",
    ) -> str:
        """Who hands an address to whom, a row for each kind, with recorded values.

        A row is its name and steps; a step is who, where, a block, and a path as of `value`.
        """

    @abstractmethod
    def value(self, block: str, path: str) -> str:
        """A recorded value in prose: a path into the block's record, or `re:` with a group."""

    @abstractmethod
    def expect(  # one keyword for each relation a sentence claims
        self,
        block: str,
        path: str,
        *,
        equals: Any = None,
        differs: Any = None,
        same_as: Sequence[str] | None = None,
        differs_from: Sequence[str] | None = None,
        contains: str | None = None,
        lacks: str | None = None,
        at_least: float | None = None,
        absent: bool = False,
        less: float | None = None,
        show: bool = True,
    ) -> str:
        """A claim that the prose makes, checked at build; shows the value unless `show=false`.

        `same_as=(block, path)` compares with another recorded value; `less=n` claims that this
        value is that of `same_as` minus n.
        """

    @abstractmethod
    def only(self, condition: str, caller: Callable[[], str]) -> str:
        """What a page says and does only with such versions, as in "Docker >= 28".

        It is the body of a call block. A command in it is run only on a lab that has them.
        """

    @abstractmethod
    def when(self, condition: str, then: Any, otherwise: Any = None) -> Any:
        """One of two values by the edition's versions, for how a block is shown and for claims.

        Without `otherwise`, what is empty of the sort of `then`. It cannot choose a command.
        """

    @abstractmethod
    def version(self, name: str) -> str:
        """A version of this edition: `version("Docker")`."""

    @abstractmethod
    def edition_versions(self, edition: str) -> str:
        """A table of all versions of two editions: this one, and the one it is compared with."""

    @abstractmethod
    def changes(self, edition: str, page: str) -> str:
        """What differs on a page between an edition and the one it is compared with, in words."""

    @abstractmethod
    def all_versions(self) -> str:
        """A table of all versions of this edition."""

    @abstractmethod
    def commands(self) -> str:
        """Every command of the guide, and the blocks that use it."""

    @abstractmethod
    def kinds(self, sort: str) -> str:
        """What settling does not take for a change: "identities", "noise" or "orders"."""

    @abstractmethod
    def manifest(self, name: str) -> str:
        """A file that the page's front matter names under `manifests`, as it is."""

    @abstractmethod
    def prepared(self) -> str:
        """What the page's setup and clean-up ran, folded."""


def current_line() -> int:
    """The line of the template whose macro is being evaluated, counted from its first line.

    Jinja's compiled templates map their lines back (jinja2.Template.debug_info; its own
    get_corresponding_lineno reads that anew on each call). 1 where no template is evaluated.
    """
    frame = sys._getframe()  # noqa: SLF001 the documented way to find one's caller cheaply
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None and frame.f_code.co_filename == "<template>":
            lines = _lines(template)
            return lines[bisect_right(lines, frame.f_lineno, key=itemgetter(1)) - 1][0]
        back = frame.f_back
        if back is None:
            break
        frame = back
    return 1


@lru_cache
def _lines(template: jinja2.Template) -> list[tuple[int, int]]:
    """Pairs of a line in the template and the line of code it became, in the code's order."""
    return [(1, 0), *template.debug_info]
