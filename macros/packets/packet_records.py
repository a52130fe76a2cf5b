"""Packets as plain lists and mappings, for paths in prose: `[1].ip.ttl`."""

from collections.abc import Iterable
from typing import Any

from macros.packets import bgp
from macros.packets.names import SHORT
from macros.packets.packet import Field, Layer, Packet
from macros.packets.summary import summary


def record(packets: Iterable[Packet]) -> list[dict[str, Any]]:
    """Packets as plain lists and mappings, for paths in prose: `[1].ip.ttl`.

    Each has number, time (ns since 1970), length (on the wire), captured, summary and its layers
    by short name: eth, ip, udp, tcp, icmp, arp, vxlan, data, … An inner header is below its outer
    one (`ip.inner.ttl`; of another version of IP it has a name of its own, `ip6.ttl`), one quoted
    by an ICMP error below `quoted`. Plain numbers are numbers; everything else is the text that
    the figures show (`0x0800 IPv4`, `SYN ACK`). A header that has a checksum has
    `checksum_state`: right, wrong, partial, none or unknown. `bgp` is a list of messages, whose
    `announced` and `withdrawn` are prefixes with commas between them.
    """
    return [_record(packet) for packet in packets]


def _record(packet: Packet) -> dict[str, Any]:
    entries: dict[str, Any] = {
        "number": packet.number,
        "time": packet.time,
        "length": packet.wire,
        "captured": packet.captured,
        "summary": summary(packet),
    }
    for layer in packet.layers:
        key, values = SHORT[layer.name], _values(layer)
        if layer.name == bgp.NAME:
            values |= {name: bgp.routes(layer, name) for name in ("announced", "withdrawn")}
            entries.setdefault(key, []).append(values | {"message": bgp.what(layer)})
        elif layer.role != "quoted" and key not in entries:
            entries[key] = values
        else:
            entries.setdefault(key, {}).setdefault(layer.role or "next", values)
    return entries


def _values(layer: Layer) -> dict[str, Any]:
    carried = layer.end - layer.offset - layer.length
    values: dict[str, Any] = {"header": layer.length, "carried": carried}
    for field in layer.fields:
        values.setdefault(field.name, _value(field))
        if field.state:
            values[f"{field.name}_state"] = field.state
    if layer.name == "Data":
        values = {"length": layer.length, "text": layer.fields[0].shown}
    if layer.name == "Padding":
        values = {"length": layer.length}
    return values


def _value(field: Field) -> int | str:
    return field.value if field.shown == str(field.value) else field.shown
