"""The macros that draw: each declared once, with its options and what it does."""

from collections.abc import Sequence
from dataclasses import KW_ONLY

from macros.plan.macro import Macro


class Traced(Macro):
    """One packet of a trace, drawn small: its headers at each interface.

    `trace` is the id of a trace on this page, or `page:id`; `match` finds the packet in the
    first tap's capture.
    """

    trace: str
    """The id of a trace, or `page:id`."""
    match: str | int
    """Which packet: its number, or words, as in `icmp echo request`."""
    _: KW_ONLY
    title: str
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Topology(Macro):
    """Interfaces, namespaces and veth pairs as observed."""

    observed: tuple[str, ...]
    """The ids of `observe` blocks, one per node."""
    _: KW_ONLY
    title: str
    """The heading above the drawing."""
    previous: str | Sequence[str] = ()
    """Earlier observations; what they lack is marked as new."""
    highlight: Sequence[str] = ()
    """Interfaces and namespaces that are marked."""
    leave_out: Sequence[str] = ()
    """Interfaces and namespaces that are not drawn; the text still lists them."""
    way: str | Sequence[str] = ()
    """The path of a request, interface by interface (`node0/client:eth0`), or a trace's id."""
    brief: bool = False
    """Only names and addresses."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Machines(Macro):
    """The machines and networks of a lab, as observed on its nodes."""

    observed: tuple[str, ...]
    """The ids of `observe` blocks, one per node."""
    _: KW_ONLY
    title: str
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Lookup(Macro):
    """The next stop of a packet to `address`: route, neighbour, forwarding entry, joined.

    The three are blocks of one node: `ip route`, `ip neigh`, `bridge fdb`.
    """

    address: str
    """Where the packet goes; `$NAME` works."""
    _: KW_ONLY
    route: str
    """The id of `ip route`."""
    neighbour: str
    """The id of `ip neigh`."""
    fdb: str
    """The id of `bridge fdb`."""
    title: str = ""
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Rulepath(Macro):
    """The path of one packet through the rules of a block, from what was recorded of it.

    `rules` is `iptables-save` (default: table nat) or `nft list table`; `evidence` blocks
    that print a trace (`xtables-monitor --trace`, `nft monitor trace`), `conntrack -L`, or
    both. `service`, `10.43.0.80:80` or `default/hello:http`, chooses among several packets.
    """

    rules: str
    """The id of `iptables-save` or `nft list table`."""
    _: KW_ONLY
    evidence: str | Sequence[str]
    """The ids of a trace, of `conntrack -L`, or of both."""
    title: str
    """The heading above the drawing."""
    service: str = ""
    """The Service that chooses among several packets."""
    table: str = ""
    """The table, if not nat."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Netfilter(Macro):
    """The hooks and tables of netfilter, with the path of one traced packet drawn on them."""

    evidence: str
    """The id of a block that prints a trace by `xtables-monitor --trace`."""
    _: KW_ONLY
    title: str
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Packet(Macro):
    """One captured packet as nested boxes over its bytes."""

    capture: str
    """The id of a capture, or of a trace's tap; `page:id` of another page."""
    match: str | int
    """Which packet: its number, or words, as in `icmp echo request`."""
    _: KW_ONLY
    title: str = ""
    """The heading above the drawing."""
    layers: Sequence[str] | None = None
    """The headers that are drawn; the rest is left out."""
    all_fields: bool | Sequence[str] = False
    """Opens the tables of all headers, or of those named: `("UDP",)`."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Packets(Macro):
    """All packets of a capture as a table whose rows open."""

    capture: str
    """The id of a capture, or of a trace's tap; `page:id` of another page."""
    _: KW_ONLY
    title: str = ""
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Compare(Macro):
    """The same packet in two captures: what was rewritten between them."""

    before: str
    """The id of a capture, or of a trace's tap; `page:id` of another page."""
    after: str
    """The id of a capture, or of a trace's tap; `page:id` of another page."""
    match: str | int
    """Which packet: its number, or words, as in `icmp echo request`."""
    _: KW_ONLY
    after_match: str | int | None = None
    """Finds it in `after`, where `match` does not."""
    title: str = ""
    """The heading above the drawing."""
    id: str | None = None
    """The drawing's name in addresses; default: made from its blocks."""


class Handover(Macro):
    """Who hands an address to whom, a row for each kind, with recorded values.

    A row is its name and steps; a step is who, where, a block, and a path as of `value`.
    """

    rows: Sequence[Sequence[str | Sequence[str]]]
    """Each a name and its steps; a step is who, where, a block and a path."""
    _: KW_ONLY
    title: str
    """The heading above the drawing."""
    id: str = "handover"
    """The drawing's name in addresses."""
