"""What the captures tell of one request: which packets are its own, and where they were seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from macros.figures.topology.observation import End
from macros.ground import endpoints
from macros.ground.errors import GuideError
from macros.packets import conversations, dissector
from macros.packets.conversations import Flow
from macros.packets.packet import Packet
from macros.packets.pcap import records
from macros.packets.streams import flags_of
from macros.tracer.listening import Heard
from macros.tracer.request_ends import Target
from macros.tracer.way import Stop
from macros.traces import assembly, sequence, sightings
from macros.traces.trace import Journey, Lane, Trace

_ERRORS = {"ICMP": (3, 11, 12), "ICMPv6": (1, 2, 3, 4)}


@dataclass(frozen=True, slots=True)
class Sight:
    """One packet of the request: forward where the client sent it, and the stops that saw it."""

    journey: Journey
    forward: bool
    stops: tuple[Stop, ...]

    @property
    def packet(self) -> Packet:
        """As it was seen first."""
        return self.journey.visits[0].packet

    @property
    def last(self) -> Packet:
        """As it was seen last."""
        return self.journey.visits[-1].packet


@dataclass(frozen=True, slots=True)
class Story:
    """The packets of one request. `errors` are ICMP errors about it, with where they were seen.

    `partly` are the places whose captures are known to lack packets.
    """

    stops: tuple[Stop, ...]
    captures: tuple[bytes, ...]
    commands: tuple[str, ...]
    trace: Trace | None
    sights: tuple[Sight, ...]
    errors: tuple[tuple[Stop, Packet], ...]
    servers: tuple[str, ...]
    clients: tuple[str, ...]
    note: str = ""
    partly: frozenset[End] = frozenset()


def told(heard: Sequence[Heard], target: Target, clients: Sequence[str], source: str = "") -> Story:
    """Read the captures. `source` is the end that sent the request, where it is known."""
    stops = tuple(listener.stop for listener in heard)
    pcaps = [listener.pcap() for listener in heard]
    packets = [dissector.packets(pcap) if pcap else () for pcap in pcaps]
    flows = _flows(packets, target, clients, source)
    own = [_own(lane, flows) for lane in packets]
    lanes = lanes_of(stops)
    note = ""
    trace = None
    try:
        trace = assembly.read(lanes, own) if any(own) else None
    except GuideError as error:
        note = error.message
    ports = {f":{port}" for port in target.ports}
    sights = tuple(
        _sight(journey, stops, ports)
        for journey in (trace.journeys if trace else _plain(own, lanes))
    )
    errors = [
        (stop, packet) for stop, lane in zip(stops, own, strict=True) for packet in lane
        if _is_error(packet)
    ]  # fmt: skip
    sights = tuple(sight for sight in sights if not _is_error(sight.packet))
    servers = {end for flow in flows for end in (flow.first, flow.second) if _served(end, ports)}
    asking = {end for flow in flows for end in (flow.first, flow.second)} - servers
    return Story(
        stops, tuple(_only(p, of) for p, of in zip(pcaps, own, strict=True)),
        tuple(listener.command for listener in heard), trace, sights, tuple(errors),
        tuple(sorted(map(host_of, servers))), tuple(sorted(map(host_of, asking))), note,
        frozenset(listener.stop.end for listener in heard if listener.why),
    )  # fmt: skip


def lanes_of(stops: Sequence[Stop]) -> list[Lane]:
    """The lanes of a drawing, one a stop."""
    return [
        Lane(f"lane-{index}", s.end.node, s.end.namespace, s.end.namespace, s.end.interface)
        for index, s in enumerate(stops)
    ]


def _plain(own: Sequence[Sequence[Packet]], lanes: Sequence[Lane]) -> list[Journey]:
    """The packets' ways where the clocks make no sense: only a drawing needs those."""
    groups, _ = sightings.of_interest(sightings.groups(own), lanes)
    ahead = sequence.directions(groups, lanes)
    stations = sequence.stations_of(groups, lanes)
    return [
        Journey(number, way, sequence.ordered(group, lanes, forward=way, stations=stations))
        for number, (group, way) in enumerate(zip(groups, ahead, strict=True), 1)
    ]


