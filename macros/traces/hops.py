"""What happened to a packet between two interfaces: routed, rewritten, wrapped, unwrapped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from macros.ground.enumeration import in_words
from macros.packets import conversations, differences
from macros.packets.packet import Field, Layer, Packet
from macros.traces.trace import Journey, Lane, Visit

Kind = Literal["sealed", "wrap", "tag", "nat", "hop", "mac", "copy", "other"]


_PORT = "port"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened: its kind, a word for the drawing, a sentence for the text."""

    kind: Kind
    short: str
    words: str


@dataclass(frozen=True, slots=True)
class Step:
    """From one visit to the next.

    `time` is in nanoseconds, None between two nodes, whose clocks do not compare so exactly.
    `notes` are what the drawing has no room for.
    """

    before: Visit
    after: Visit
    time: int | None
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """All of it as one line; empty where nothing happened."""
        return "; ".join([*(mark.words for mark in self.marks), *self.notes])


def steps(journey: Journey, lanes: Sequence[Lane]) -> tuple[Step, ...]:
    """The steps of a journey, in order."""
    taken = [_step(earlier, later, journey, lanes) for earlier, later in pairwise(journey.visits)]
    for index in journey.sealed:
        step = taken[index]
        taken[index] = replace(step, marks=(_seal(journey), *step.marks))
    for number in _copies(journey):
        into, out = taken[number - 1], taken[number]
        taken[number - 1] = _without_nat(into, Mark("copy", "copy", _as_it_was(into)))
        taken[number] = _without_nat(out)
    return tuple(taken)


def _seal(journey: Journey) -> Mark:
    """How a packet goes past taps that see only encrypted ones."""
    if not journey.carrier:
        return Mark("sealed", "encrypted", "encrypted, in a packet that cannot be told here")
    number = journey.carrier
    words = f"encrypted, carried by no. {number}: its times and its length say so"
    return Mark("sealed", f"in no. {number}", words)


def _copies(journey: Journey) -> list[int]:
    """The visits of a copy, by their places: the packet is translated before it and behind it.

    A bridge that is listened at passes each frame up to itself, after it has sent it on to a port
    and as it was when it came (br_handle_frame_finish of net/bridge/br_input.c). A packet itself
    is not translated there and back on its way.
    """
    ends = [conversations.ends(visit.packet) for visit in journey.visits]
    return [
        number
        for number in range(1, len(ends) - 1)
        if ends[number - 1] == ends[number + 1] != ends[number]
    ]


def _as_it_was(step: Step) -> str:
    translated = [
        f"{'source' if change.after.name == 'src' else 'destination'} {change.after.shown}"
        for layer, change in differences.changes(step.before.packet, step.after.packet)
        if _is_ip(layer) and change.after is not None and change.after.name in {"src", "dst"}
    ]
    return f"a copy, as it was before it was translated: {', '.join(translated)}"


def _without_nat(step: Step, *instead: Mark) -> Step:
    others = (mark for mark in step.marks if mark.kind != "nat")
    return replace(step, marks=(*instead, *others))


def wrapping(packet: Packet) -> Literal["", "vxlan", "ip2"]:
    """What the packet is wrapped in: nothing, VXLAN, or another IP header."""
    if packet.first("VXLAN") is not None:
        return "vxlan"
    return "ip2" if len([layer for layer in packet.layers if _is_ip(layer)]) > 1 else ""


def _step(earlier: Visit, later: Visit, journey: Journey, lanes: Sequence[Lane]) -> Step:
    a, b = earlier.packet, later.packet
    same_node = lanes[earlier.lane].node == lanes[later.lane].node
    changes = differences.changes(a, b)
    wrapped, others = _wrapped(a, b, lanes[later.lane])
    marks = [*wrapped, *_tags(a, b)]
    for layer in dict.fromkeys(id(layer) for layer, _ in changes):
        of = [(changed, change) for changed, change in changes if id(changed) == layer]
        marks += _marks(of[0][0], [change for _, change in of], journey)
    # New MACs are what routing means, and a port goes with its address: no marks of their own.
    marks = _joined(marks, "TTL", [mark for mark in marks if mark.kind == "mac"])
    for end, port in (("source", "sender"), ("destination", "receiver")):
        ports = [mark for mark in marks if mark.words.startswith(f"{_PORT} of the {port}")]
        marks = _joined(marks, f": {end} ", ports)
    marks.sort(key=_turn)
    notes = [*others, *(_checksum(change) for _, change in changes)]
    time = b.time - a.time if same_node else None
    return Step(
        earlier, later, time, tuple(marks), tuple(dict.fromkeys(note for note in notes if note))
    )


