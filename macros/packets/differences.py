"""What differs between two packets seen at two places: joined header by header, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from macros.packets import numbers
from macros.packets.packet import Field, Layer, Packet

Pair = tuple[Layer | None, Layer | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs, as it was and as it is, and why if that can be said."""

    before: Field | None
    after: Field | None
    why: str

    @property
    def label(self) -> str:
        """The field's name for a reader."""
        field = self.after or self.before
        return field.label if field is not None else ""


def pairs(a: Sequence[Layer], b: Sequence[Layer]) -> list[Pair]:
    """The headers of two packets, joined from the innermost outwards.

    A header that only one of them has stands alone: it was added, or taken off.
    """
    names_a = [layer.name for layer in reversed(a)]
    names_b = [layer.name for layer in reversed(b)]
    joined: list[Pair] = []
    matcher = SequenceMatcher(None, names_a, names_b, autojunk=False)
    inside_a, inside_b = list(reversed(a)), list(reversed(b))
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if kind == "equal":
            joined += zip(inside_a[a1:a2], inside_b[b1:b2], strict=True)
        else:
            joined += [(layer, None) for layer in inside_a[a1:a2]]
            joined += [(None, layer) for layer in inside_b[b1:b2]]
    return joined[::-1]


def fields(a: Layer, b: Layer) -> list[tuple[Field | None, Field | None]]:
    """The fields of two headers of one kind, joined by name and occurrence."""

    def named(layer: Layer) -> dict[tuple[str, int], Field]:
        seen: dict[str, int] = {}
        fields_by_name = {}
        for field in layer.fields:
            seen[field.name] = seen.get(field.name, 0) + 1
            fields_by_name[field.name, seen[field.name]] = field
        return fields_by_name

    left, right = named(a), named(b)
    keys = [*left, *(key for key in right if key not in left)]
    return [(left.get(key), right.get(key)) for key in keys]


def changes(a: Packet, b: Packet) -> list[tuple[Layer, Change]]:
    """What differs between two packets in the headers that both have."""
    joined = pairs(a.layers, b.layers)
    routed = _hops(joined)
    told = []
    for before, after in joined:
        if before is None or after is None:
            continue
        differing = [pair for pair in fields(before, after) if not same(*pair)]
        names = {field.name for pair in differing for field in pair if field is not None}
        address = _address_changes(joined)
        for earlier, later in differing:
            why = _why(after, earlier, later, names | address, routed)
            told.append((after, Change(earlier, later, why)))
    return told


def same(earlier: Field | None, later: Field | None) -> bool:
    """Whether two fields hold the same bits and the same value."""
    return (
        earlier is not None
        and later is not None
        and earlier.raw == later.raw
        and earlier.value == later.value
    )


def _hops(joined: Sequence[Pair]) -> int:
    """How many routers passed the packet on in between, by the outermost common TTL."""
    for before, after in joined:
        if before is not None and after is not None and before.get("ttl") and after.get("ttl"):
            return int(before["ttl"].value) - int(after["ttl"].value)
    return 0


def _address_changes(joined: Sequence[Pair]) -> set[str]:
    names = set()
    for before, after in joined:
        if before is None or after is None or before.name not in {"IPv4", "IPv6"}:
            continue
        for name in ("src", "dst"):
            earlier, later = before.get(name), after.get(name)
            if earlier and later and earlier.raw != later.raw:
                names.add(f"ip-{name}")
    return names


def _why(
    layer: Layer, before: Field | None, after: Field | None, changed: set[str], hops: int
) -> str:
    """One sentence on a changed field; `changed` names all that changed with it."""
    if before is None or after is None:
        return "added" if before is None else "taken off"
    name = after.name
    if name == "ttl":
        if hops < 1:
            return "higher than before: this packet was sent anew"
        return "one router passed it on" if hops == 1 else f"{hops} routers passed it on"
    if layer.name == "Ethernet" and name in {"src", "dst"}:
        if hops > 0:
            return (
                "the router sends it, from its interface on this link"
                if name == "src"
                else "the next hop on this link"
            )
        return "sent by another station" if name == "src" else "for another station"
    if name == "type" and layer.name in {"Ethernet", "VLAN"}:
        if after.value in numbers.TAGS:
            return "a VLAN tag follows, which has the type of the rest"
        return "the VLAN tag is gone, and this has its type" if before.value in numbers.TAGS else ""
    if layer.name in {"IPv4", "IPv6"} and name in {"src", "dst"}:
        # Whether it was translated or turned back, one packet alone does not tell.
        return "address translation (NAT)"
    if name in {"sport", "dport"}:
        return "the port goes with the address (NAT)"
    if name == "checksum":
        return _why_checksum(layer, before, after, changed)
    return ""


def _why_checksum(layer: Layer, before: Field, after: Field, changed: set[str]) -> str:
    if before.state == "partial" and after.state == "right":
        return "completed: it was left to the network card before"
    if before.state == "right" and after.state == "partial":
        return "to be completed by the network card"
    if layer.name == "IPv4":
        rise = (int(after.value) - int(before.value)) % 0xFFFF
        if changed - {"ip-src", "ip-dst"} == {"ttl", "checksum"} and rise == 0x0100:
            # The TTL is the upper byte of its 16-bit word (RFC 1624).
            return "recomputed: the TTL fell by 1, so the checksum rose by 0x0100"
        return "recomputed: it covers this header"
    covered = "the addresses" if changed & {"ip-src", "ip-dst"} else "what changed"
    return (
        f"recomputed: it covers {covered} as well" if covered == "the addresses" else "recomputed"
    )
