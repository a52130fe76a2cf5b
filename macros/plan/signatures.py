"""The macros that a page's author calls: each declared once, with its options and what it does.

Planning and rendering get a call as an instance of its class here; neither repeats a signature. A
macro is called as its class is: `EditionVersions` is `edition_versions(...)`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Any

from macros.plan.options import Declared

Lines = Sequence[str | Sequence[str]]
"""Lines chosen by text: a string names one line, a pair the lines from one to another."""

Body = Callable[[], str]
"""What stands between `{% call … %}` and `{% endcall %}`, evaluated."""

MACROS: dict[str, type["Macro"]] = {}
"""Every macro by the name that pages call it by."""


class Macro(Declared):
    """A call of a macro, as a page has it."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("_"):
            cls.CALLED = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
            MACROS[cls.CALLED] = cls


class _Printed(Macro):
    """How an output is shown: what is no part of these is the plan's."""

    _: KW_ONLY
    lines: Lines | None = None
    """These lines are shown, the others folded."""
    highlight: Lines = ()
    """These lines are marked."""
    explain: Mapping[str, str] | None = None
    """A numbered note, Markdown, on the line with each text."""
    show: bool = True
    """Whether the output stands on the page at all; `value` and `expect` quote it anyway."""


class Run(_Printed):
    """A command on a node, and what it printed. `{% call run(...) %}` takes it from its body."""

    node: str
    command: str | None = None
    _: KW_ONLY
    id: str
    expect_exit: int = 0
    """The exit code that the page expects."""
    until: str | None = None
    """Text, or `re:` and a pattern: the command is repeated until its output has it."""
    timeout: float | None = None
    """Seconds until recording gives up; 30 unless said, 120 on a cluster."""
    bind: Mapping[str, str] | None = None
    """Gives later commands a value of this answer as `$NAME`."""
    netns: str = ""
    """Whose interface names the output shows, where the command itself does not say it."""
    choice: str = ""
    """A pattern whose groups may come one way or another: for settling."""
    facts: str | Sequence[str] = ()
    """`counters`: numbers that count are facts here: for settling."""
    caller: Body | None = None


class Capture(_Printed):
    """Packets at an interface while the block `during` runs, as tcpdump prints them.

    It ends after `packets` of them, when a TCP conversation is `closed`, or with the packet by
    which `until` (a match, as `packet` has it) finds one: `until="bgp end-of-rib #2"`.
    """

    node: str
    interface: str
    _: KW_ONLY
    id: str
    during: str
    filter: str = ""
    packets: int | None = None
    closed: bool = False
    until: str = ""
    netns: str = ""
    container: str = ""
    timeout: float | None = None
    keep: str = ""
    """What it is for, a match too, as in `bgp update 10.44.0.176/29`: that is settled and drawn."""


class Trace(Macro):
    """One request at every interface it crosses, while the block `during` runs.

    `taps` are in the order of the way: `node/interface`, `node/namespace/interface` (a named
    network namespace, or `docker:web` for a container's); a pair of a tap and a filter listens
    with that instead of `filter`. Each tap is a capture of its own, whose id is that of the trace
    and the tap's words.
    """

    taps: Sequence[str | Sequence[str]]
    _: KW_ONLY
    id: str
    during: str
    title: str
    filter: str = ""
    packets: int | None = None
    closed: bool = False
    names: Mapping[str, str] | None = None
    """What the drawing calls a namespace."""
    timeout: float | None = None
    show: bool = True


class Traced(Macro):
    """One packet of a trace, drawn small: its headers at each interface.

    `trace` is the id of a trace on this page, or `page:id`; `match` finds the packet in the
    first tap's capture.
    """

    trace: str
    match: str | int
    _: KW_ONLY
    title: str
    id: str | None = None


class Observe(Macro):
    """A node's links, addresses, routes and containers at this point, for drawings."""

    node: str
    _: KW_ONLY
    id: str
    pods: bool = False
    """A pod's network namespace is named after it: `hello-0`."""
    timeout: float | None = None


class Topology(Macro):
    """Interfaces, namespaces and veth pairs as observed."""

    observed: tuple[str, ...]
    _: KW_ONLY
    title: str
    previous: str | Sequence[str] = ()
    """What these observations lack is new."""
    highlight: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    """Interfaces and namespaces that are not drawn; the text still lists them."""
    way: str | Sequence[str] = ()
    """The way of a request from interface to interface, `node0/client:eth0`, or a trace's id."""
    brief: bool = False
    """Names and addresses alone."""
    id: str | None = None