def _turn(mark: Mark) -> int:
    """When the kernel does it: a destination is rewritten before routing, a source after it.

    That holds for translations and for undoing them (nf_nat_core.c, HOOK2MANIP and nf_nat_packet).
    """
    order = ("sealed", "nat", "hop", "nat, source", "tag", "wrap", "mac", "copy", "other")
    source = mark.kind == "nat" and (": source " in mark.words or "of the sender" in mark.words)
    return order.index("nat, source" if source else mark.kind)


def _joined(marks: Sequence[Mark], words: str, others: Sequence[Mark]) -> list[Mark]:
    """`others` become words of the mark that says `words`, where there is one beside them."""
    first = next((mark for mark in marks if words in mark.words and mark not in others), None)
    if first is None:
        return list(marks)
    whole = replace(first, words=", ".join(mark.words for mark in (first, *others)))
    return [whole if mark is first else mark for mark in marks if mark not in others]


def _is_ip(layer: Layer) -> bool:
    return layer.name in {"IPv4", "IPv6"} and layer.role != "quoted"


_FRAME = 0x6558
"""What GRE says it carries where that is an Ethernet frame: IANA "ieee-802-numbers"."""
_LINKS = frozenset({"Ethernet", "Linux cooked", "Linux cooked v2"})


def _wrapped(a: Packet, b: Packet, there: Lane) -> tuple[list[Mark], list[str]]:
    """Headers put before the packet or taken off, the link's own Ethernet header aside."""
    more = _without_link(b) - _without_link(a)
    joined = differences.pairs(a.layers, b.layers)
    put = [after for before, after in joined if before is None and after is not None]
    off = [before for before, after in joined if after is None and before is not None]
    marks, notes = [], []
    changed = put if more > 0 else off
    tunnel = next((layer for layer in changed if _is_ip(layer) and layer.get("dst")), None)
    if tunnel is not None and more:
        ends = f"{tunnel['src'].shown} > {tunnel['dst'].shown}"
        names = _listed([layer.name for layer in changed if _is_wrapping(layer, changed)])
        if more > 0:
            words = f"wrapped: {names} put before it, {more} bytes, {ends}"
            marks.append(Mark("wrap", f"+{more} B", words))
        else:
            words = f"unwrapped: {names} taken off, {-more} bytes"
            marks.append(Mark("wrap", f"\N{MINUS SIGN}{-more} B", words))
    linked = [_has_link(packet) for packet in (a, b)]
    if linked == [True, False]:
        notes.append(f"{there.interface} shows no Ethernet header")
    return marks, notes


def _tags(a: Packet, b: Packet) -> list[Mark]:
    """VLAN tags put into the frame or taken out; IEEE 802.1Q, section 9."""
    marks = []
    for before, after in differences.pairs(a.layers, b.layers):
        tag = after if before is None else before if after is None else None
        if tag is None or tag.name != "VLAN":
            continue
        vlan = tag["vlan"].shown
        if before is None:
            words = f"tagged: VLAN {vlan}, {tag.length} bytes put in behind the addresses"
            marks.append(Mark("tag", f"+tag {vlan}", words))
        else:
            words = f"untagged: VLAN {vlan}, {tag.length} bytes taken out"
            marks.append(Mark("tag", f"\N{MINUS SIGN}tag {vlan}", words))
    return marks


