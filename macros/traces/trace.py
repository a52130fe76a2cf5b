"""A trace as read: lanes, and the way of each packet over them."""

from dataclasses import dataclass

from macros.packets.packet import Packet


@dataclass(frozen=True, slots=True)
class Lane:
    """One interface that was listened at.

    `netns` is the namespace's own name ("" for the node's), `label` what the page calls it.
    `block` is the id of the tap's block. `most` is how many packets its capture ends after, None
    where a number does not end it.
    """

    block: str
    node: str
    netns: str
    label: str
    interface: str
    most: int | None = None

    @property
    def where(self) -> str:
        """The lane in words: "node0, client: eth0"."""
        within = f", {self.label}" if self.label else ""
        return f"{self.node}{within}: {self.interface}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A packet seen at a lane; `lane` counts from 0."""

    lane: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class Journey:
    """One packet on its way: where it was seen, in order.

    `forward` says that it goes the way the lanes are given in. `notes` are what is unusual about
    it, each a short sentence: that it was sent again, overtaken, or not seen any further, or that
    nobody listened further on any more.

    `sealed` are the steps, by index, that it took encrypted, past lanes that saw only the packet
    around it; `carrier` is the number of that packet's journey, 0 where none is known.
    """

    number: int
    forward: bool
    visits: tuple[Visit, ...]
    notes: tuple[str, ...] = ()
    sealed: frozenset[int] = frozenset()
    carrier: int = 0

    def at(self, lane: int) -> tuple[Visit, ...]:
        """Its visits of one lane: none, one, or two where it passed in and out again."""
        return tuple(visit for visit in self.visits if visit.lane == lane)


@dataclass(frozen=True, slots=True)
class Clock:
    """How one node's clock stands to that of the reference node.

    `ahead` is what it shows more than the reference, `error` how far that may be off: half of
    `round_trip`, the least time that packets were under way between two nodes and back. All in
    nanoseconds. `pair` are the numbers of the journeys there and back that it comes from; `via`
    the node that was compared with.
    """

    node: str
    ahead: int
    error: int
    round_trip: int
    pair: tuple[int, int]
    via: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace, read: journeys in the order in which the first lane saw them.

    `clocks` has every node that could be compared with the reference, the first lane's node;
    `left_out` counts the packets of each kind that no journey has.
    """

    lanes: tuple[Lane, ...]
    journeys: tuple[Journey, ...]
    reference: str
    clocks: tuple[Clock, ...]
    left_out: tuple[tuple[str, int], ...]

    def clock(self, node: str) -> Clock | None:
        """The clock of a node, as far as it is known."""
        return next((clock for clock in self.clocks if clock.node == node), None)
