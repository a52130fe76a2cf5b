"""What the kernel said of one packet: the rules it fitted, and how it was rewritten.

Three commands tell it. `xtables-monitor --trace` and `nft monitor trace` print every rule that a
traced packet fitted, and the packet as it came to each base chain. `conntrack -L` has the rewriting
of a connection, and of both directions, but no rules. The first two give a packet another id at
another hook (the id is a hash over the packet and its interfaces: net/netfilter/nf_tables_trace.c),
so its own IP identification and source port join them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from macros.ground.errors import GuideError
from macros.kinds import conntrack
from macros.ways.ruleset import Packet

_XT_PACKET = re.compile(r"^PACKET: \d+ (?P<id>[0-9a-f]+) (?P<words>.*)$")
_XT_TRACE = re.compile(
    r"^ ?TRACE: \d+ (?P<id>[0-9a-f]+) (?P<table>[^:\s]+):(?P<chain>[^:\s]+):"
    r"(?:rule:0x[0-9a-f]+:(?P<verdict>\S+?)(?::\S+)?\s+(?:ip6?tables|-[46]) -t \S+ (?P<rule>-A .*)"
    r"|(?:policy|return):.*)$"
)
_NFT = re.compile(
    r"^trace id (?P<id>[0-9a-f]+) (?P<family>\S+) (?P<table>\S+) (?P<chain>\S+) "
    r"(?:packet: (?P<packet>.*)"
    r"|rule (?P<rule>.*) \(verdict (?P<verdict>[^)]*)\)"
    r"|(?:conntrack:|verdict|policy|unknown).*)$"
)
_NFT_WORD = re.compile(
    r'(iif|oif) "?([^"\s]+)"?|(ip6?) (saddr|daddr|id) (\S+)|(tcp|udp|sctp) (sport|dport) (\d+)'
    r"|meta mark (\S+)|(icmp) type"
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A rule that the packet fitted: its text, and the verdict as the tool prints it."""

    table: str
    chain: str
    text: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The packet as it came to a base chain of `table`, and the rules that it fitted from there.

    `ip_id` is the identification in its IP header; None where the tool does not tell. `chain` is
    the base chain.
    """

    table: str
    packet: Packet
    ip_id: int | None
    fitted: tuple[Fitted, ...] = ()
    chain: str = ""

    @property
    def hook(self) -> str:
        """The hook in small letters, where the chain is called as iptables calls its own."""
        return self.chain.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one packet. `before` is how it was sent.

    `stages` come from a trace, in order of time. `dnat` is where its destination was rewritten to
    (`10.42.2.2:80`), empty if it was not; `snat` the same for its source. None: not known.
    """

    source: Literal["trace", "conntrack"]
    before: Packet
    stages: tuple[Stage, ...] = ()
    dnat: str | None = None
    snat: str | None = None

    def fitted(self, table: str) -> tuple[Fitted, ...]:
        """The rules of one table that it fitted, in order."""
        return tuple(rule for s in self.stages for rule in s.fitted if rule.table == table)


def read(text: str, table: str = "") -> tuple[Evidence, ...]:
    """The packets in an output of one of the three tools that met rules of `table`, or of any.

    GuideError where it is of none of the three, or no packet in it met such rules.
    """
    lines = text.splitlines()
    if any(_XT_PACKET.match(line) or _XT_TRACE.match(line) for line in lines):
        stages = list(_xtables(lines))
    elif any(_NFT.match(line) for line in lines):
        stages = list(_nft(lines))
    else:
        return tuple(_tracked(flow) for flow in conntrack.read(text))
    packets = [packet for packet in _joined(stages) if not table or packet.fitted(table)]
    if not packets:
        raise GuideError(
            f"no traced packet met a rule of table {table}; the first of a connection does"
        )
    return tuple(packets)


def _joined(stages: Sequence[Stage]) -> Iterator[Evidence]:
    """One packet's stages together."""
    packets: dict[object, list[Stage]] = {}
    for stage in stages:
        key = (stage.packet.protocol, stage.packet.source, stage.packet.source_port, stage.ip_id)
        packets.setdefault(key, []).append(stage)
    for together in packets.values():
        first, last = together[0].packet, together[-1].packet
        seen_after = any(stage.packet.leaves for stage in together)
        dnat = None
        if seen_after:
            dnat = "" if last.to_text == first.to_text else last.to_text
        yield Evidence("trace", first, tuple(together), dnat)


