"""What stands between where a packet was last seen and where it should have come: with evidence.

Each cause rests on what was printed or captured. What does not is called a guess.
"""

import re
from collections.abc import Iterator

from macros.figures.topology.observation import End
from macros.packets import conversations
from macros.packets.streams import is_reset
from macros.tracer import kernel_words, rule_causes
from macros.tracer.cause import Case, Cause, Evidence
from macros.tracer.loss import Loss
from macros.tracer.story import Sight
from macros.tracer.way import ASTRAY, Lookup, Stop

_ARRIVED = frozenset({"silent", "refused", "reset"})


def causes(case: Case, loss: Loss) -> list[Cause]:
    """What explains a loss, the nearest and surest first."""
    explained: list[Cause] = [*case.empty, *case.stale]
    explained += _mtu(case, loss)
    explained += _never_sent(case, loss)
    explained += [_from_lookup(lookup) for lookup in _troubles(loss)]
    explained += rule_causes.of(case, loss)
    explained += _unanswered(case, loss)
    explained += _misaddressed(loss)
    explained += _silent(case, loss)
    explained += _kernel(case, loss)
    unique: dict[tuple[str, str, str], Cause] = {}
    for cause in explained:
        rule = cause.words if cause.kind.startswith("rule-") else ""
        unique.setdefault((cause.kind, cause.node, rule), cause)
    ranked = sorted(unique.values(), key=lambda cause: not cause.sure)
    return ranked or [_unknown(case, loss)]


def _from_lookup(lookup: Lookup) -> Cause:
    return Cause(
        lookup.trouble, lookup.node, lookup.words,
        (Evidence(lookup.node, lookup.command, lookup.output or "(nothing)"),),
        sure=lookup.trouble not in ("router", "neighbour-shared"),
    )  # fmt: skip


def _troubles(loss: Loss) -> list[Lookup]:
    """What is wrong with look-ups up to where the packet should have come: the nearest first."""
    stops = loss.way.stops
    steps = [stop.lookups for stop in stops[: loss.next_index + 1]]
    if loss.next_index >= len(stops):
        steps.append(loss.way.last)
    # What it has passed did not lose it, but may have led it astray.
    passed = [
        [lookup for lookup in step if lookup.trouble in ASTRAY]
        if index <= loss.last_index
        else step
        for index, step in enumerate(steps)
    ]
    return [lookup for step in reversed(passed) for lookup in step if lookup.trouble]


def _nodes(loss: Loss) -> list[str]:
    """The nodes where it can have been lost."""
    stops = [stop for stop in (loss.last, loss.next) if stop is not None]
    return list(dict.fromkeys(stop.end.node for stop in stops))


def _mtu(case: Case, loss: Loss) -> Iterator[Cause]:
    """A packet that does not fit where it should go, and that nobody may be told so."""
    last, then = loss.last, loss.next
    if loss.seen is None or last is None or then is None or loss.what not in ("data", "request"):
        return
    layer = conversations.address(loss.seen)
    if layer is None or not then.mtu or then.wrapped:
        return
    size = layer.end - layer.offset
    single = _on_the_wire(size, last)
    if single <= then.mtu:
        return
    node = then.end.node
    before, after = case.terrain.looks.get(node), case.after.get(node)
    grown = 0
    if before and after:
        grown = sum(
            after.counters.get(key, 0) - before.counters.get(key, 0)
            for key in ("IpFragFails", "Ip6FragFails", "Ip6InTooBigErrors")
        )
    name = then.end.interface
    words = (
        f"the packet has {single} bytes, and the MTU of {name} on {node} is {then.mtu}; "
        f"that of {last.end.interface} is {last.mtu}"
    )
    if not case.story.errors:
        words += ". The sender was not told: no ICMP message reached it"
    evidence = [Evidence(node, f"ip link show {name}", _link_line(case, node, name))]
    if grown:
        evidence.append(Evidence(node, "nstat -as IpFragFails", f"{grown} more than before"))
    yield Cause("mtu", node, words, tuple(evidence))


_TOO_LONG = re.compile(r".*[Mm]essage too long.*")


def _never_sent(case: Case, loss: Loss) -> Iterator[Cause]:
    """What the sender's own kernel refused to send, since it may not be cut: EMSGSIZE of ip(7)."""
    said = _TOO_LONG.search(case.said)
    first = next(iter(loss.way.stops), None)
    if loss.sight is not None or said is None or first is None:
        return
    yield Cause(
        "mtu", case.client.node,
        f"it was never sent: it does not fit through {where_of(first.end)}, whose MTU is "
        f"{first.mtu}, and may not be cut",
        (Evidence(case.client.node, "the sender", said[0].strip()),),
    )  # fmt: skip


def _on_the_wire(size: int, last: Stop) -> int:
    """The size of one packet: what was captured before it is cut can be as large as 64 KiB."""
    return min(size, last.mtu) if last.mtu else size


def _link_line(case: Case, node: str, name: str) -> str:
    look = case.terrain.looks.get(node)
    lines = look.parts["links"].splitlines() if look else []
    return next((line for line in lines if re.match(rf"\d+: {re.escape(name)}[@:]", line)), "")


def _unanswered(case: Case, loss: Loss) -> Iterator[Cause]:
    """A neighbour that the last router asked for, and nobody was."""
    last = loss.last
    if last is None:
        return
    after = case.after.get(last.end.node)
    if after is None:
        return
    hosts = {*case.story.servers, *case.story.clients}
    for line in after.parts["neighbours"].splitlines():
        words = line.split()
        if words[:1] and words[0] in hosts and words[-1] in ("FAILED", "INCOMPLETE"):
            yield Cause(
                "neighbour-failed", last.end.node,
                f"{last.end.node} asked for {words[0]} on {words[2]}, and nothing answered: "
                "nothing there has that address",
                (Evidence(last.end.node, f"ip neigh show {words[0]}", line.strip()),),
            )  # fmt: skip


