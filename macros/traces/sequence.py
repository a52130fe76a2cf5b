"""The order of a packet's visits, and which way it went.

Times compare on one node only: every node has a clock of its own. So on each node the visits are
put in order by its clock, and the nodes in the order in which the trace names its taps, or the
other way round for what comes back. Where a TTL or a MAC address contradicts that, the packet took
another way than the taps say, and its nodes come in an order that agrees with them.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from macros.packets import conversations
from macros.packets.packet import Packet
from macros.traces.sightings import Group, innermost
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
    ways = [vote >= 0 for vote in _told(groups, votes)]
    if _disagree(groups, ways):
        # A node's taps are not in the order of any way, so its steps tell nothing.
        ways = [vote >= 0 for vote in _told(groups, [0 for _ in groups])]
    return ways


def _told(groups: Sequence[Group], votes: Sequence[int]) -> list[int]:
    """The votes, and for those that have none what others of their sender and receiver say."""
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
    # What was seen only where nothing else was goes the way of its sender's other packets.
    hosts: Counter[tuple[str, str]] = Counter()
    for group, vote in zip(groups, told, strict=True):
        for source, target in {_hosts(visit.packet) for visit in group.visits}:
            hosts[source, target] += vote
            hosts[target, source] -= vote
    return _first_forward(groups, told, hosts)


def _first_forward(
    groups: Sequence[Group], told: Sequence[int], hosts: Counter[tuple[str, str]]
) -> list[int]:
    """The votes with those of the hosts; of two that nothing tells of, the first goes forward."""
    pairs = [{_hosts(visit.packet) for visit in group.visits} for group in groups]
    for index in sorted(range(len(groups)), key=lambda n: groups[n].visits[0].packet.time):
        if not told[index] and not sum(hosts[pair] for pair in pairs[index]):
            for source, target in pairs[index]:
                hosts[source, target] += 1
                hosts[target, source] -= 1
    return [vote or sum(hosts[pair] for pair in own) for vote, own in zip(told, pairs, strict=True)]


def _disagree(groups: Sequence[Group], ways: Sequence[bool]) -> bool:
    """Whether two packets are said to go one way that at one lane go to and fro."""
    there: dict[_Sender, bool] = {}
    for group, way in zip(groups, ways, strict=True):
        for sender, back in _senders(group):
            if there.get(back) == way and sender[1] != sender[2]:
                return True
            there[sender] = way
    return False


Stations = Mapping[str, str]
"""The node that a MAC address is known to be of."""


def ordered(
    group: Group, lanes: Sequence[Lane], *, forward: bool, stations: Stations
) -> tuple[Visit, ...]:
    """The visits of a group in the order of the packet's way; `stations` as `stations_of` says."""
    listed = _as_listed(group, lanes, forward=forward)
    if any(_wrong(one, other, lanes, stations) for one, other in itertools.pairwise(listed)):
        return _as_it_went(listed, lanes, stations)
    return listed


def stations_of(groups: Sequence[Group], lanes: Sequence[Lane]) -> Stations:
    """Whose MAC addresses are: a router is sent a frame, and sends the packet on in one of its own.

    It is where the TTL is one less that a node routed. What two nodes seem to have is left out.
    """
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        times = sorted(group.visits, key=lambda visit: visit.packet.time)
        for node in {lanes[visit.lane].node for visit in times}:
            here = [visit.packet for visit in times if lanes[visit.lane].node == node]
            for came, went in itertools.pairwise(here):
                frames = came.first("Ethernet"), went.first("Ethernet")
                if (_ttl(came) or 0) - (_ttl(went) or 0) != 1 or None in frames:
                    continue
                for frame, field in zip(frames, ("dst", "src"), strict=True):
                    if frame is not None and frame.get(field) is not None:
                        owners[frame[field].shown].add(node)
    return {mac: next(iter(nodes)) for mac, nodes in owners.items() if len(nodes) == 1}


def _wrong(earlier: Visit, later: Visit, lanes: Sequence[Lane], stations: Stations) -> bool:
    """Whether a packet cannot have gone from one node to the other.

    Every router makes the TTL one less (RFC 1812, section 5.3.1), and a frame goes from the node
    of its source to that of its destination. On one node the clock decides: a rule may set a TTL.
    """
    here, there = lanes[earlier.lane].node, lanes[later.lane].node
    if here == there:
        return False
    before, after = _ttl(earlier.packet), _ttl(later.packet)
    if before is not None and after is not None and after > before:
        return True
    frame = earlier.packet.first("Ethernet")
    if frame is None or earlier.packet.data != later.packet.data or frame.get("dst") is None:
        return False
    return here == stations.get(frame["dst"].shown) or there == stations.get(frame["src"].shown)


def _ttl(packet: Packet) -> int | None:
    """The TTL (or hop limit) of the innermost packet; None where it has none."""
    header = innermost(packet)
    field = header.get("ttl") if header is not None else None
    return int(field.value) if field is not None else None


_Rest = tuple[int, int, tuple[int, ...]]
"""Of a way: steps that cannot be, how often it changes nodes, its nodes' places in the list."""


def _as_it_went(
    listed: Sequence[Visit], lanes: Sequence[Lane], stations: Stations
) -> tuple[Visit, ...]:
    """The order with the fewest steps that cannot be, then with the fewest changes of node.

    What was seen on one node stays in the order of its clock; nodes that nothing tells apart stay
    in the order in which they are given.
    """
    nodes = list(dict.fromkeys(lanes[visit.lane].node for visit in listed))
    seen = [[visit for visit in listed if lanes[visit.lane].node == node] for node in nodes]

    @cache
    def rest(taken: tuple[int, ...], last: int) -> _Rest:
        """The best way on, where `taken` of each node's visits are behind, the last on `last`."""
        ways: list[_Rest] = []
        for index, (visits, count) in enumerate(zip(seen, taken, strict=True)):
            if count == len(visits):
                continue
            more = (*taken[:index], count + 1, *taken[index + 1 :])
            wrong, changes, places = rest(more, index)
            moved = last not in {-1, index}
            if moved:
                wrong += _wrong(seen[last][taken[last] - 1], visits[count], lanes, stations)
            ways.append((wrong, changes + moved, (index, *places)))
        return min(ways, default=(0, 0, ()))

    left = [iter(visits) for visits in seen]
    _, _, places = rest((0,) * len(seen), -1)
    return tuple(next(left[place]) for place in places)


def _as_listed(group: Group, lanes: Sequence[Lane], *, forward: bool) -> tuple[Visit, ...]:
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
