"""Follows a packet through the tables of all nodes, from interface to interface.

What is asked of the kernels is asked by `RouteAnswers`; where one is missing the way ends there,
and is followed again once it has been asked. No name of an interface means anything here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from macros.figures.topology.observation import JOINING, STACKED, Namespace
from macros.tracer import step_lookups as lookups
from macros.tracer.route_answers import Question, RouteAnswers
from macros.tracer.terrain import Spot, Terrain
from macros.tracer.way import How, Lookup, Stop, Way

_TUNNELS = frozenset({"ipip", "sit", "gre", "gretap", "ip6gre", "ip6tnl", "geneve", "ip6gretap"})


@dataclass(frozen=True, slots=True)
class Start:
    """Where a packet begins: a namespace of a node that sends it."""

    node: str
    space: str


@dataclass
class _Walk:
    """A packet under way. `iif` is where it came in; None where the namespace sends it itself."""

    terrain: Terrain
    answers: RouteAnswers
    source: str
    to: str
    node: str
    space: Namespace
    iif: Spot | None = None
    stops: list[Stop] = field(default_factory=list)
    pending: list[Lookup] = field(default_factory=list)
    wrapped: str = ""
    port: int = 0
    translated: bool = False
    passed: set[tuple[Question, str]] = field(default_factory=set)

    def stop(self, spot: Spot, how: How, strange: str = "") -> None:
        """The packet comes to an interface."""
        face = spot.interface
        self.stops.append(
            Stop(
                spot.end,
                face.kind,
                how,
                tuple(self.pending),
                self.wrapped,
                face.mtu,
                face.mac,
                self.port,
                strange,
            )
        )
        self.pending.clear()

    def end(self, ends: str, words: str = "") -> Way:
        """The way as it is now."""
        return Way(
            self.source, self.to, tuple(self.stops), ends, tuple(self.pending), words,  # type: ignore[arg-type]
        )  # fmt: skip


def follow(
    terrain: Terrain,
    answers: RouteAnswers,
    start: Start,
    source: str,
    to: str,
    rewritten: Mapping[str, str] | None = None,
) -> Way:
    """The way of a packet from `source` to `to`.

    `rewritten` are addresses that rules turn into others as soon as a node gets the packet: of a
    Service the endpoint that is meant.
    """
    node = terrain.states.get(start.node)
    space = node.namespace(start.space) if node else None
    entry = None
    if space is None:
        entry = terrain.owner(to) if source else None
        if entry is None:
            return Way(source, to, (), "dark", (), f"{start.node} could not be looked at")
        space = entry.space
    walk = _Walk(terrain, answers, source, to, entry.node if entry else start.node, space, entry)
    if entry is not None:  # what is before is not known: it begins where it comes in
        walk.stop(entry, "wire")
    while True:
        done = _hop(walk, rewritten or {})
        if done is not None:
            return done


def _hop(walk: _Walk, rewritten: Mapping[str, str]) -> Way | None:
    """One routing decision and the way to the next; the whole way where it ends."""
    own = walk.iif is None and not walk.space.name
    rewrites = walk.to in rewritten and _rewrites(walk)
    if rewrites and walk.iif is not None:
        walk.to, walk.translated = rewritten[walk.to], True
    iif = walk.iif.interface.name if walk.iif else ""
    question = Question(walk.node, walk.space.name, walk.to, walk.source if iif else "", iif)
    answer = walk.answers.get(question)
    if answer is None:
        return walk.end("broken", "not asked yet")
    if (question, walk.wrapped) in walk.passed:
        return walk.end("strange", "the tables lead in a circle: something else decides here")
    walk.passed.add((question, walk.wrapped))
    off = lookups.forwarding(walk.terrain, walk.iif, walk.to) if walk.iif else []
    walk.pending += [*off, lookups.route(walk.terrain, question, answer, off=bool(off))]
    route = answer.route
    if route is None or route.type in ("blackhole", "unreachable", "prohibit"):
        return walk.end("broken", "no route")
    if own and rewrites:
        # What a node itself sends is routed, then rewritten, then routed again.
        walk.to, walk.translated = rewritten[walk.to], True
        return None
    if walk.iif is None and route.src:
        walk.source = route.src
    if route.type == "local":
        if not walk.stops and (inside := walk.space.interface(route.dev or "")):
            walk.stop(Spot(walk.node, walk.space, inside), "sent")  # to itself: by lo
        here = walk.terrain.place_of(walk.to)
        return walk.end("there" if here == (walk.node, walk.space.name) else "elsewhere")
    face = walk.space.interface(route.dev or "")
    if face is None:
        return walk.end("broken", f"the route names {route.dev}, which is not there")
    out = Spot(walk.node, walk.space, face)
    if walk.iif is not None and walk.translated and not lookups.of_pods(walk.terrain, walk.source):
        walk.source = lookups.masquerade(out, walk.source)
    walk.stop(out, "routed" if walk.iif else "sent")
    return _leave(walk, out, route.via or walk.to)


def _rewrites(walk: _Walk) -> bool:
    """Whether the machine's rules know the address: a node's own port is known there alone."""
    facts = walk.terrain.facts
    return walk.node in facts.nodes and facts.node_at(walk.to) in ("", walk.node)


def _leave(walk: _Walk, out: Spot, hop: str) -> Way | None:
    """From the interface that routing chose to where the packet comes in next."""
    face = out.interface
    if not face.up:
        walk.pending.append(lookups.down(out))
    if face.detail.get("external"):
        return walk.end("strange", f"{face.name} is told by another program where to send it")
    if face.kind == "wireguard":
        return _tunnel(walk, out, lookups.peer(walk.terrain, walk.node, walk.to))
    if face.kind == "vxlan":
        return _tunnel(walk, out, *lookups.remote(walk.terrain, out, hop, walk.pending))
    if face.kind in _TUNNELS:
        fixed = str(face.detail.get("remote") or face.detail.get("remote6") or "")
        remote = hop if fixed in ("", "any", "0.0.0.0", "::") else fixed  # noqa: S104 any
        return _tunnel(walk, out, remote)
    mac = lookups.neighbour(walk.terrain, out, hop, walk.pending) if face.mac else ""
    if face.kind == "veth":
        return _cable(walk, out, mac, hop)
    if face.kind == "bridge":
        return _from_bridge(walk, out, mac, hop)
    if face.kind in STACKED | {"bond", "team"}:
        under = walk.terrain.below(out)
        if under is not None:
            walk.stop(under, "below")
            return _wire(walk, under, hop)
    if face.kind in ("physical", "bond", "team", "vlan"):
        return _wire(walk, out, hop)
    walk.stops[-1] = replace(walk.stops[-1], strange=face.kind)
    return walk.end(
        "strange", f"what {face.name} does, which is of the kind {face.kind}, is not known here"
    )


def _cable(walk: _Walk, out: Spot, mac: str, hop: str) -> Way | None:
    """Over a veth pair to its other end, and what that belongs to."""
    far = walk.terrain.peer(out)
    if far is None and not out.space.name:
        return _wire(walk, out, hop)  # a node that is a container itself: its network card
    if far is None:
        return walk.end("strange", f"the other end of {out.interface.name} was not seen")
    walk.stop(far, "cable")
    walk.space = far.space
    return _arrive(walk, far, mac, hop)


def _arrive(walk: _Walk, far: Spot, mac: str, hop: str) -> Way | None:
    """A frame comes in by an interface: to a bridge, or to who routes it."""
    master = far.space.interface(far.interface.master) if far.interface.master else None
    if master is None or master.kind in JOINING:
        walk.iif = Spot(far.node, far.space, master) if master and master.kind == "vrf" else far
        return None
    bridge = Spot(far.node, far.space, master)
    if master.kind != "bridge":
        walk.stops[-1] = replace(walk.stops[-1], strange=master.kind)
        return walk.end(
            "strange", f"{far.interface.name} belongs to {master.name}, of the kind {master.kind}"
        )
    owner = walk.terrain.owner(hop)
    to_bridge = mac == master.mac or (owner is not None and owner.end == bridge.end)
    if to_bridge:
        walk.stop(bridge, "up")
        walk.iif = bridge
        return None
    return _from_bridge(walk, bridge, mac, hop)


def _from_bridge(walk: _Walk, bridge: Spot, mac: str, hop: str) -> Way | None:
    """Out of the port of a bridge behind which the MAC is."""
    port = lookups.port(walk.terrain, bridge, mac, hop, walk.pending)
    if port is None:
        return walk.end("broken", f"{bridge.interface.name} has no port to {hop}")
    walk.stop(port, "bridged")
    if port.interface.kind == "veth":
        return _cable(walk, port, mac, hop)
    return _wire(walk, port, hop)


def _wire(walk: _Walk, out: Spot, hop: str) -> Way | None:
    """Over a network to the machine that has the next hop's address."""
    there = walk.terrain.owner(hop)
    if there is None:
        node = walk.terrain.facts.node_at(hop)
        if node and node not in walk.terrain.states:
            return replace(walk.end("dark", f"{node} could not be looked at"), unseen=node)
        return _router(walk, out, hop)
    if there.end == out.end:
        return walk.end("broken", f"{hop} is the node's own address")
    walk.stop(there, "wire")
    walk.node, walk.space = there.node, there.space
    return _arrive(walk, there, there.interface.mac, hop)


