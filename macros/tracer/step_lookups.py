"""The look-ups that decide a step, each with its answer and with what is wrong about it, if so."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import replace

from macros.figures.topology.observation import Interface, Namespace
from macros.tracer.access import enter
from macros.tracer.cluster_facts import family
from macros.tracer.route_answers import Question, RouteAnswer
from macros.tracer.terrain import DEFAULT_ENTRY, Spot, Terrain
from macros.tracer.way import Lookup, Stop, Trouble

_REFUSALS: tuple[tuple[str, Trouble], ...] = (
    ("Invalid cross-device link", "rp-filter"),
    ("No route to host", "no-route"),
    ("Network is unreachable", "no-route"),
    ("Permission denied", "blackhole"),
    ("Invalid argument", "blackhole"),
)
"""The kernel's words where it has no route: inet_rtm_getroute() of net/ipv4/route.c."""


def route(
    terrain: Terrain, question: Question, answer: RouteAnswer, *, off: bool = False
) -> Lookup:
    """What a routing table answered; `off` where forwarding is, so that it answers nothing else."""
    known = answer.route
    where = f"{question.node}{f', {question.space},' if question.space else ''}"
    if known is None:
        refused = _no_route(terrain, question, answer, where)
        return replace(refused, trouble="") if off and refused.trouble == "no-route" else refused

    def said(words: str, trouble: Trouble = "") -> Lookup:
        spot = (question.node, question.space)
        return Lookup(*spot, answer.command, answer.text, words, trouble)

    if known.type == "local":
        return said(f"{question.to} is an address of {where} itself")
    if known.type != "unicast":
        return said(f"{where} has a {known.type} route for {question.to}", "blackhole")
    via = f"by {known.via} " if known.via else ""
    return said(f"{where} sends it {via}out of {known.dev}")


def _no_route(terrain: Terrain, question: Question, answer: RouteAnswer, where: str) -> Lookup:
    """The kernel knows no way: which route says so, and whether there is one at all."""
    refused: Trouble = next(
        (trouble for words, trouble in _REFUSALS if words in answer.text), "no-route"
    )
    refusing = _refusing(terrain, question)
    output, command, trouble = answer.text, answer.command, refused
    words = f"{where} has no route to {question.to}"
    if refusing:
        output, trouble = f"{answer.text}\n{refusing}", "blackhole"
        command = f"{answer.command}; ip route show table all"
        words = f"{where} has a route for {question.to} that throws it away: {refusing.strip()}"
    elif refused == "rp-filter":
        words = (
            f"{where} does not expect {question.source} at {question.iif}: its way back leads "
            "elsewhere, and rp_filter is on"
        )
    elif refused == "blackhole":
        words = f"{where} does not route {question.to} from {question.source or 'itself'}"
        trouble = "no-route"
    return Lookup(question.node, question.space, command, output, words, trouble)


def _refusing(terrain: Terrain, question: Question) -> str:
    """The line of the longest route that has the address, where it is one that refuses."""
    if question.space:
        return ""
    wanted = ipaddress.ip_address(question.to)
    best, line_of = -1, ""
    for line in terrain.looks[question.node].parts["routes"].splitlines():
        words = line.split()
        refuses = words[:1] and words[0] in ("blackhole", "unreachable", "prohibit", "throw")
        prefix = words[1] if refuses and len(words) > 1 else words[0] if words else ""
        if prefix == "default" and not refuses:
            continue
        try:
            network = ipaddress.ip_network("::/0" if prefix == "default" else prefix, strict=False)
        except ValueError:
            continue
        if network.version == wanted.version and wanted in network and network.prefixlen > best:
            best, line_of = network.prefixlen, line if refuses else ""
    return line_of


def forwarding(terrain: Terrain, iif: Spot, to: str) -> list[Lookup]:
    """Whether a node passes on what comes in there; only said where it does not."""
    if iif.space.name or terrain.place_of(to) == (iif.node, ""):
        return []
    # Of IPv6 the setting of all counts, whatever an interface has: ip6_forward() of ip6_output.c.
    name = iif.interface.name if family(to) == 4 else "all"
    key = f"net/ipv{family(to)}/conf/{name}/forwarding"
    if terrain.looks[iif.node].sysctl(key) != "0":
        return []
    return [
        Lookup(
            iif.node, "", f"sysctl {key.replace('/', '.') if '.' not in name else key}",
            f"{key.replace('/', '.') if '.' not in name else key} = 0",
            f"{iif.node} passes nothing on that comes in at {iif.interface.name}: "
            "forwarding is off",
            "forwarding-off",
        )
    ]  # fmt: skip


def down(out: Spot) -> Lookup:
    """An interface that is switched off."""
    return Lookup(
        out.node, out.space.name, f"ip link show {out.interface.name}",
        f"{out.interface.name}: state {out.interface.operstate}",
        f"{out.interface.name} of {out.node} is switched off", "link-down",
    )  # fmt: skip


