"""Selection: the packets, and the messages in them, that a page means by a number or by words."""

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from macros.ground.errors import BeyondError, GuideError
from macros.packets import bgp, numbers, summary
from macros.packets.conversations import ends
from macros.packets.names import SHORT
from macros.packets.packet import Layer, Packet
from macros.packets.streams import flags_of

_FLAGS = frozenset(flag.lower() for flag in numbers.TCP_FLAGS)
_ADDRESSES = ("src", "dst", "sender_ip", "target_ip", "sender_mac", "target_mac")
_HTTP = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) |HTTP/")
_TERMS = (
    "a number",
    "arp request",
    "icmp echo reply",
    "tcp syn",
    "tcp syn ack",
    "udp",
    "http GET",
    "an address",
    "from ADDRESS",
    "to ADDRESS",
    "port NUMBER",
    "vxlan",
    "bgp open",
    "bgp update PREFIX",
    "and #2 for the second of those",
)
_TABLES = (numbers.PROTOCOLS, numbers.ARP_OPERATIONS, numbers.ICMP, numbers.ICMPV6)
_COMMON = frozenset(
    {
        *(word.lower() for word in SHORT.values()),
        *(word for table in _TABLES for name in table.values() for word in name.lower().split()),
        *_FLAGS,
        *("from", "to", "port", "get", "post", "query", "response", "ipip"),
        *("open", "update", "keepalive", "notification", "announced", "withdrawn"),
    }
)
"""Words of matches that an author may have meant by one that is misspelt, in small letters."""


class Meant(NamedTuple):
    """What a match means: a packet, and the message in it where the words are of one."""

    packet: Packet
    message: Layer | None


@dataclass(slots=True)
class Match:
    """A match, asked of the packets of a capture one by one, in their order.

    It is a packet's number, or words that must all fit: protocols (`arp`, `ip`, `icmp`, `udp`,
    `tcp`, `vxlan`, `http`, `bgp`), words of the packet's summary (`echo request`), TCP flags
    (`syn` alone is the SYN without ACK, `ack` alone one that carries nothing), an address
    anywhere, `from` or `to` an address, `port 80`. Words of a BGP message (`update`, a prefix that
    it announces or withdraws, `announced`, `withdrawn`) mean that message. `#2` takes the second
    packet that the rest matches. Capitals do not count, except in quoted text, which is looked for
    in the data. Raises GuideError where quotes are not closed.
    """

    text: str | int
    _words: list[str] = field(init=False, default_factory=list)
    _number: int | None = field(init=False, default=None)
    _ordinal: int | None = field(init=False, default=None)
    _seen: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if isinstance(self.text, int) or self.text.strip().isdecimal():
            self._number = int(self.text)
            return
        try:
            terms = shlex.split(self.text, posix=False)
        except ValueError as error:
            raise GuideError(f"packet match {self.text!r}: {error}") from error
        ordinal = next((term for term in terms if re.fullmatch(r"#\d+", term)), None)
        self._words = [term for term in terms if term != ordinal]
        self._ordinal = None if ordinal is None else int(ordinal[1:])

    def among(self, packet: Packet, also: Collection[str] = ()) -> list[Meant]:
        """What is meant of this packet, the next of the capture; `also` are words that name it."""
        if self._number is not None:
            return [Meant(packet, None)] if packet.number == self._number else []
        fitting = list(_fitting(packet, self._words, also))
        self._seen += bool(fitting)
        return fitting if self._ordinal in {None, self._seen} else []


def meant(packets: Sequence[Packet], match: str | int) -> list[Meant]:
    """All that `match` means; GuideError, with a list of what there is, where it means nothing."""
    asked = Match(match)
    hits = [hit for packet in packets for hit in asked.among(packet)]
    if not hits:
        raise _no_match(packets, match)
    return hits


def _no_match(packets: Sequence[Packet], match: str | int) -> GuideError:
    """What is said of a match that means nothing: which word is misspelt, or that it is not there.

    A number, and words that are all known, may be of a packet that came later: a BeyondError.
    """
    message, there = f"no packet matches {match!r}", _there(packets)
    terms = [term for term in _TERMS if term != str(match).lower()]
    fix = f"use {', '.join(terms)}"
    meant = _respelt(packets, str(match))
    if meant and meant != str(match):
        return GuideError(f"{message} (did you mean {meant}?) {there}", fix=fix)
    return BeyondError(f"{message} {there}", fix=fix)


def _respelt(packets: Sequence[Packet], match: str) -> str:
    """The match with each word that names nothing put right where a known one is near.

    The words of the capture's own packets come first.
    """
    from difflib import get_close_matches  # noqa: PLC0415 only where something is misspelt

    own: set[str] = set().union(*(_words(packet) for packet in packets))
    # "up" is near all that is short.
    near_to = [sorted(word for word in known if word[2:]) for known in (own, _COMMON)]
    words = []
    for word in match.split():
        low = word.lower()
        plain = word.isalpha() and low not in own and low not in _COMMON
        near = [hit for known in near_to for hit in get_close_matches(low, known, 1) if plain]
        words.append(near[0] if near else word)
    return " ".join(words)


