"""Rules of iptables and nftables in one form, as far as a packet's way through them depends on it.

A rule is tried in the order of its chain. It has branches: of iptables always one, of an nftables
verdict map one for each of its elements. A branch says what a packet must be (`tests`), how often
chance takes it (`share`), and what then happens (`actions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from macros.ground.errors import GuideError

What = Literal[
    "source", "destination", "protocol", "source-port", "destination-port", "mark", "in", "out",
    "rewritten", "seen", "other",
]  # fmt: skip
"""What a test looks at.

"rewritten": whether the connection's destination was (`ct status dnat`). "seen": whether its source
was seen before (`-m recent --rcheck`). "other" is all that cannot be told from a packet alone.
"""

Kind = Literal["jump", "goto", "return", "accept", "drop", "dnat", "masquerade", "mark", "none"]
"""What a rule does: go to a chain, end the chain or the table, rewrite, mark, or only count."""

Hook = Literal["prerouting", "input", "forward", "output", "postrouting"]
"""Where the kernel asks a base chain (linux/netfilter.h, NF_INET_*)."""


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: that the fields of a packet are one of `values`.

    Mostly there is one field; a set of nftables can have several at once (`ip saddr . ip daddr`).
    Each value has one text for each field, as written; of a mark it is `value/mask`.
    """

    fields: tuple[What, ...]
    values: tuple[tuple[str, ...], ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a packet that fits.

    `to` is the chain of a jump or goto, the `address:port` of a dnat, and of mark the bits that
    change, as `and/xor` in hexadecimal.
    """

    kind: Kind
    to: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A way that a packet can take at a rule; `share` is 1 unless chance decides.

    A rule of nftables can do several things, of which only the last can lead elsewhere. `element`
    is that of a map, as written: `10.43.0.80 . tcp . 80 : goto service-2M73P36B-…`.
    """

    tests: tuple[Test, ...]
    actions: tuple[Action, ...]
    share: Fraction = Fraction(1)
    element: str = ""

    @property
    def to(self) -> str:
        """The chain it leads to, or empty."""
        return next((each.to for each in self.actions if each.kind in ("jump", "goto")), "")

    @property
    def dnat(self) -> str:
        """Where it rewrites the destination to, or empty."""
        return next((each.to for each in self.actions if each.kind == "dnat"), "")


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
    """A chain; `hook` is set for a base chain, which the kernel itself asks."""

    name: str
    rules: tuple[Rule, ...] = ()
    hook: Hook | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """One table's chains. `tool` names what printed them: iptables or nftables."""

    tool: Literal["iptables", "nftables"]
    table: str
    chains: Mapping[str, Chain] = field(default_factory=dict)

    def chain(self, name: str) -> Chain:
        """The chain of that name. GuideError if the table has none."""
        if name not in self.chains:
            raise GuideError(f"table {self.table} has no chain {name!r}")
        return self.chains[name]

    def bases(self, hook: Hook) -> tuple[Chain, ...]:
        """The base chains of a hook, in the order printed."""
        return tuple(each for each in self.chains.values() if each.hook == hook)


@dataclass(frozen=True, slots=True)
class Packet:
    """What rules look at. None: not known, so a test for it may go either way."""

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

    def sent_to(self, end: str) -> "Packet":
        """The packet after its destination was rewritten to `address:port`."""
        address, _, port = end.rpartition(":")
        if not address:
            return replace(self, destination=port, rewritten=True)
        port_number = int(port)
        return replace(
            self, destination=address.strip("[]"), destination_port=port_number, rewritten=True
        )

    @property
    def from_text(self) -> str:
        """Where it comes from: `10.42.0.4:46100`."""
        return end(self.source or "?", self.source_port)

    @property
    def to_text(self) -> str:
        """Where it goes."""
        return end(self.destination, self.destination_port)


def end(address: str, port: int | None) -> str:
    """An address with its port, as `conntrack` and `curl` write it."""
    host = f"[{address}]" if ":" in address and port is not None else address
    return host if port is None else f"{host}:{port}"
