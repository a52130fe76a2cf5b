"""Rules that can have ended a request: by their counters, what they say, and the kernel's word.

A counter that grew may be about packets of others. It is no guess only where the rule, or one that
leads to it, names what the request has, or where the kernel told of such a drop at that moment.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from macros.ground.errors import GuideError
from macros.kinds import rules
from macros.kinds.rules import Table
from macros.packets import conversations
from macros.tracer import kernel_words
from macros.tracer.cause import Case, Cause, Evidence
from macros.tracer.loss import Loss
from macros.tracer.node_look import Counted, Look
from macros.tracer.story import host_of
from macros.tracer.way import Stop

_OUTER = {"vxlan": {"udp"}, "geneve": {"udp"}, "wireguard": {"udp"}, "ipip": {"4", "ipencap"}}
_OUTER_GRE = {"47", "gre", "41", "ipv6", "4", "ipencap"}
"""Protocols that carry a tunnel, as iptables calls them: /etc/protocols."""
_SAYS = {
    True: "a rule on {node} matches the packet and drops it",
    False: "on {node} what no rule has let pass is dropped",
}
_TOO_BIG = re.compile(
    r"-type (?:3|3/4|fragmentation-needed|2|packet-too-big)\b|frag-needed|packet-too-big"
)
_ADDRESS = re.compile(
    r"(?P<not>! )?(?:-(?P<short>[sd])|(?:ip6? )(?P<long>saddr|daddr)) "
    r"(?P<ne>!= )?(?P<value>[0-9a-f.:/]+)"
)
_PROTOCOL = re.compile(r"(?<!! )-p (\w[\w-]*)|\b(tcp|udp) [sd]port\b|\b(icmp|icmpv6) type\b")
_PORTS = re.compile(r"(?<!! )(?:--|\b)[sd]ports? (?!!=)(\{[^}]*\}|[\d,:-]+)")
_FACE = re.compile(r'(?<!! )(?:-[io]|[io]ifname) "?([\w.@-]+)"?(?=$| )')


def of(case: Case, loss: Loss) -> Iterator[Cause]:
    """Rules that drop or reject and have counted since before the request: the likeliest first."""
    stops = [stop for stop in (loss.last, loss.next) if stop is not None]
    for node in dict.fromkeys(stop.end.node for stop in stops):
        before, after = case.terrain.looks.get(node), case.after.get(node)
        if before is None or after is None:
            continue
        about = _About(case, loss, node, after)
        told = [(rule, was, about.fits(rule)) for rule, was in counted(before, after)]
        possible = [one for one in told if one[2] is not False]
        unnamed = [rule for rule, _, fits in possible if not fits and not _is_of_strays(rule)]
        for rule, was, fits in sorted(
            possible, key=lambda one: (not one[2], _is_of_strays(one[0]))
        ):
            alone = len(unnamed) == 1 and about.kernels_word
            sure = bool(fits) or (alone and rule in unnamed)
            yield _cause(rule, was, node, sure=sure and not _is_of_strays(rule))
        if not any(fits for _, _, fits in possible):
            yield from _uncounted(about, after)


def _cause(rule: Counted, was: int, node: str, *, sure: bool) -> Cause:
    rejects = rule.verdict == "REJECT"
    what, ended = ("refuses", "rejected") if rejects else ("drops", "dropped")
    does = f"{what} it" if sure else f"{what} packets, perhaps this one"
    grown = (rule.packets or 0) - was
    times = "a packet" if grown == 1 else f"{grown} packets"
    return Cause(
        "rule-rejected" if rejects else "rule-dropped", node,
        f"a rule on {node} {does}: chain {rule.chain} of table {rule.table} {ended} "
        f"{times} while the request was under way",
        (Evidence(node, rule.lists, f"{rule.text}  ({was} before, {rule.packets} after)"),), sure,
    )  # fmt: skip


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


def _uncounted(about: "_About", after: Look) -> Iterator[Cause]:
    """Rules that drop and do not count: what they say fits, and only the kernel proves it."""
    if not about.kernels_word:
        return
    for rule in after.ending:
        policy = rule.text.startswith("type ")  # the end of a chain, for what no rule has let pass
        fits = about.fits(rule)
        if rule.packets is None and (fits or (policy and fits is not False)):
            yield Cause(
                "rule-dropped", about.node,
                f"{_SAYS[bool(fits)].format(node=about.node)} (chain {rule.chain} of table "
                f"{rule.table}; it does not count), and the kernel says that a rule did",
                (Evidence(about.node, rule.lists, rule.text),), sure=bool(fits),
            )  # fmt: skip


@dataclass(frozen=True)
class _About:
    """What the request has on a node that a rule can name."""

    case: Case
    loss: Loss
    node: str
    look: Look

    @cached_property
    def kernels_word(self) -> bool:
        """Whether the kernel told of a rule that dropped a packet, of every try."""
        lost = self.loss.sight
        times = kernel_words.tries(self.case.story.sights, lost) if lost else []
        own = [drop for drop in self.case.drops if drop.node == self.node]
        return kernel_words.of_every([drop for drop in own if "NETFILTER" in drop.reason], times)

    @cached_property
    def stops(self) -> Sequence[Stop]:
        """Where it was last seen, and should have been next, as far as that is this node."""
        both = (self.loss.last, self.loss.next)
        return [stop for stop in both if stop is not None and stop.end.node == self.node]

    @cached_property
    def tunnels(self) -> frozenset[str]:
        """The kinds of tunnel whose outer packet was lost there, or may have been."""
        return frozenset(stop.wrapped for stop in self.stops if stop.wrapped)

    @cached_property
    def own(self) -> bool:
        """Whether it is for the node itself, or from it: rules for that come in."""
        way = self.loss.way
        outer = [stop.end for stop in (*way.stops[:1], *way.stops[-1:])]
        ends = [stop.end for stop in self.stops if stop.end in outer and not stop.end.namespace]
        return bool(self.tunnels or ends)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """All that it has on its way, also of the packets around it."""
        story, target = self.case.story, self.case.target
        # What was dropped on its way to an endpoint was never seen under the endpoint's address.
        names = {*story.clients, *story.servers, target.address, self.loss.way.source}
        names |= {endpoint.address for endpoint in target.endpoints}
        for sight in story.sights:
            for visit in sight.journey.visits:
                names |= {*map(host_of, conversations.ends(visit.packet))}
        if self.tunnels:
            names |= {one for own in self.case.facts.nodes.values() for one in own}
        return frozenset(names - {""})

    @cached_property
    def ports(self) -> frozenset[int]:
        """Its own at both ends, and those of tunnels."""
        numbers = {*self.case.target.ports}
        for sight in self.case.story.sights:
            for end in conversations.ends(sight.packet):
                port = end.removesuffix("]").rpartition(":")[2]
                numbers |= {int(port)} if port.isdigit() else set()
        numbers |= {stop.port for stop in self.loss.way.stops if stop.port}
        return frozenset(numbers)

    @cached_property
    def protocols(self) -> frozenset[str]:
        """Its own, and those that carry it."""
        seen = {conversations.named_ends(s.packet)[0].lower() for s in self.case.story.sights}
        seen |= {self.case.target.protocol} if not seen else set()
        for kind in self.tunnels:
            seen |= _OUTER.get(kind, _OUTER_GRE)
        return frozenset(seen)

    @cached_property
    def faces(self) -> Mapping[str, str]:
        """The interfaces of the node's own that it passes, or may pass, with their kinds."""
        stops = (*self.loss.way.stops, *self.case.story.stops)
        own = {stop.end: stop.kind for stop in stops if stop.end.node == self.node}
        return {end.interface: kind for end, kind in own.items() if not end.namespace}

    @cached_property
    def listed(self) -> Mapping[tuple[str, int], Mapping[str, Table]]:
        """The tables of iptables, by the tool and the number of its listing."""
        found: dict[tuple[str, int], Mapping[str, Table]] = {}
        for tool in ("iptables", "ip6tables"):
            for number, text in enumerate(self.look.listings(tool)):
                try:
                    found[tool, number] = rules.parse(text, "filter")
                except GuideError:
                    continue
        return found

    def fits(self, rule: Counted) -> bool | None:
        """Whether a rule can be about it: True where it names it, None where it says nothing."""
        six = rule.lists.startswith("ip6tables")
        other = all((":" in address) != six for address in self.addresses)
        if rule.lists.startswith(("iptables", "ip6tables")) and not self.tunnels and other:
            return False
        said = self._hook(rule.hook, rule.text)
        found = [said, self.names(rule.text), self._ways_to(rule)]
        return False if False in found else any(found) or None

    def _hook(self, hook: str, text: str) -> bool | None:
        """What is for the node itself, or from it, does not pass its rules for others."""
        if hook in ("input", "output") and not self.own and not _TOO_BIG.search(text):
            return False
        return None

    def _ways_to(self, rule: Counted) -> bool | None:
        """What the rules say that lead to a rule's chain."""
        tool = rule.lists.partition(" ")[0]
        answers = [
            self._to_chain(tables[rule.table], rule.chain, rule.text, frozenset())
            for (own, _), tables in self.listed.items()
            if own == tool and rule.table in tables and rule.chain in tables[rule.table].chains
        ]
        known = [answer for answer in answers if answer is not False]
        return (any(known) or None) if known or not answers else False

    def _to_chain(self, table: Table, name: str, text: str, seen: frozenset[str]) -> bool | None:
        """What leads to a chain; `text` is the rule there that is asked about."""
        chain = table.chains[name]
        if chain.policy or name in seen:
            return self._hook(name.lower(), text) if chain.policy else False
        answers: list[bool | None] = []
        for caller in table.chains.values():
            leading = [rule for rule in caller.rules if rule.target == name]
            above = self._to_chain(table, caller.name, text, seen | {name}) if leading else None
            for rule in leading:
                said = self.names(rule.text)
                answers.append(False if False in (said, above) else bool(said or above) or None)
        if not answers:
            return None
        known = [answer for answer in answers if answer is not False]
        return (any(known) or None) if known else False

    def names(self, text: str) -> bool | None:
        """What a rule says: True where it names the request, False where it is against it."""
        found = [*self._protocol(text), *self._ports(text), *self._faces(text)]
        found += self._addresses(text)
        return False if False in found else any(found) or None

    def _protocol(self, text: str) -> Iterator[bool | None]:
        for match in _PROTOCOL.finditer(text):
            name = next(word for word in match.groups() if word)
            if name.startswith("icmp") or "icmp" in name:
                own = any("icmp" in known for known in self.protocols)
                yield None if own else bool(_TOO_BIG.search(text))
            elif name not in {*self.protocols, "all"}:
                yield False

    def _ports(self, text: str) -> Iterator[bool | None]:
        for match in _PORTS.finditer(text):
            ranges = [word for word in re.split(r"[,{}\s]+", match[1]) if word]
            if not all(re.fullmatch(r"\d+(?:[:-]\d+)?", word) for word in ranges):
                continue
            ends = [[int(number) for number in re.split("[:-]", word)] for word in ranges]
            inside = any(end[0] <= port <= end[-1] for end in ends for port in self.ports)
            yield (len(ends) == 1 and len(ends[0]) == 1) or None if inside else False

    def _faces(self, text: str) -> Iterator[bool | None]:
        for match in _FACE.finditer(text):
            if match[1] not in self.faces:
                yield False
            elif self.faces[match[1]] == "veth":
                yield True

    def _addresses(self, text: str) -> Iterator[bool | None]:
        for word in _ADDRESS.finditer(text):
            try:
                network = ipaddress.ip_network(word["value"], strict=False)
            except ValueError:
                continue
            if word["not"] or word["ne"]:
                continue
            inside = any(_in(address, network) for address in self.addresses)
            small = network.max_prefixlen - network.prefixlen <= (8 if network.version == 4 else 64)
            yield (small or None) if inside else False


def _in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False