def _xtables(lines: Sequence[str]) -> Iterator[Stage]:
    """Stages in the output of `xtables-monitor --trace` (iptables/xtables-monitor.c)."""
    stage: Stage | None = None
    fitted: list[Fitted] = []
    for line in lines:
        if packet := _XT_PACKET.match(line):
            if stage is not None:
                yield replace(stage, fitted=tuple(fitted))
            stage, fitted = _xt_stage(packet["words"]), []
        elif (trace := _XT_TRACE.match(line)) and stage is not None:
            # The first line after a packet is of the base chain: a rule there leads to all others.
            stage = replace(stage, table=trace["table"], chain=stage.chain or trace["chain"])
            if trace["rule"]:
                verdict = {"0xfffffffb": "RETURN"}.get(trace["verdict"], trace["verdict"])
                fitted.append(Fitted(trace["table"], trace["chain"], trace["rule"], verdict))
    if stage is not None:
        yield replace(stage, fitted=tuple(fitted))


def _xt_stage(words: str) -> Stage:
    fields = dict(re.findall(r"(\w+)=(\S*)", words))
    # The protocol has no word of its own: flags tell TCP, a checksum length UDP.
    protocol = {"6": "tcp", "17": "udp", "1": "icmp"}.get(fields.get("PROTO", ""), "")
    if not protocol:
        protocol = "tcp" if re.search(r"\b(SYN|ACK|FIN|RST)\b", words) else ""
    if not protocol:
        protocol = "udp" if "SPORT" in fields else "icmp"
    packet = Packet(
        protocol=protocol,
        source=fields["SRC"],
        destination=fields["DST"],
        source_port=int(fields["SPORT"]) if "SPORT" in fields else None,
        destination_port=int(fields["DPORT"]) if "DPORT" in fields else None,
        mark=int(fields.get("MARK", "0"), 0),
        arrives=fields.get("IN") or None,
        leaves=fields.get("OUT") or None,
    )
    return Stage("", packet, int(fields["ID"]) if "ID" in fields else None)


def _nft(lines: Sequence[str]) -> Iterator[Stage]:
    """Stages in the output of `nft monitor trace` (nftables, src/netlink.c, trace_print_*)."""
    stage: Stage | None = None
    fitted: list[Fitted] = []
    for line in lines:
        trace = _NFT.match(line)
        if trace is None:
            continue
        if trace["packet"] is not None:
            if stage is not None:
                yield replace(stage, fitted=tuple(fitted))
            stage, fitted = _nft_stage(trace["table"], trace["chain"], trace["packet"]), []
        elif trace["rule"] is not None and stage is not None:
            fitted.append(
                Fitted(trace["table"], trace["chain"], trace["rule"].strip(), trace["verdict"])
            )
    if stage is not None:
        yield replace(stage, fitted=tuple(fitted))


def _nft_stage(table: str, chain: str, words: str) -> Stage:
    fields: dict[str, str] = {}
    for match in _NFT_WORD.finditer(words):
        interface, name, family, field, address, protocol, port, number, mark, icmp = match.groups()
        if interface:
            fields[interface] = name
        elif family:
            fields[field] = address
        elif protocol:
            fields |= {"protocol": protocol, port: number}
        elif mark:
            fields["mark"] = mark
        elif icmp:
            fields["protocol"] = icmp
    packet = Packet(
        protocol=fields.get("protocol", "?"),
        source=fields.get("saddr"),
        destination=fields["daddr"],
        source_port=int(fields["sport"]) if "sport" in fields else None,
        destination_port=int(fields["dport"]) if "dport" in fields else None,
        mark=int(fields.get("mark", "0"), 0),
        arrives=fields.get("iif"),
        leaves=fields.get("oif"),
    )
    ip_id = int(fields["id"]) if fields.get("id", "").isdigit() else None
    return Stage(table, packet, ip_id, chain=chain)


def _tracked(flow: conntrack.Flow) -> Evidence:
    sent = flow.original
    packet = Packet(flow.protocol, sent.src, sent.dst, sent.sport, sent.dport)
    return Evidence("conntrack", packet, (), flow.dnat or "", flow.snat or "")
