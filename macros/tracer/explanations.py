"""What stands between where a packet was last seen and where it should have come: with evidence.

Each cause rests on what was printed or captured. What does not is called a guess.
"""

import ipaddress
import re
from collections.abc import Iterator

from macros.packets import conversations
from macros.tracer.cause import Case, Cause, Evidence
from macros.tracer.listening import Drop
from macros.tracer.node_look import Counted, Look
from macros.tracer.story import Loss, host_of
from macros.tracer.way import Lookup, Stop

_BEFORE, _AFTER = 2_000_000, 30_000_000
"""Nanoseconds around a packet's last sight in which a kernel's word on a drop is about it."""


def causes(case: Case, loss: Loss) -> list[Cause]:
    """What explains a loss, the nearest and surest first."""
    explained: list[Cause] = [*case.empty, *case.stale]
    explained += _mtu(case, loss)
    explained += _never_sent(case, loss)
    explained += [_from_lookup(lookup) for lookup in _troubles(loss)]
    explained += _rules(case, loss)
    explained += _unanswered(case, loss)
    explained += _misaddressed(loss)
    explained += _silent(case, loss)
    explained += _kernel(case, loss)
    unique: dict[tuple[str, str], Cause] = {}
    for cause in explained:
        unique.setdefault((cause.kind, cause.node), cause)
    ranked = sorted(unique.values(), key=lambda cause: not cause.sure)
    return ranked or [_unknown(case, loss)]


def _from_lookup(lookup: Lookup) -> Cause:
    return Cause(
        lookup.trouble, lookup.node, lookup.words,
        (Evidence(lookup.node, lookup.command, lookup.output or "(nothing)"),),
    )  # fmt: skip


def _troubles(loss: Loss) -> list[Lookup]:
    """What is wrong with look-ups up to where the packet should have come: the nearest first."""
    stops = loss.way.stops
    steps = [stop.lookups for stop in stops[: loss.last_index + 2]]
    if loss.last_index + 1 >= len(stops):
        steps.append(loss.way.last)
    return [lookup for step in reversed(steps) for lookup in step if lookup.trouble]


def _nodes(loss: Loss) -> list[str]:
    """The nodes where it can have been lost."""
    stops = [stop for stop in (loss.last, loss.next) if stop is not None]
    return list(dict.fromkeys(stop.end.node for stop in stops))


def _rules(case: Case, loss: Loss) -> Iterator[Cause]:
    """Rules that drop or reject and have counted since before the request."""
    for node in _nodes(loss):
        before, after = case.terrain.looks.get(node), case.after.get(node)
        if before is None or after is None:
            continue
        # Of several on a node the first is told: one that may be about others comes last.
        for rule, was in sorted(counted(before, after), key=lambda pair: _is_of_strays(pair[0])):
            if not _could_be(rule, case):
                continue
            rejects = rule.verdict == "REJECT"
            what, ended = ("refuses", "rejected") if rejects else ("drops", "dropped")
            grown = (rule.packets or 0) - was
            times = "a packet" if grown == 1 else f"{grown} packets"
            yield Cause(
                "rule-rejected" if rejects else "rule-dropped", node,
                f"a rule on {node} {what} it: chain {rule.chain} of table {rule.table} {ended} "
                f"{times} while the request was under way",
                (Evidence(node, rule.lists, f"{rule.text}  ({was} before, {rule.packets} after)"),),
                sure=not _is_of_strays(rule),
            )  # fmt: skip
        yield from _uncounted(case, node, after)


def _is_of_strays(rule: Counted) -> bool:
    """Whether a rule ends what belongs to no connection: late packets of others, in any cluster."""
    return "ctstate INVALID" in rule.text or "ct state invalid" in rule.text


def counted(before: Look, after: Look) -> Iterator[tuple[Counted, int]]:
    """The rules that ended packets between two looks, and how many they had ended before."""
    earlier: dict[tuple[str, str, str, int], int] = {}
    for rule in before.ending:
        if rule.packets is not None:
            earlier[rule.table, rule.chain, rule.text, rule.number] = rule.packets
    for rule in after.ending:
        if rule.packets is None:
            continue
        was = earlier.get((rule.table, rule.chain, rule.text, rule.number), 0)
        if rule.packets > was:
            yield rule, was


def _uncounted(case: Case, node: str, after: Look) -> Iterator[Cause]:
    """Rules that drop and do not count: what they say fits, and only the kernel proves it."""
    told = any(drop.node == node and "NETFILTER" in drop.reason for drop in case.drops)
    for rule in after.ending:
        if rule.packets is None and told and _could_be(rule, case, strict=True):
            yield Cause(
                "rule-dropped", node,
                f"a rule on {node} matches the packet and drops it (chain {rule.chain} of table "
                f"{rule.table}; it does not count), and the kernel says that a rule did",
                (Evidence(node, rule.lists, rule.text),), sure=False,
            )  # fmt: skip