def _misaddressed(loss: Loss) -> Iterator[Cause]:
    """A frame that came to an interface and is addressed to another."""
    last = loss.last
    if last is None or loss.seen is None or not last.mac or loss.what in _ARRIVED:
        return
    if last.how not in ("wire", "unwrapped"):
        return
    frame = loss.seen.first("Ethernet") if last.how == "wire" else loss.seen.last("Ethernet")
    if frame is None:
        return
    to = frame["dst"].shown
    if to != last.mac and not int(to[:2], 16) & 1:
        yield Cause(
            "neighbour-wrong", last.end.node,
            f"the frame reached {last.end.interface} of {last.end.node} and is addressed to {to}; "
            f"{last.end.interface} is {last.mac}, so it was dropped silently",
            (
                Evidence(
                    last.end.node,
                    f"tcpdump -e -i {last.end.interface}",
                    f"{frame['src'].shown} > {to}",
                ),
            ),
        )  # fmt: skip


def _kernel(case: Case, loss: Loss) -> Iterator[Cause]:
    """What the kernel itself said of a drop where the packet was last seen, at that moment.

    It does not say of which packet. Where it is said of every try, it is no guess.
    """
    if loss.sight is None or loss.what in _ARRIVED:
        return
    node, time = loss.sight.stops[-1].end.node, loss.sight.journey.visits[-1].packet.time
    times = kernel_words.tries(case.story.sights, loss.sight)
    drops = [drop for drop in case.drops if drop.node == node and kernel_words.is_on_its_way(drop)]
    for drop in drops:
        if kernel_words.is_near(drop, time):
            same = [d for d in drops if (d.reason, d.place) == (drop.reason, drop.place)]
            yield Cause(
                kernel_words.kind(drop), node,
                f"the kernel of {node} dropped a packet at that moment, for {drop.reason} in "
                f"{drop.place}",
                (kernel_words.evidence(drop),), sure=kernel_words.of_every(same, times),
            )  # fmt: skip
            return


def unplaced(case: Case) -> list[Cause]:
    """What kernels dropped meanwhile, where no packet was seen to be lost: guesses."""
    times = [visit.packet.time for sight in case.story.sights for visit in sight.journey.visits]
    if not times:
        return []
    first = {
        (drop.node, drop.reason): drop
        for drop in reversed(case.drops)
        if kernel_words.is_on_its_way(drop)
        and (drop.time >= min(times) or kernel_words.is_near(drop, min(times)))
    }
    return [
        Cause(
            kernel_words.kind(drop), drop.node,
            f"the kernel of {drop.node} dropped a packet in the meantime, for {drop.reason} in "
            f"{drop.place}; whether it belonged to this request was not seen",
            (kernel_words.evidence(drop),), sure=False,
        )
        for drop in sorted(first.values(), key=lambda drop: drop.time)
    ]  # fmt: skip


def _silent(case: Case, loss: Loss) -> Iterator[Cause]:
    """The request came, and the server said nothing, or no."""
    last = loss.last
    if last is None:
        return
    if loss.what == "silent":
        yield Cause(
            "silent", last.end.node,
            f"the request reached {where_of(last.end)}, and nothing was sent back from there",
            sure=False,
        )  # fmt: skip
        yield from map(_from_lookup, _no_way_back(case, loss))
    elif loss.sight is not None and loss.what in ("refused", "reset"):
        yield _no(case, loss, loss.sight, last)
    elif loss.what == "request":
        yield from _refused_on_the_way(case, last)


def _no(case: Case, loss: Loss, said: Sight, last: Stop) -> Cause:
    """What the server, or somebody in its name, answered."""
    name, first = case.target.words, said.stops[0].end
    itself = loss.way.ends == "there"
    if loss.what == "refused":
        words = f"{name} was reached and refused: nothing listens on that port"
        if not itself:
            words = (
                f"{name} refused, or something before it: behind {where_of(first)} nothing is seen"
            )
    else:
        words = (
            f"{name} accepted the connection and then reset it (seen first at {where_of(first)})"
        )
    told = "ICMP: port unreachable" if case.story.errors else "RST"
    return Cause(
        loss.what, last.end.node, words,
        (Evidence(first.node, f"tcpdump -i {first.interface}", told),), sure=itself,
    )  # fmt: skip


def where_of(end: End) -> str:
    """An interface in a sentence."""
    return f"{end.interface} of {end.namespace or end.node}"


def _no_way_back(case: Case, loss: Loss) -> list[Lookup]:
    """What is wrong at the server itself with its way back: it can send nothing then."""
    back = case.back
    if back is None or loss.way.ends != "there":
        return []
    first = back.stops[0].lookups if back.stops else back.last
    return [lookup for lookup in first if lookup.trouble]


def _refused_on_the_way(case: Case, last: Stop) -> Iterator[Cause]:
    """A reset in the name of a server that the request has not come to."""
    for sight in case.story.sights:
        if not sight.forward and is_reset(sight.packet):
            first = sight.stops[0].end
            yield Cause(
                "reset-on-the-way", first.node,
                f"{case.target.words} seems to send an RST, first seen at {where_of(first)}, but "
                f"the request got no further than {where_of(last.end)}: something there refused it",
                (Evidence(first.node, f"tcpdump -i {first.interface}", "RST"),),
            )  # fmt: skip
            return


def _unknown(case: Case, loss: Loss) -> Cause:
    where = loss.last.end if loss.last else None
    node = where.node if where else case.client.node
    return Cause(
        "unknown", node,
        "nothing that was asked explains it: no table, no counter, no message of the kernel",
        sure=False,
    )  # fmt: skip
