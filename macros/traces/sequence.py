"""The order of a packet's visits, and which way it went.

Times compare on one node only: every node has a clock of its own. So on each node the visits are
put in order by its clock, and the nodes in the order in which the trace names its taps, or the
other way round for what comes back.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from macros.packets import conversations
from macros.packets.packet import Packet
from macros.traces.sightings import Group
from macros.traces.trace import Lane, Visit

_Sender = tuple[int, str, str]
"""A lane, and from whom to whom a packet goes there, without ports."""


def directions(groups: Sequence[Group], lanes: Sequence[Lane]) -> list[bool]:
    """For each group whether it goes forward: the way the lanes are given in.

    On a node where a packet was seen at several lanes, its clock says so. Of the others, what has
    the same sender and receiver at the same lane goes the same way; where nothing tells, the
    first packet of all goes forward.
    """
    votes = [_vote(group, lanes) for group in groups]
    known: Counter[_Sender] = Counter()
    for group, vote in zip(groups, votes, strict=True):
        for sender, back in _senders(group):
            known[sender] += vote
            known[back] -= vote
    if not any(votes) and groups:
        first = min(groups, key=lambda group: group.visits[0].packet.time)
        for sender, back in _senders(first):
            known[sender] += 1
            known[back] -= 1
    told = [
        vote or sum(known[sender] for sender, _ in _senders(group))
        for group, vote in zip(groups, votes, strict=True)
    ]
    return [vote >= 0 for vote in told]


def ordered(group: Group, lanes: Sequence[Lane], *, forward: bool) -> tuple[Visit, ...]:
    """The visits of a group in the order of the packet's way."""
    sign = 1 if forward else -1
    first: dict[str, int] = {}
    for visit in group.visits:
        node = lanes[visit.lane].node
        first[node] = min(first.get(node, len(lanes)), sign * visit.lane)
    return tuple(
        sorted(
            group.visits,
            key=lambda visit: (
                first[lanes[visit.lane].node],
                visit.packet.time,
                sign * visit.lane,
                visit.packet.number,
            ),
        )
    )


def _vote(group: Group, lanes: Sequence[Lane]) -> int:
    """Steps that the packet took forward on its nodes, less those that it took back."""
    balance = 0
    times = sorted(group.visits, key=lambda visit: visit.packet.time)
    for node in {lanes[visit.lane].node for visit in times}:
        here = [visit for visit in times if lanes[visit.lane].node == node]
        for earlier, later in itertools.pairwise(here):
            if earlier.packet.time != later.packet.time:
                balance += (later.lane > earlier.lane) - (later.lane < earlier.lane)
    return (balance > 0) - (balance < 0)


def _senders(group: Group) -> Iterable[tuple[_Sender, _Sender]]:
    """At each lane who sends to whom, and the other way round."""
    for visit in group.visits:
        source, target = _hosts(visit.packet)
        yield (visit.lane, source, target), (visit.lane, target, source)


def _hosts(packet: Packet) -> tuple[str, str]:
    source, target = conversations.ends(packet)
    return source, target