def select(packets: Sequence[Packet], match: str | int) -> tuple[Packet, ...]:
    """The packets that `match` means (see Match); GuideError where it means none."""
    return tuple({hit.packet.number: hit.packet for hit in meant(packets, match)}.values())


def pick(packets: Sequence[Packet], match: str | int) -> Packet:
    """The one packet that `match` means; GuideError where it means none or several."""
    return pick_meant(packets, match).packet


def pick_meant(packets: Sequence[Packet], match: str | int) -> Meant:
    """The one packet that `match` means, with the first message in it that it means.

    GuideError where it means no packet or several.
    """
    hits = meant(packets, match)
    chosen = {hit.packet.number: hit.packet for hit in hits}
    if len(chosen) > 1:
        raise GuideError(
            f"{len(chosen)} packets match {match!r} {_there(tuple(chosen.values()))}",
            fix="say more, or add #1 for the first of them",
        )
    return hits[0]


def _there(packets: Sequence[Packet]) -> str:
    if not packets:
        return "(the capture has no packets)"
    lines = [f"\n    {packet.number}: {summary.summary(packet)}" for packet in packets[:20]]
    if len(packets) > 20:
        lines.append(f"\n    and {len(packets) - 20} more")
    return "among" + "".join(lines)


def _fitting(packet: Packet, words: list[str], also: Collection[str]) -> Iterator[Meant]:
    """The packet if the words fit it, or each of its messages that they are of and fit."""
    messages = packet.all(bgp.NAME)
    if not messages:
        if fits(packet, words, also):
            yield Meant(packet, None)
        return
    asked = {word.lower() for word in words}
    any_fits = False
    for message in messages:
        if not fits(alone(packet, message), words, also):
            continue
        if asked & message_words(message):
            yield Meant(packet, message)
        else:
            any_fits = True
    if any_fits:
        yield Meant(packet, None)


def alone(packet: Packet, message: Layer) -> Packet:
    """The packet as if it carried this message and no other."""
    left = (layer for layer in packet.layers if layer.name != bgp.NAME or layer is message)
    return replace(packet, layers=tuple(left))


def message_words(message: Layer) -> set[str]:
    """The words that name one BGP message: its type, its prefixes, and what it does with them."""
    routes = [layer for layer in message.fields if layer.name in {"announced", "withdrawn"}]
    return {
        bgp.what(message).lower(),
        *(route.shown for route in routes),
        *(route.name for route in routes),
    }


def fits(packet: Packet, words: list[str], also: Collection[str] = ()) -> bool:
    """Whether all words name the packet, its own or those given."""
    known = _words(packet).union(also)
    source, target = ends(packet)
    flags = {word.lower() for word in words} & _FLAGS
    if flags and not _fits_flags(packet, flags):
        return False
    rest = iter(words)
    for word in rest:
        lower = word.lower()
        if lower in {"from", "to"}:
            end = source if lower == "from" else target
            if next(rest, "") not in {end, end.rpartition(":")[0].strip("[]")}:
                return False
        elif lower == "port":
            ports = {end.rpartition(":")[2] for end in (source, target) if ":" in end}
            if next(rest, "") not in ports:
                return False
        elif word[0] in "'\"":
            if word[1:-1].encode() not in _carried(packet):
                return False
        elif lower not in flags and lower not in known:
            return False
    return True


def _fits_flags(packet: Packet, wanted: set[str]) -> bool:
    segment = packet.last("TCP")
    if segment is None or segment.get("flags") is None:
        return False
    flags = {flag.lower() for flag in flags_of(segment)}
    if not wanted <= flags:
        return False
    if "syn" in flags:
        return flags == wanted
    if wanted == {"ack"}:
        return flags == {"ack"} and segment.end == segment.offset + segment.length
    return True


def _carried(packet: Packet) -> bytes:
    return b"".join(layer.fields[0].raw for layer in packet.layers if layer.name == "Data")


def _words(packet: Packet) -> set[str]:
    """All words that can name the packet, in small letters."""
    layers = [layer for layer in packet.layers if layer.role != "quoted"]
    known = {SHORT[layer.name] for layer in layers} | {layer.name.lower() for layer in layers}
    known |= set(re.findall(r"[\w.-]+", summary.what(packet).lower()))
    if packet.first("VXLAN") is packet.first("GRE") is None and summary.carrier(packet):
        known |= {"ipip", "ip-in-ip"}
    for layer in layers:
        known |= {layer[name].shown for name in _ADDRESSES if layer.get(name) is not None}
        if layer.name == bgp.NAME:
            known |= message_words(layer)
    carried = _carried(packet)
    if _HTTP.match(carried):
        known |= {"http", *carried[:40].decode("ascii", "replace").lower().split()[:2]}
    return known