def neighbour(terrain: Terrain, out: Spot, hop: str, into: list[Lookup]) -> str:
    """The MAC that a frame for the next hop gets; "" where it has to be asked for first."""
    entry = terrain.neighbour(out, hop)
    owner = terrain.owner(hop)
    real = owner.interface.mac if owner else ""
    name = out.interface.name
    command = f"{_enter(terrain, out)}ip neigh show {hop} dev {name}"
    line = _line(terrain, out, "neighbours", hop, name)
    if entry is None:
        into.append(
            Lookup(out.node, out.space.name, command, "", f"{out.node} has not asked for {hop} yet")
        )
        return real
    mac = entry.mac or ""
    if not mac:
        whom = f"nobody answered for {hop} on {name}" if "FAILED" in entry.state else ""
        words = whom or f"{hop} on {name} is being asked for"
        trouble: Trouble = "neighbour-failed" if "FAILED" in entry.state and not owner else ""
        into.append(Lookup(out.node, out.space.name, command, line, words, trouble))
        return real
    if real and mac != real and owner is not None and _settled(entry.state):
        words = f"{hop} has the MAC {real} ({_where(owner)}), and {out.node} sends to {mac}"
        wrong: Trouble = "neighbour-wrong"
        if _answers_for_many(terrain, out, mac):
            words, wrong = f"{words}, which answers for others, too", "neighbour-shared"
        into.append(Lookup(out.node, out.space.name, command, line, words, wrong))
        return mac
    into.append(Lookup(out.node, out.space.name, command, line, f"{hop} has the MAC {mac}"))
    return mac


def _answers_for_many(terrain: Terrain, out: Spot, mac: str) -> bool:
    """Whether a machine that was not looked at has that MAC, under several addresses.

    The networks of some clouds, and routers with proxy ARP, answer so for all others: no fault.
    """
    if terrain.owner_of_mac(mac) is not None:
        return False
    known = {
        entry.address
        for entry in terrain.looks[out.node].neighbours(out.space)
        if entry.dev == out.interface.name and entry.mac == mac
    }
    return len([one for one in known if not ipaddress.ip_address(one).is_link_local]) > 1


def _settled(state: str) -> bool:
    """Whether the kernel uses an entry without asking first: one that is stale is soon mended."""
    return any(word in state for word in ("PERMANENT", "REACHABLE", "NOARP", "STALE", "DELAY"))


def remote(terrain: Terrain, out: Spot, hop: str, into: list[Lookup]) -> tuple[str, str]:
    """The address that a VXLAN sends a frame for the next hop to, and the frame's MAC.

    The address is "" where it knows none.
    """
    mac = neighbour(terrain, out, hop, into)
    entry = terrain.entry(out, mac) if mac else None
    name = out.interface.name
    command = f"{_enter(terrain, out)}bridge fdb show dev {name}"
    if entry is None or entry.dst is None:
        keys = ("remote", "group", "remote6", "group6")
        fixed = next(filter(None, map(out.interface.detail.get, keys)), "")
        if fixed:
            return str(fixed), mac
        words = f"{name} of {out.node} does not know behind which machine {mac or hop} is"
        into.append(Lookup(out.node, out.space.name, command, "", words, "fdb-missing"))
        return "", mac
    line = _line(terrain, out, "fdb", entry.mac, name)
    there, owner = terrain.owner(entry.dst), terrain.owner_of_mac(mac)
    node = there.node if there else terrain.facts.node_at(entry.dst)
    if owner is not None and node != owner.node and entry.mac != DEFAULT_ENTRY:
        whose = node or "which is no node's address"
        words = (
            f"{mac} is {_where(owner)}, and {name} of {out.node} has it behind {entry.dst}, {whose}"
        )
        into.append(Lookup(out.node, out.space.name, command, line, words, "fdb-wrong"))
        return entry.dst, mac
    words = f"{mac} is behind {entry.dst}{f', {node}' if node else ''}"
    into.append(Lookup(out.node, out.space.name, command, line, words))
    return entry.dst, mac


def port(terrain: Terrain, bridge: Spot, mac: str, hop: str, into: list[Lookup]) -> Spot | None:
    """The port of a bridge that a frame leaves by."""
    owner = terrain.owner(hop)
    behind = _port_to(terrain, bridge, owner) if owner else None
    entry = terrain.entry(bridge, mac) if mac else None
    name = bridge.interface.name
    command = f"{_enter(terrain, bridge)}bridge fdb show br {name}"
    if entry is not None and entry.dev:
        line = _line(terrain, bridge, "fdb", mac, entry.dev)
        told = bridge.space.interface(entry.dev)
        wrong = behind is not None and behind.interface.name != entry.dev
        words = f"{mac} is behind the port {entry.dev}"
        if wrong and behind is not None:
            words = f"{name} has {mac} behind {entry.dev}, and it is behind {behind.interface.name}"
        into.append(
            Lookup(
                bridge.node, bridge.space.name, command, line, words,
                "fdb-wrong" if wrong else "",
            )
        )  # fmt: skip
        return Spot(bridge.node, bridge.space, told) if told else behind
    return behind