def _is_wrapping(layer: Layer, changed: Sequence[Layer]) -> bool:
    """Whether a header belongs to the tunnel; the link's own does where it carries a whole frame.

    IP-in-IP carries no Ethernet, so an Ethernet header in front is the link's.
    """
    framed = any(
        layer.name == "VXLAN" or (layer.name == "GRE" and layer["protocol"].value == _FRAME)
        for layer in changed
    )
    return layer.name not in {"Data", "Padding"} and (framed or layer.name != "Ethernet")


def _without_link(packet: Packet) -> int:
    """The bytes on the wire behind the link's own header, or behind tcpdump's stand-in for it."""
    first = packet.layers[0] if packet.layers else None
    return packet.wire - (first.length if first is not None and first.name in _LINKS else 0)


def _has_link(packet: Packet) -> bool:
    return bool(packet.layers) and packet.layers[0].name == "Ethernet"


def _marks(layer: Layer, changes: Sequence[differences.Change], journey: Journey) -> list[Mark]:
    by_name = {change.after.name: change for change in changes if change.after is not None}
    of = "" if layer.role in {"", "inner"} else f" of the {layer.role} header"
    marks: list[Mark] = []
    if layer.name == "Ethernet":
        told = [
            f"{'from' if name == 'src' else 'to'} {_arrow(by_name[name])}"
            for name in ("src", "dst")
            if name in by_name
        ]
        return [Mark("mac", "MACs", f"MACs{of} rewritten: {', '.join(told)}")] if told else []
    if _is_ip(layer):
        if "ttl" in by_name:
            marks.append(_ttl(by_name["ttl"], of))
        marks += [_nat(name, by_name[name], journey) for name in ("src", "dst") if name in by_name]
    for name, what in (("sport", "port of the sender"), ("dport", "port of the receiver")):
        if name in by_name:
            marks.append(Mark("nat", _PORT, f"{what}{of} {_arrow(by_name[name])}"))
    known = {"src", "dst", "ttl", "sport", "dport", "checksum", "length", "id"}
    for name, change in by_name.items():
        if name not in known and layer.name not in {"Data", "Padding"}:
            marks.append(Mark("other", change.label, f"{change.label}{of} {_arrow(change)}"))
    if layer.name == "Data":
        marks.append(Mark("other", "data", "its data is another"))
    return marks


def _ttl(change: differences.Change, of: str) -> Mark:
    """A router makes the TTL one less; what falls by more passed routers that nobody listened at.

    A TTL that rises was set by a rule.
    """
    words = f"TTL{of} {_arrow(change)}"
    if change.before is None or change.after is None:
        return Mark("other", "TTL", words)
    less = int(change.before.value) - int(change.after.value)
    if less == 1:
        return Mark("hop", "routed", f"routed: {words}")
    return Mark("other", f"TTL {-less:+d}".replace("-", "\N{MINUS SIGN}"), words)


def _nat(name: str, change: differences.Change, journey: Journey) -> Mark:
    """A new address: translated on the way there, translated back on the way back.

    Who answers a translated packet gets its own translation undone: the source of an answer was
    the destination of what was asked (conntrack; Documentation/networking/nf_conntrack).
    """
    undone = not journey.forward
    destination = (name == "dst") != undone
    short = "DNAT" if destination else "SNAT"
    end = "source" if name == "src" else "destination"
    kind = "destination NAT" if destination else "source NAT"
    words = f"{kind}{' undone' if undone else ''}: {end} {_arrow(change)}"
    return Mark("nat", f"un-{short}" if undone else short, words)


def _arrow(change: differences.Change) -> str:
    return f"{_shown(change.before)} → {_shown(change.after)}"


def _shown(field: Field | None) -> str:
    return "none" if field is None else field.shown


def _checksum(change: differences.Change) -> str:
    before, after = change.before, change.after
    if before is None or after is None or before.name != "checksum" or before.state == after.state:
        return ""
    if (before.state, after.state) == ("partial", "right"):
        return "the checksum that was left to the network card is filled in"
    return f"checksum {before.state or 'none'} → {after.state or 'none'}"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"an outer {names[0]} header"
    return in_words(names)
