"""The way that one recorded packet took through recorded rules: both must tell the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from macros.ground.errors import GuideError
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
    told = _same_packet([_to(rules, each, service) for each in evidence])
    before = told[0].before
    traced = next((each for each in told if each.source == "trace"), None)
    tracked = next((each for each in told if each.source == "conntrack"), None)
    hook: Hook = "prerouting"
    if traced is not None and traced.before.arrives is None:
        hook = "output"
    found = ways(rules, hook, before)
    fitted = traced.fitted(rules.table) if traced else None
    dnat = next((each.dnat for each in told if each.dnat is not None), None)
    firsts = [
        way
        for way in found
        if (dnat is None or way.dnat == dnat) and _agrees(rules, hook, way, fitted)
    ]
    first = _only(firsts, f"the {hook} hook", fitted)

    leaves = traced.stages[-1].packet.leaves if traced else None
    middle = replace(first.packet, leaves=leaves, arrives=None)
    snat = tracked.snat if tracked else None
    lasts = [
        way
        for way in ways(rules, "postrouting", middle)
        if (snat is None or way.masqueraded == bool(snat))
        and _agrees(rules, "postrouting", way, fitted)
    ]
    last = _only(lasts, "the postrouting hook", fitted)
    if not last.masqueraded:
        after: Packet | None = last.packet
    elif snat:
        source, _, port = snat.rpartition(":")
        after = replace(last.packet, source=source, source_port=int(port))
    else:
        after = None
    choices = {way.dnat: way for way in found if way.dnat}
    if first.dnat:
        choices[first.dnat] = first
    names = tuple(dict.fromkeys(each.source for each in told))
    ends = tuple(choices.values())
    return Taken(rules, hook, before, first, ends, middle, last, after, names)


def _to(rules: Rules, told: Sequence[Evidence], service: str) -> Sequence[Evidence]:
    """Those to the Service."""
    if not service:
        return told
    wanted = asked(rules, service)
    found = [
        each
        for each in told
        if (each.before.protocol, each.before.to_text) == (wanted.protocol, wanted.to_text)
    ]
    if not found:
        there = ", ".join(dict.fromkeys(each.before.to_text for each in told)) or "none at all"
        raise GuideError(f"no recorded packet was sent to {service}, but to {there}")
    return found


def _same_packet(told: Sequence[Sequence[Evidence]]) -> tuple[Evidence, ...]:
    """The last packet that every output tells of."""
    if not told or not told[0]:
        raise GuideError("no recorded output tells of a packet")
    if all(each.source == "conntrack" for output in told for each in output):
        ends = {each.dnat for each in told[0]}
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
        together = [first, *(each for each in rest if each is not None)]
        if len(together) < len(told):
            continue
        if len({each.dnat for each in together if each.dnat is not None}) > 1:
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
    seen = [(each.chain, plain(each.text)) for each in fitted if each.chain in names]
    return seen == [(step.chain, step.rule.text) for step in way.steps]


def _reachable(rules: Rules, bases: Sequence[Chain]) -> frozenset[str]:
    """The names of all chains that a packet can come to from these."""
    found: set[str] = set()
    waiting = [each.name for each in bases]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [b.to for r in rules.chain(name).rules for b in r.branches if b.to]
    return frozenset(found)


def _only(found: Sequence[Way], where: str, fitted: Sequence[Fitted] | None) -> Way:
    if len(found) == 1:
        return found[0]
    if found:
        raise GuideError(
            f"{len(found)} ways through {where} fit what was recorded of the packet",
            fix="record a trace too: nat rules that differ leave the same addresses here",
        )
    seen = "; ".join(f"{each.chain}: {each.text}" for each in fitted or ())
    raise GuideError(
        f"no way through {where} fits what was recorded of the packet"
        + (f". It fitted: {seen}" if seen else ""),
        fix="record the rules and the packet on one page, with no change between them",
    )