def _port_to(terrain: Terrain, bridge: Spot, owner: Spot) -> Spot | None:
    """The port whose other end is the owner's interface."""
    far = terrain.peer(owner)
    if far is not None and far.interface.master == bridge.interface.name:
        return far if far.space.inode == bridge.space.inode else None
    return None


def astray(terrain: Terrain, stops: Sequence[Stop], out: Spot, hop: str, to: str) -> Lookup:
    """A route that leads away from where the address is."""
    node, _ = terrain.place_of(to)
    taken = next(
        (
            lookup
            for stop in reversed(stops)
            for lookup in reversed(stop.lookups)
            if "ip route get" in lookup.command
        ),
        None,
    )
    near = like(terrain, out.node)
    beside = f"\nOther nodes' pods have routes of their own, such as: {near}" if near else ""
    return Lookup(
        out.node, out.space.name, taken.command if taken else f"ip route get {to}",
        taken.output if taken else "",
        f"{to} is on {node or 'a node'}, and {out.node} sends it to {hop} by {out.interface.name}, "
        f"which is no node of this cluster{beside}", "wrong-route",
    )  # fmt: skip


def router(out: Spot, hop: str, to: str, node: str) -> Lookup:
    """A next hop that is no node, and may know the way: that is no fault by itself."""
    return Lookup(
        out.node, out.space.name, f"ip route get {to}", "",
        f"{out.node} sends it to {hop} by {out.interface.name}, which is no node of this cluster: "
        f"whether that router, or a rule of the network there, passes it on to {node} is not seen",
        "router",
    )  # fmt: skip


def entrance(terrain: Terrain, node: str, to: str) -> Spot | None:
    """Where a router would hand over to a node what is for this address; None: not known."""
    for address in (to, *terrain.facts.nodes.get(node, ())):
        spot = terrain.owner(address)
        if spot is not None and spot.node == node and not spot.space.name:
            return spot
    return None


def peer(terrain: Terrain, node: str, to: str) -> str:
    """The address of the node that has `to`: where a tunnel whose peers are not seen sends it."""
    there, _ = terrain.place_of(to)
    own = terrain.facts.nodes.get(there, ()) if there != node else ()
    return own[0] if own else ""


def like(terrain: Terrain, node: str) -> str:
    """A route of this node to another node's pods."""
    ranges = [
        network
        for name, own in terrain.facts.ranges.items()
        if name != node
        for network in own
        if network
    ]
    for line in terrain.looks[node].parts["routes"].splitlines():
        if line.split()[:1] and line.split()[0] in ranges:
            return line.strip()
    return ""


def twin(node: str, space: Namespace, out: Spot) -> Spot | None:
    """The interface that takes off what `out` has put on: of the same kind, number and family."""
    same = [
        face
        for face in space.interfaces
        if face.kind == out.interface.kind
        and _outer_family(face) == _outer_family(out.interface)
        and all(
            face.detail.get(key) == out.interface.detail.get(key) for key in ("id", "port", "ikey")
        )
    ]
    return Spot(node, space, same[0]) if same else None


def _outer_family(face: Interface) -> int:
    """The family of a tunnel's outer packets, which of VXLAN and Geneve no kind tells.

    The kernel opens a socket of one family for each such interface, by its addresses
    (drivers/net/vxlan/vxlan_core.c, `vxlan_sock_add`); `ip -d` names these of IPv6 with a 6.
    """
    return 6 if any(face.detail.get(key) for key in ("local6", "remote6", "group6")) else 4


def stray(terrain: Terrain, node: str, to: str) -> str:
    """The node that really has an address, where it is another than this one."""
    owner, _ = terrain.place_of(to)
    return owner if owner and owner != node else ""


def of_pods(terrain: Terrain, address: str) -> bool:
    """Whether an address is one of the pods' ranges."""
    if not address:
        return False
    known = [network for own in terrain.facts.ranges.values() for network in own if network]
    if any(ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in known):
        return True
    return terrain.facts.pod_at(address) is not None


def masquerade(out: Spot, source: str) -> str:
    """The address that a packet gets which leaves there under the node's own name."""
    version = family(source) if source else 4
    own = (address.ip for address in out.interface.addresses if not address.link_local)
    return next((address for address in own if family(address) == version), source)


def _where(spot: Spot) -> str:
    within = f" in {spot.space.name}" if spot.space.name else ""
    return f"{spot.interface.name}{within} of {spot.node}"


def _enter(terrain: Terrain, spot: Spot) -> str:
    return enter(terrain.pids, spot.node, spot.space.name)


def _line(terrain: Terrain, spot: Spot, part: str, *words: str) -> str:
    """The line of a node's own table that has these words; "" of another namespace."""
    if spot.space.name:
        return ""
    lines = terrain.looks[spot.node].parts[part].splitlines()
    pattern = [re.compile(rf"(?<![\w.:]){re.escape(word)}(?![\w.:])") for word in words]
    return next((line.strip() for line in lines if all(p.search(line) for p in pattern)), "")