def _served(end: str, ports: set[str]) -> bool:
    return not ports or any(end.endswith(port) for port in ports)


def host_of(end: str) -> str:
    """An end without its port, or a ping's id."""
    return endpoints.host(end.split(" id ", 1)[0])


def _flows(
    captures: Sequence[Sequence[Packet]], target: Target, clients: Sequence[str], sender: str
) -> frozenset[Flow]:
    """The request's conversation under all its names: what has the same packets is the same."""
    first = _first(captures, target, clients, sender)
    if first is None:
        return frozenset()
    flows = {first}
    while True:
        keys = {
            key
            for lane in captures
            for packet in lane
            if conversations.flow(packet) in flows and (key := sightings.key(packet))
        }
        more = {
            conversations.flow(packet)
            for lane in captures
            for packet in lane
            if sightings.key(packet) in keys and packet.last("ARP") is None
        }
        if more <= flows:
            return frozenset(flows)
        flows |= more


def _first(
    captures: Sequence[Sequence[Packet]], target: Target, clients: Sequence[str], sender: str
) -> Flow | None:
    """The conversation as the client began it; where that was not seen, as it came on.

    An application that asks all the time may have begun others before all captures listened.
    """
    servers = [(target.address, target.port), *((e.address, e.port) for e in target.endpoints)]
    for lane in captures:
        for packet in lane:
            _, source, to = conversations.named_ends(packet)
            asked = any(
                host_of(to) == address and (not port or to.endswith(f":{port}"))
                for address, port in servers
            )
            asking = source == sender if sender else not clients or host_of(source) in clients
            if asked and asking and _begins(packet):
                return conversations.flow(packet)
    return None


def _begins(packet: Packet) -> bool:
    """Whether a conversation can begin with it: a SYN, or what has none."""
    segment = packet.last("TCP")
    if segment is None:
        return packet.last("ARP") is None and not _is_error(packet)
    return flags_of(segment) == {"SYN"}


def _is_error(packet: Packet) -> bool:
    return any(
        (layer := packet.last(name)) is not None and layer["type"].value in kinds
        for name, kinds in _ERRORS.items()
    )


def _own(packets: Iterable[Packet], flows: frozenset[Flow]) -> tuple[Packet, ...]:
    """The request's packets among those of a capture, and the errors that quote them."""
    hosts = [{host_of(flow.first), host_of(flow.second)} for flow in flows]
    own = []
    for packet in packets:
        quoted = next(
            (layer for layer in packet.layers if layer.role == "quoted" and layer.get("dst")), None
        )
        if conversations.flow(packet) in flows or (
            quoted is not None and {quoted["src"].shown, quoted["dst"].shown} in hosts
        ):
            own.append(packet)
    return tuple(own)


def _only(pcap: bytes, own: Sequence[Packet]) -> bytes:
    """The capture with its own packets alone."""
    if not pcap:
        return b""
    _, every = records(pcap)
    kept, offset = bytearray(pcap[:24]), 24
    numbers = {packet.number for packet in own}
    for number, record in enumerate(every, 1):
        end = offset + 16 + len(record.data)
        if number in numbers:
            kept += pcap[offset:end]
        offset = end
    return bytes(kept)


def _sight(journey: Journey, stops: Sequence[Stop], ports: set[str]) -> Sight:
    seen = tuple(stops[visit.lane] for visit in journey.visits)
    _, source, to = conversations.named_ends(journey.visits[0].packet)
    echo = journey.visits[0].packet.last("ICMP") or journey.visits[0].packet.last("ICMPv6")
    if echo is not None:
        forward = echo["type"].value in (8, 128)
    else:
        forward = _served(to, ports) and not (_served(source, ports) and not _served(to, ports))
    return Sight(replace(journey, forward=forward), forward, seen)
