"""The way that one recorded packet took through recorded rules: both must tell the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from macros.ground.errors import GuideError
from macros.ways.ends import parsed
from macros.ways.evidence import Evidence, Fitted
from macros.ways.nftables import plain
from macros.ways.ruleset import Chain, Hook, Packet, Rules
from macros.ways.shares import asked
from macros.ways.walk import Way, ways


@dataclass(frozen=True, slots=True)
class Taken:
    """A packet's way through one table.

    `hook` is where it began: prerouting for what arrives, output for what the node itself sends.
    `first` is the way there, `choices` those that chance could have chosen, it among them, in the
    order of the rules. `last` is its way through postrouting. `before`, `middle` and `after` are
    the packet as it was sent, between the two, and at the end; `after` is None where nothing
    recorded tells its new source. `told_by` names the kinds of evidence: "trace", "conntrack".
    """

    rules: Rules
    hook: Hook
    before: Packet
    first: Way
    choices: tuple[Way, ...]
    middle: Packet
    last: Way
    after: Packet | None
    told_by: tuple[str, ...]


def taken(rules: Rules, evidence: Sequence[Sequence[Evidence]], service: str = "") -> Taken:
    """Find the way of the last packet to `service` that all evidence tells of.

    `evidence` has one sequence for each recorded output. The last, because a page asks until the
    answer is the one that it is about. GuideError where the rules do not allow what was told, where
    two outputs contradict each other, or where they leave a choice open.
    """
    told = _same_packet([_to(rules, packets, service) for packets in evidence])
    before = told[0].before
    rules = next(iter(rules.of(before.family)), rules)
    traced = next((packet for packet in told if packet.source == "trace"), None)
    tracked = next((packet for packet in told if packet.source == "conntrack"), None)
    hook: Hook = "prerouting"
    if traced is not None and traced.before.arrives is None:
        hook = "output"
    offered = ways(rules, hook, before)
    fitted = traced.fitted(rules.table) if traced else None
    dnat = next((packet.dnat for packet in told if packet.dnat is not None), None)
    firsts = [
        _sent(way, dnat)
        for way in offered
        if _leads(way, dnat) and _agrees(rules, hook, way, fitted)
    ]
    first = _only(firsts, f"the {hook} hook", fitted)

    leaves = traced.stages[-1].packet.leaves if traced else None
    middle = replace(first.packet, leaves=leaves, arrives=None)
    last, after = _last(rules, middle, tracked.snat if tracked else None, fitted)
    ends = [first if way.steps == first.steps else way for way in offered]
    choices = {way.dnat: way for way in ends if way.dnat}
    if first.dnat:
        choices[first.dnat] = first
    names = tuple(dict.fromkeys(packet.source for packet in told))
    return Taken(rules, hook, before, first, tuple(choices.values()), middle, last, after, names)


def _last(
    rules: Rules, middle: Packet, snat: str | None, fitted: Sequence[Fitted] | None
) -> tuple[Way, Packet | None]:
    """The way through postrouting, and the packet after it; None where its source is not told."""
    lasts = [
        way
        for way in ways(rules, "postrouting", middle)
        if (snat is None or way.source_rewritten == bool(snat))
        and _agrees(rules, "postrouting", way, fitted)
    ]
    last = _only(lasts, "the postrouting hook", fitted)
    if not last.source_rewritten:
        return last, last.packet
    if not snat:
        return last, None
    source = parsed(snat)
    return last, replace(last.packet, source=source.address, source_port=source.port)


def _leads(way: Way, dnat: str | None) -> bool:
    """Whether a way can end in what was told of the destination: where to, or "" for not at all."""
    if dnat is None:
        return True
    if way.stopped is not None and way.stopped.kind == "end":
        # A REDIRECT, say: where it leads is not in the rules.
        return True
    if not way.dnat or not dnat:
        return way.dnat == dnat
    return parsed(way.dnat).covers(parsed(dnat))


def _sent(way: Way, dnat: str | None) -> Way:
    """The way with the destination that was told, where its rules alone leave it open."""
    if not dnat or way.dnat == dnat:
        return way
    return replace(way, dnat=dnat, packet=way.packet.sent_to(dnat))


def _to(rules: Rules, told: Sequence[Evidence], service: str) -> Sequence[Evidence]:
    """Those to the Service."""
    if not service:
        return told
    wanted = asked(rules, service)
    sent = [
        packet
        for packet in told
        if (packet.before.protocol, packet.before.to_text) == (wanted.protocol, wanted.to_text)
    ]
    if not sent:
        there = ", ".join(dict.fromkeys(packet.before.to_text for packet in told)) or "none at all"
        raise GuideError(f"no recorded packet was sent to {service}, but to {there}")
    return sent


def _same_packet(told: Sequence[Sequence[Evidence]]) -> tuple[Evidence, ...]:
    """The last packet that every output tells of."""
    if not told or not told[0]:
        raise GuideError("no recorded output tells of a packet")
    if all(packet.source == "conntrack" for output in told for packet in output):
        ends = {packet.dnat for packet in told[0]}
        if len(ends) > 1:  # the table has no order
            raise GuideError(
                f"conntrack has connections to several ends: {', '.join(sorted(map(str, ends)))}",
                fix="list one connection: conntrack -L -p tcp --orig-port-src PORT",
            )
    for first in reversed(told[0]):
        key = (first.before.from_text, first.before.to_text)
        rest = [
            next((e for e in other if (e.before.from_text, e.before.to_text) == key), None)
            for other in told[1:]
        ]
        together = [first, *(packet for packet in rest if packet is not None)]
        if len(together) < len(told):
            continue
        if len({packet.dnat for packet in together if packet.dnat is not None}) > 1:
            raise GuideError(
                f"the recorded outputs do not agree where {key[0]} to {key[1]} was sent"
            )
        return tuple(together)
    raise GuideError("the recorded outputs tell of different connections")


def _agrees(rules: Rules, hook: Hook, way: Way, fitted: Sequence[Fitted] | None) -> bool:
    """Whether the way fits just the rules of this hook that were traced, in that order."""
    if fitted is None:
        return True
    names = _reachable(rules, rules.bases(hook))
    seen = [(rule.chain, plain(rule.text)) for rule in fitted if rule.chain in names]
    return seen == [(step.chain, step.rule.text) for step in way.steps]


def _reachable(rules: Rules, bases: Sequence[Chain]) -> frozenset[str]:
    """The names of all chains that a packet can come to from these."""
    names: set[str] = set()
    waiting = [chain.name for chain in bases]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += [b.to for r in rules.chain(name).rules for b in r.branches if b.to]
    return frozenset(names)


def _only(fitting: Sequence[Way], where: str, fitted: Sequence[Fitted] | None) -> Way:
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise GuideError(
            f"{len(fitting)} paths through {where} match what was recorded of the packet",
            fix="record a trace too: nat rules that differ leave the same addresses here",
        )
    seen = "; ".join(f"{rule.chain}: {rule.text}" for rule in fitted or ())
    raise GuideError(
        f"no path through {where} matches what was recorded of the packet"
        + (f". It matched: {seen}" if seen else ""),
        fix="record the rules and the packet on one page, with no change between them",
    )