class Machines(Macro):
    """The machines and networks of a lab, as observed on its nodes."""

    observed: tuple[str, ...]
    _: KW_ONLY
    title: str
    id: str | None = None


class Lookup(Macro):
    """The next stop of a packet to `address`: route, neighbour, forwarding entry, joined.

    The three are blocks of one node: `ip route`, `ip neigh`, `bridge fdb`.
    """

    address: str
    _: KW_ONLY
    route: str
    neighbour: str
    fdb: str
    title: str = ""
    id: str | None = None


class Rulepath(Macro):
    """The way of one packet through the rules of a block, by what was recorded of the packet.

    `rules` is `iptables-save` (table nat unless said) or `nft list table`; `evidence` blocks
    that print a trace (`xtables-monitor --trace`, `nft monitor trace`), `conntrack -L`, or
    both. `service`, `10.43.0.80:80` or `default/hello:http`, chooses among several packets.
    """

    rules: str
    _: KW_ONLY
    evidence: str | Sequence[str]
    title: str
    service: str = ""
    table: str = ""
    id: str | None = None


class Netfilter(Macro):
    """The hooks and tables of netfilter, with what one traced packet met laid on them.

    `evidence` is a block that prints a trace (`xtables-monitor --trace`, `nft monitor trace`).
    """

    evidence: str
    _: KW_ONLY
    title: str
    id: str | None = None


class Packet(Macro):
    """One captured packet as nested boxes over its bytes."""

    capture: str
    match: str | int
    _: KW_ONLY
    title: str = ""
    layers: Sequence[str] | None = None
    """The headers that are drawn; the rest is left out."""
    all_fields: bool | Sequence[str] = False
    """Opens the tables of all headers, or of those named: `("UDP",)`."""
    id: str | None = None


class Packets(Macro):
    """All packets of a capture as a table whose rows open."""

    capture: str
    _: KW_ONLY
    title: str = ""
    id: str | None = None


class Compare(Macro):
    """The same packet in two captures: what was rewritten between them."""

    before: str
    after: str
    match: str | int
    _: KW_ONLY
    after_match: str | int | None = None
    """Finds it in `after`, where `match` does not."""
    title: str = ""
    id: str | None = None


class Handover(Macro):
    """Who hands an address to whom, a row for each kind, with recorded values.

    A row is its name and steps; a step is who, where, a block, and a path as of `value`.
    """

    rows: Sequence[Sequence[str | Sequence[str]]]
    _: KW_ONLY
    title: str
    id: str = "handover"


class Value(Macro):
    """A recorded value in prose: a path into the block's record, or `re:` with a group."""

    block: str
    path: str


class Expect(Macro):
    """A claim that the prose makes, checked at build; it shows the value too."""

    block: str
    path: str
    _: KW_ONLY
    equals: Any = None
    differs: Any = None
    same_as: Sequence[str] | None = None
    """A block and a path: the value there is the same."""
    differs_from: Sequence[str] | None = None
    contains: str | int | None = None
    lacks: str | int | None = None
    at_least: float | None = None
    absent: bool = False
    """There is nothing at this path."""
    less: float | None = None
    """The value is that of `same_as` minus so much."""
    show: bool = True


class Only(Macro):
    """What a page says and does only with such versions, as in "Docker >= 28".

    It is the body of a call block. A command in it is run only on a lab that has them.
    """

    condition: str
    _: KW_ONLY
    caller: Body


class When(Macro):
    """One of two values by the edition's versions, for how a block is shown and for claims.

    Without `otherwise`, what is empty of the sort of `then`. It cannot choose a command.
    """

    condition: str
    then: Any
    otherwise: Any = None


class Version(Macro):
    """A version of this edition: `version("Docker")`."""

    name: str


class EditionVersions(Macro):
    """A table of all versions of two editions: this one, and the one it is compared with."""

    edition: str


class Changes(Macro):
    """What differs on a page between an edition and the one it is compared with, in words."""

    edition: str
    page: str


class AllVersions(Macro):
    """A table of all versions of this edition."""


class Commands(Macro):
    """Every command of the guide, and the blocks that use it."""


class Kinds(Macro):
    """What settling does not take for a change: "identities", "noise" or "orders"."""

    sort: str


class Manifest(Macro):
    """A file that the page's front matter names under `manifests`, as it is."""

    name: str


class Prepared(Macro):
    """What the page's setup and clean-up ran, folded."""
