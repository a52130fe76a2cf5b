"""A trace with other addresses and names: the same everywhere, in texts, pictures and captures.

Addresses keep what they have in common (two of one network stay in one network, whatever its
length), which is Crypto-PAn's idea (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address
Anonymization, 2002): each bit is turned by a keyed hash of those before it. Payloads are blanked.
"""

import dataclasses
import hmac
import ipaddress
import re
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from macros.packets import dissector, encrypted
from macros.packets.packet import Packet
from macros.packets.pcap import records
from macros.settle.capture import bring_in_step
from macros.tracer.cluster_facts import Facts
from macros.tracer.judging import Traced
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Target
from macros.tracer.route_answers import Question
from macros.tracer.story import Sight, Story
from macros.traces import assembly

_T = TypeVar("_T")
_MAC = r"(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:])"
_FOUR = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\d.]*\d)"
_SIX = r"(?<![0-9a-zA-Z:.])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{3,39}(?:/\d{1,3})?(?![0-9a-zA-Z:])"
_FIELDS = ("src", "dst", "sender_ip", "target_ip", "sender_mac", "target_mac")
_KEPT_NAMES = frozenset({"default", "kube-system", "outside", ""})
_WORDS = frozenset(
    {"kind", "how", "what", "ends", "wrapped", "trouble", "protocol", "verdict", "type", "phase"}
)
"""Fields of records that have one of our own words, whatever is called so in the cluster."""
_TALK = frozenset({"annotations", "managedFields"})
"""What an object of the API says of itself in anybody's words."""
_TESTS = re.compile(r"\w+\[\d+:4\] = 0x[0-9a-f]{8}(?: and \w+\[\d+:4\] = 0x[0-9a-f]{8})+")
"""Two addresses in a filter of tcpdump, four bytes a test: capture_filters.py."""
_PLAIN = re.compile(r"v?\d[\w.]*|true|false|.{,2}")
"""Values of labels that name nothing."""
_FILE, _RECORD = 24, 16  # bytes: headers of a pcap file and of each of its packets