_WORD = re.compile(
    r"(?P<not>! )?(?:-(?P<short>[sd])|(?:ip6? )(?P<long>saddr|daddr)) "
    r"(?P<ne>!= )?(?P<value>[0-9a-f.:/]+)"
)
_PROTOCOL = re.compile(r"(?<!! )-p (\w+)")


def _could_be(rule: Counted, case: Case, *, strict: bool = False) -> bool:
    """Whether a rule can be about this request: no address that it names is against it."""
    story, target = case.story, case.target
    # What was dropped on its way to an endpoint was never seen under the endpoint's address.
    names = {*story.clients, *story.servers, target.address}
    names |= {endpoint.address for endpoint in target.endpoints}
    ends = {
        end
        for sight in story.sights
        for visit in sight.journey.visits
        for end in map(host_of, conversations.ends(visit.packet))
    } | names
    protocols = {conversations.named_ends(sight.packet)[0].lower() for sight in story.sights}
    protocol = _PROTOCOL.search(rule.text)
    if protocol and protocols and protocol[1] not in {*protocols, "all"}:
        return protocol[1].startswith("icmp") or "icmp" in protocol[1]
    fits = False
    for word in _WORD.finditer(rule.text):
        try:
            network = ipaddress.ip_network(word["value"], strict=False)
        except ValueError:
            continue
        inside = any(_in(end, network) for end in ends)
        if not inside and not word["not"] and not word["ne"] and ends:
            return False
        fits = True
    return fits or not strict


def _in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _mtu(case: Case, loss: Loss) -> Iterator[Cause]:
    """A packet that does not fit where it should go, and that nobody may be told so."""
    last, then = loss.last, loss.next
    if loss.sight is None or last is None or then is None or loss.what not in ("data", "request"):
        return
    layer = conversations.address(loss.sight.last)
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
        f"it was never sent: it does not fit through {first.end.interface} of "
        f"{first.end.namespace or first.end.node}, whose MTU is {first.mtu}, and may not be cut",
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
    if last is None or loss.sight is None or not last.mac or loss.what == "refused":
        return
    if last.how not in ("wire", "unwrapped"):
        return
    frame = (
        loss.sight.last.first("Ethernet")
        if last.how == "wire"
        else loss.sight.last.last("Ethernet")
    )
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
    """What the kernel itself said of a drop where the packet was last seen, at that moment."""
    if loss.sight is None:
        return
    time = loss.sight.journey.visits[-1].packet.time
    node = loss.sight.stops[-1].end.node
    for drop in case.drops:
        if drop.node == node and _is_on_its_way(drop) and -_BEFORE <= drop.time - time <= _AFTER:
            yield Cause(
                _kernel_kind(drop), node,
                f"the kernel of {node} dropped a packet {(drop.time - time) / 1e6:+.3f} ms after "
                f"that, for {drop.reason} in {drop.place}",
                (_kernels_word(drop),),
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
        if _is_on_its_way(drop) and drop.time >= min(times) - _BEFORE
    }
    return [
        Cause(
            _kernel_kind(drop), drop.node,
            f"the kernel of {drop.node} dropped a packet in the meantime, for {drop.reason} in "
            f"{drop.place}; whether it belonged to this request was not seen",
            (_kernels_word(drop),), sure=False,
        )
        for drop in sorted(first.values(), key=lambda drop: drop.time)
    ]  # fmt: skip


def _is_on_its_way(drop: Drop) -> bool:
    """Whether a packet was dropped before its end: TCP itself drops doubles and what comes late."""
    return not drop.reason.startswith("TCP_")


def _kernel_kind(drop: Drop) -> str:
    return f"kernel-{drop.reason.lower().replace('_', '-')}"


def _kernels_word(drop: Drop) -> Evidence:
    return Evidence(drop.node, "cat /sys/kernel/tracing/trace_pipe  # skb:kfree_skb", drop.line)


def _silent(case: Case, loss: Loss) -> Iterator[Cause]:
    """The request came, and the server said nothing, or no."""
    last = loss.last
    if last is None:
        return
    if loss.what == "refused" and loss.sight is not None:
        yield Cause(
            "refused", last.end.node,
            f"{case.target.words} was reached and refused: nothing listens on that port",
            (Evidence(last.end.node, f"tcpdump -i {last.end.interface}", _refusal(case)),),
        )  # fmt: skip
    elif loss.what == "silent":
        yield Cause(
            "silent", last.end.node,
            f"the request reached {last.end.interface} of {last.end.namespace or last.end.node}, "
            "and nothing was sent back from there", sure=False,
        )  # fmt: skip


def _refusal(case: Case) -> str:
    return "ICMP: port unreachable" if case.story.errors else "RST"


def _unknown(case: Case, loss: Loss) -> Cause:
    where = loss.last.end if loss.last else None
    node = where.node if where else case.client.node
    return Cause(
        "unknown", node,
        "nothing that was asked explains it: no table, no counter, no message of the kernel",
        sure=False,
    )  # fmt: skip
