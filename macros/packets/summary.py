"""A packet in one line: what it is, between whom, and in what it travels."""

import re

from macros.packets import bgp, dns, encrypted, numbers
from macros.packets.conversations import above, address, named_ends
from macros.packets.packet import Layer, Packet


def what(packet: Packet) -> str:
    """What a packet is, without its addresses: "ICMP echo request, seq 1"."""
    arp = packet.last("ARP")
    if arp is not None:
        return _what_arp(arp)
    network = address(packet)
    protocol, _, _ = named_ends(packet)
    if network is None:
        return f"{protocol} frame" if protocol != "unknown" else "data"
    transport = above(packet, network)
    fragment = network.get("fragment")
    if fragment is not None and fragment.value:
        return f"{protocol}, a later fragment (from byte {int(fragment.value) * 8})"
    text = protocol if transport is None else _what_above(packet, transport)
    if network.get("flags") and "MF" in network["flags"].shown:
        text += ", first fragment"
    return text


def _what_arp(arp: Layer) -> str:
    operation, asked = arp.get("operation"), arp.get("target_ip")
    if operation is None or asked is None:
        return "ARP"
    sender = arp["sender_ip"].shown
    if sender == asked.shown:
        return f"ARP {sender} announces itself: {arp['sender_mac'].shown}"
    if operation.value == 1:
        return f"ARP request: who has {asked.shown}? Tell {sender}"
    return f"ARP reply: {sender} is at {arp['sender_mac'].shown}"


def _what_above(packet: Packet, transport: Layer) -> str:
    data = next((layer for layer in packet.layers if layer.name == "Data" and not layer.role), None)
    carried = _announced(packet, transport)
    if transport.name == "TCP":
        text = f"TCP {transport['flags'].shown}" if transport.get("flags") else "TCP"
    elif transport.name in {"ICMP", "ICMPv6"}:
        text = _what_icmp(transport)
        carried = 0
    else:
        text = transport.name
    if carried > 0:
        text += f", {carried} {'byte' if carried == 1 else 'bytes'}"
        line = _messages(packet) or first_line(data)
        if line:
            text += f": {line}"
    return text


def _messages(packet: Packet) -> str:
    """The messages that it carries: "BGP UPDATE, End-of-RIB", "DNS query A hello.", "ESP"."""
    names = ", ".join(bgp.what(layer) for layer in packet.all(bgp.NAME))
    if names:
        return f"BGP {names}"
    names = next((f"DNS {dns.what(layer)}" for layer in packet.all(dns.NAME)), "")
    header = next((layer for layer in packet.layers if layer.name in encrypted.NAMES), None)
    return encrypted.what(header) if header is not None else names


def _announced(packet: Packet, transport: Layer) -> int:
    """The bytes it carries by what its headers say: a capture may have kept fewer."""
    network = address(packet)
    if network is None or network.name != "IPv4" or not network["length"].value:
        return transport.end - transport.offset - transport.length
    words = transport.get("data_offset")
    header = int(words.value) * 4 if words is not None else transport.length
    room = int(network["length"].value) - network.length - header
    own = transport.get("length")
    return room if own is None or int(own.value) < header else min(room, int(own.value) - header)


def _what_icmp(icmp: Layer) -> str:
    kind, code = int(icmp["type"].value), int(icmp["code"].value)
    table = numbers.ICMP if icmp.name == "ICMP" else numbers.ICMPV6
    text = f"{icmp.name} {table.get(kind, f'type {kind}')}"
    codes = numbers.ICMP_CODES if icmp.name == "ICMP" else numbers.ICMPV6_CODES
    detail = codes.get((kind, code))
    if detail:
        text += f": {detail}"
    if icmp.get("mtu"):
        text += f", MTU {icmp['mtu'].value}"
    if icmp.get("seq"):
        text += f", seq {icmp['seq'].value}"
    return text


def first_line(data: Layer | None) -> str:
    """The first line of the data where that is text, else nothing."""
    if data is None:
        return ""
    raw = data.fields[0].raw
    line = raw[:200].split(b"\n", 1)[0].strip(b"\r")
    try:
        text = line.decode("ascii")
    except UnicodeDecodeError:
        return ""
    if not text.isprintable():
        return ""
    return text if len(text) <= 48 else f"{text[:47]}…"


def summary(packet: Packet) -> str:
    """One line for a packet: "ICMP echo request 172.17.0.2 > 172.17.0.3, seq 1"."""
    _, source, target = named_ends(packet)
    text = what(packet)
    if source and packet.last("ARP") is None:
        cut = re.search(r"[:,] ", text)
        end = cut.start() if cut else len(text)
        text = f"{text[:end]} {source} > {target}{text[end:]}"
    return text + carrier(packet)


def carrier(packet: Packet) -> str:
    """How the packet travels inside another, or nothing: ", in VXLAN 1, 10.0.0.1 > 10.0.0.2"."""
    outer = next((layer for layer in packet.layers if _carries(layer)), None)
    if outer is None:
        return ""
    tunnel = packet.first("VXLAN")
    vni = tunnel.get("vni") if tunnel is not None else None
    bare = "IP-in-IP" if packet.first("GRE") is None else "GRE"
    kind = bare if vni is None else f"VXLAN {vni.shown}"
    return f", in {kind}, {outer['src'].shown} > {outer['dst'].shown}"


def _carries(layer: Layer) -> bool:
    """Whether it is the IP header around another packet."""
    return layer.role == "outer" and layer.name in {"IPv4", "IPv6"} and layer.get("dst") is not None