class Masks:
    """One consistent replacement; another one for each trace."""

    def __init__(self, names: Mapping[str, str], key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._names = dict(names)
        longest = sorted(names, key=lambda name: (-len(name), name))
        words = "|".join(map(re.escape, longest)) or "(?!)"
        self._pattern = re.compile(
            f"(?P<mac>{_MAC})|(?P<six>{_SIX})|(?P<four>{_FOUR})|(?P<name>(?<![\\w-])(?:{words})(?![\\w]))"
        )

    def text(self, text: str) -> str:
        """A text with all that it names under other names."""
        return self._pattern.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        whole = match[0]
        if match["mac"]:
            return self.mac(bytes.fromhex(whole.replace(":", ""))).hex(":")
        if match["name"]:
            return self._names[whole]
        address, slash, length = whole.partition("/")
        try:
            raw = ipaddress.ip_address(address).packed
        except ValueError:
            return whole
        other = ipaddress.ip_address(self.address(raw))
        if not slash:
            return str(other)
        network = ipaddress.ip_interface(f"{other}/{length}")
        zero = ipaddress.ip_interface(whole)
        return str(network.network) if zero.ip == zero.network.network_address else str(network)

    def filter(self, text: str) -> str:
        """A command with a filter that has addresses as numbers, too."""
        return self.text(_TESTS.sub(self._tests, text))

    def _tests(self, match: re.Match[str]) -> str:
        words = re.findall(r"0x([0-9a-f]{8})", match[0])
        raw = bytes.fromhex("".join(words))
        half = len(raw) // 2
        new = iter(
            struct.unpack(f"!{len(words)}I", self.address(raw[:half]) + self.address(raw[half:]))
        )
        return re.sub(r"0x[0-9a-f]{8}", lambda _: f"0x{next(new):08x}", match[0])

    def address(self, raw: bytes) -> bytes:
        """Another address; what tells of what kind it is stays: the first byte, or fe80."""
        four = len(raw) == 4
        many = raw[0] >= 224 if four else raw[0] == 0xFF
        if many or not any(raw[1:]) or (raw[0] in (0, 127) if four else not any(raw[:-1])):
            return raw
        bits = int.from_bytes(raw)
        size = len(raw) * 8
        kept = 16 if raw[:2] == b"\xfe\x80" else 8
        out = bits >> (size - kept)
        for index in range(kept, size):
            before = bits >> (size - index)
            turned = self._hash(b"%d/%d" % (before, index)) & 1
            out = out << 1 | ((bits >> (size - index - 1)) & 1) ^ turned
        return out.to_bytes(len(raw))

    def mac(self, raw: bytes) -> bytes:
        """Another MAC of the same form: for one or for many, universal or local."""
        if not any(raw) or raw == b"\xff" * 6 or raw[0] & 1:
            return raw
        return raw[:1] + self._digest(b"mac" + raw)[:5]

    def _hash(self, data: bytes) -> int:
        return self._digest(data)[0]

    def _digest(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")

    def pcap(self, pcap: bytes) -> bytes:
        """A capture with other addresses, and its data blanked; checksums as right as they were."""
        if not pcap:
            return pcap
        _, kept = records(pcap)
        out, offset = bytearray(pcap[:_FILE]), _FILE
        for record, packet in zip(kept, dissector.packets(pcap), strict=True):
            out += pcap[offset : offset + _RECORD] + self.packet(packet)
            offset += _RECORD + len(record.data)
        return bytes(out)

    def packet(self, packet: Packet) -> bytes:
        """One packet so."""
        data = bytearray(packet.data)
        for layer in packet.layers:
            if layer.name in ("Data", "DNS", "BGP"):
                for index in range(layer.offset, min(layer.offset + layer.length, len(data))):
                    data[index] = 0x78
            for field in layer.fields:
                raw = field.raw
                if layer.name == encrypted.WIREGUARD and field.name in encrypted.KEYED:
                    data[field.first : field.last + 1] = bytes([0x78]) * len(raw)
                if field.name in _FIELDS and len(raw) in (4, 6, 16):
                    new = self.mac(raw) if len(raw) == 6 else self.address(raw)
                    struct.pack_into(f"{len(new)}s", data, field.first, new)
        bring_in_step(packet, data)
        return bytes(data)


def masks(traced: Traced, key: bytes | None = None) -> Masks:
    """The replacement for a trace: nodes, pods, namespaces and Services by numbers.

    The key is drawn anew for each trace; a test that gives its own gets the same addresses again.
    """
    facts = traced.terrain.facts
    names: dict[str, str] = {}
    for number, node in enumerate([*facts.nodes, *traced.terrain.looks]):
        names.setdefault(node, f"machine-{number}")
    for number, pod in enumerate(facts.pods):
        names.setdefault(pod.name, f"pod-{number}")
        names.setdefault(pod.group, f"group-{number}")
    for number, service in enumerate(facts.services):
        names.setdefault(service["metadata"]["name"], f"service-{number}")
        names.setdefault(service["metadata"]["namespace"], f"group-s{number}")
    for number, host in enumerate(_hosts(facts)):
        names.setdefault(host, f"host-{number}.example")
    for number, label in enumerate(_labels(facts)):
        names.setdefault(label, f"label-{number}")
    return Masks({name: new for name, new in names.items() if name not in _KEPT_NAMES}, key)


def _hosts(facts: Facts) -> Iterator[str]:
    """Names of machines elsewhere that Services stand for."""
    for service in facts.services:
        yield service["spec"].get("externalName") or ""
        balancer = (service.get("status") or {}).get("loadBalancer") or {}
        yield from (one.get("hostname") or "" for one in balancer.get("ingress") or ())


def _labels(facts: Facts) -> Iterator[str]:
    """The values of labels and selectors: they often name a product, or who makes it."""
    every = [pod.labels for pod in facts.pods]
    for one in (*facts.services, *facts.slices):
        every.append(one["metadata"].get("labels") or {})
        every.append((one.get("spec") or {}).get("selector") or {})
    for labels in every:
        yield from (value for value in labels.values() if not _PLAIN.fullmatch(value))


def anonymous(traced: Traced, key: bytes | None = None) -> Traced:
    """The same trace under other names, without what the application said."""
    other = masks(traced, key)
    made = _walk(traced, other)
    wish, outcome = made.wish, made.outcome
    if outcome.good and outcome.text.strip():
        outcome = replace(outcome, text=f"({len(traced.outcome.text)} characters)")
    if wish.kind in ("dns", "command"):
        outcome = replace(outcome, command=f"(what --{wish.kind} says)")
        wish = replace(wish, name="", command="")
    return replace(made, wish=wish, outcome=outcome)


def _walk(value: _T, other: Masks) -> _T:
    """Every text, capture and packet in a record, replaced."""
    made: Any = value
    match value:
        case str():
            made = other.text(value)
        case bytes():
            made = other.pcap(value)
        case Packet():
            pass  # what is shown of one names no address
        case Story():
            made = _story(value, other)
        case Look():
            parts = {name: other.text(text) for name, text in value.parts.items()}
            made = Look(other.text(value.node), parts, _json(value.raw, other))
        case Facts():
            made = replace(
                value,
                nodes=_walk(value.nodes, other), ranges=_walk(value.ranges, other),
                pods=_walk(value.pods, other), away=_walk(value.away, other),
                services=_json(value.services, other), slices=_json(value.slices, other),
            )  # fmt: skip
        case Target():
            plain = replace(value, service=None)
            made = replace(_record(plain, other), service=_json(value.service, other))
        case Mapping():
            made = {_walk(key, other): _walk(member, other) for key, member in value.items()}
        case Question():
            made = Question(*(other.text(member) for member in value))
        case tuple() | list():
            made = type(value)(_walk(member, other) for member in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            made = _record(value, other)
    result: _T = made
    return result


def _record(value: Any, other: Masks) -> Any:
    """A record with other names in all of its fields but those that have words of our own."""
    fields = {
        field.name: _walk(getattr(value, field.name), other)
        if field.name not in _WORDS or not isinstance(getattr(value, field.name), str)
        else getattr(value, field.name)
        for field in dataclasses.fields(value)
    }
    return type(value)(**fields)


def _json(value: Any, other: Masks) -> Any:
    """What a tool or the API printed: the names of its members are not the cluster's."""
    match value:
        case str():
            return other.text(value)
        case Mapping():
            return {key: _json(member, other) for key, member in value.items() if key not in _TALK}
        case tuple() | list():
            return type(value)(_json(member, other) for member in value)
    return value


def _story(story: Story, other: Masks) -> Story:
    """The captures under other names, read once more: what they show follows from them."""
    captures = tuple(other.pcap(capture) for capture in story.captures)
    trace = None
    if story.trace is not None:
        lanes = _walk(story.trace.lanes, other)
        trace = assembly.read(lanes, [dissector.packets(pcap) if pcap else () for pcap in captures])
    by_number = {journey.number: journey for journey in trace.journeys} if trace else {}
    sights = tuple(
        Sight(
            replace(by_number[sight.journey.number], forward=sight.forward),
            sight.forward,
            _walk(sight.stops, other),
        )
        for sight in story.sights
        if sight.journey.number in by_number
    )
    return replace(
        story, stops=_walk(story.stops, other), captures=captures, trace=trace, sights=sights,
        errors=(),
        commands=tuple(map(other.filter, story.commands)), servers=_walk(story.servers, other),
        clients=_walk(story.clients, other), note=other.text(story.note),
    )  # fmt: skip
