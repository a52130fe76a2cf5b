"""Rules of iptables and nftables in one form, as far as a packet's way through them depends on it.

A rule is tried in the order of its chain. It has branches: of iptables always one, of an nftables
verdict map one for each of its elements. A branch says what a packet must be (`tests`), how often
chance takes it (`share`), and what then happens (`actions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from macros.ground.errors import GuideError
from macros.ways import ends
from macros.ways.ends import End

What = Literal[
    "family", "source", "destination", "protocol", "source-port", "destination-port", "mark", "in",
    "out", "rewritten", "seen", "source-type", "destination-type", "state", "other",
]  # fmt: skip
"""What a test looks at.

"rewritten": whether the connection's destination was (`ct status dnat`). "seen": whether its source
was seen before (`-m recent --rcheck`). "source-type" and "destination-type": what the routing table
says of an address, above all whether it is the node's own (`-m addrtype`, `fib … type`). "state":
of the connection. "other" is all that cannot be told from a packet alone.
"""

Kind = Literal[
    "jump", "goto", "return", "accept", "drop", "dnat", "snat", "masquerade", "mark", "remark",
    "none", "end",
]  # fmt: skip
"""What a rule does: go to a chain, end the chain or the table, rewrite, mark, or only count.

"remark" gives the mark a value that rules do not tell. "end": the way ends here, for what then
happens is not followed (REDIRECT, NETMAP, a queue), or is not known.
"""

Hook = Literal["prerouting", "input", "forward", "output", "postrouting"]
"""Where the kernel asks a base chain (linux/netfilter.h, NF_INET_*)."""


class Field(NamedTuple):
    """What a test looks at; `about` tells apart what has one name: which list, which fib look-up.

    Of "other" it is the question itself, as the tool writes it.
    """

    what: What
    about: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: that the fields of a packet are one of `values`.

    Mostly there is one field; a set of nftables can have several at once (`ip saddr . ip daddr`).
    Each value has one text for each field, as written; of a mark it is `value/mask`; `*` is any.
    Of a `dynamic` set the values are clients that were seen, which rules remember for a while.
    """

    fields: tuple[Field, ...]
    values: tuple[tuple[str, ...], ...] = ()
    negated: bool = False
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a packet that fits.

    `to` is the chain of a jump or goto, where a dnat or snat rewrites to, as written
    (`10.42.1.2:80`, `:8080`, `10.0.0.1-10.0.0.4`), and of mark the bits that change, as `and/xor`
    in hexadecimal; of remark the bits that are unknown from here; of end what ends the way.
    """

    kind: Kind
    to: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A way that a packet can take at a rule; `share` is 1 unless chance decides.

    `in_turn`: it is not chance but a counter (`--mode nth`, `numgen inc`) that takes this share. A
    rule of nftables can do several things, of which only the last can lead elsewhere. `element`
    is that of a map, as written: `10.43.0.80 . tcp . 80 : goto service-2M73P36B-…`.
    """

    tests: tuple[Test, ...]
    actions: tuple[Action, ...]
    share: Fraction = Fraction(1)
    element: str = ""
    in_turn: bool = False

    @property
    def to(self) -> str:
        """The chain it leads to, or empty."""
        return next((act.to for act in self.actions if act.kind in ("jump", "goto")), "")

    @property
    def dnat(self) -> str:
        """Where it rewrites the destination to, as written, or empty."""
        return next((act.to for act in self.actions if act.kind == "dnat"), "")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as printed. `number` counts from 1 in its chain, `comment` is what its maker noted."""

    chain: str
    number: int
    text: str
    branches: tuple[Branch, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain; `hook` is set for a base chain, which the kernel itself asks, by `priority`."""

    name: str
    rules: tuple[Rule, ...] = ()
    hook: Hook | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """One table's chains. `tool` names what printed them: iptables or nftables.

    `family` is ip, ip6, or inet for both; empty where nothing tells. `others` are the other tables
    of the same output.
    """

    tool: Literal["iptables", "nftables"]
    table: str
    chains: Mapping[str, Chain] = field(default_factory=dict)
    family: str = ""
    others: tuple["Rules", ...] = ()

    def chain(self, name: str) -> Chain:
        """The chain of that name. GuideError if the table has none."""
        if name not in self.chains:
            raise GuideError(f"table {self.table} has no chain {name!r}")
        return self.chains[name]

    def bases(self, hook: Hook) -> tuple[Chain, ...]:
        """The base chains of a hook, as the kernel asks them: by priority, then as printed."""
        bases = (chain for chain in self.chains.values() if chain.hook == hook)
        return tuple(sorted(bases, key=lambda chain: chain.priority))

    def of(self, family: str) -> tuple["Rules", ...]:
        """The tables of this output that packets of a family (ip, ip6) come through."""
        return tuple(
            table for table in (self, *self.others) if table.family in ("", "inet", family)
        )


@dataclass(frozen=True, slots=True)
class Packet:
    """What rules look at. None: not known, so a test for it may go either way.

    `destination` is a range where a rewriting left the choice open. Of `mark` the bits in
    `mark_known` are known.
    """

    protocol: str
    source: str | None
    destination: str
    source_port: int | None = None
    destination_port: int | None = None
    mark: int = 0
    rewritten: bool = False
    seen: bool | None = None
    arrives: str | None = None
    leaves: str | None = None
    mark_known: int = 0xFFFFFFFF

    def sent_to(self, end: str) -> "Packet":
        """The packet after its destination was rewritten; what `end` does not say is kept."""
        whole = self.end_of(end)
        one_port = whole.port if whole.port == whole.last_port else None
        return replace(
            self,
            destination=whole.address or self.destination,
            destination_port=one_port,
            rewritten=True,
        )

    def end_of(self, end: str) -> End:
        """Where this packet goes after a rewriting to `end`, which can leave one half out."""
        new = ends.parsed(end).from_port(self.destination_port)
        if new.port is not None:
            return replace(new, address=new.address or self.destination)
        return End(new.address or self.destination, self.destination_port, self.destination_port)

    @property
    def family(self) -> str:
        """As nftables names it: ip or ip6."""
        return "ip6" if ":" in self.destination else "ip"

    @property
    def from_text(self) -> str:
        """Where it comes from: `10.42.0.4:46100`."""
        return End(self.source or "?", self.source_port, self.source_port).text

    @property
    def to_text(self) -> str:
        """Where it goes."""
        return End(self.destination, self.destination_port, self.destination_port).text