def _router(walk: _Walk, out: Spot, hop: str) -> Way | None:
    """To a machine that was not looked at and is no node: it may send it on to one."""
    terrain = walk.terrain
    node, _ = terrain.place_of(walk.to)
    leaves = f"to {hop}, which is no node of this cluster, by {out.interface.name}"
    of_pod = terrain.facts.pod_at(walk.to) is not None
    if node and (node == walk.node or (of_pod and lookups.like(terrain, walk.node))):
        walk.pending.append(lookups.astray(terrain, walk.stops, out, hop, walk.to))
        return walk.end("leaves", leaves)
    if node and node not in terrain.states:
        walk.pending.append(lookups.router(out, hop, walk.to, node))
        return replace(walk.end("dark", f"{node} could not be looked at"), unseen=node)
    entry = lookups.entrance(terrain, node, walk.to)
    if entry is None:
        return walk.end("leaves", leaves)
    walk.pending.append(lookups.router(out, hop, walk.to, node))
    walk.stop(entry, "wire")
    walk.node, walk.space = entry.node, entry.space
    return _arrive(walk, entry, entry.interface.mac, walk.to)


def _tunnel(walk: _Walk, out: Spot, remote: str, mac: str = "") -> Way | None:
    """Inside another packet to the tunnel's other end, and out of it there.

    `mac` is that of the frame in it, where it is a frame. Who has it takes it in, and routes it on
    if it is for somebody else; any other machine drops it.
    """
    if not remote:
        return walk.end("broken", f"{out.interface.name} has no other end for it")
    inner_to, inner_source = walk.to, walk.source
    walk.wrapped = out.interface.kind
    walk.port = int(out.interface.detail.get("port") or 0)
    walk.to, walk.source, walk.iif = remote, "", None
    translated, walk.translated = walk.translated, False
    while True:
        done = _hop(walk, {})
        if done is None:
            continue
        walk.to, walk.source, walk.translated = inner_to, inner_source, translated
        if done.ends != "there":
            return replace(done, to=inner_to, source=inner_source)
        break
    walk.wrapped, walk.port = "", 0
    walk.pending.clear()  # that the outer packet is for this node says nothing of the inner one
    twin = lookups.twin(walk.node, walk.space, out)
    if twin is None:
        return walk.end("broken", f"{walk.node} has no {out.interface.kind} that takes it off")
    walk.stop(twin, "unwrapped")
    walk.iif = twin
    owner = lookups.stray(walk.terrain, walk.node, inner_to)
    astray = owner and walk.terrain.states.get(walk.node) is not None and _misled(walk)
    if astray and mac != twin.interface.mac:
        return walk.end(
            "elsewhere", f"it comes out of the tunnel at {walk.node}, and {inner_to} is on {owner}"
        )
    return None


def _misled(walk: _Walk) -> bool:
    """Whether an entry that led here named the wrong machine."""
    return any(
        lookup.trouble in ("fdb-wrong", "neighbour-wrong")
        for stop in walk.stops
        for lookup in stop.lookups
    )
