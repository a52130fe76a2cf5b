"""Before a request is sent: which nodes are looked at, which ways it can take, where to listen."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

from macros.figures.topology.observation import Namespace
from macros.ground import endpoints
from macros.ground.errors import GuideError
from macros.tracer import foreseen, service_ends
from macros.tracer.access import Access
from macros.tracer.capture_filters import Wanted
from macros.tracer.cluster_facts import Facts
from macros.tracer.follow import Start, follow
from macros.tracer.node_look import Look, look
from macros.tracer.request_ends import OUTSIDE, Client, Target
from macros.tracer.route_answers import RouteAnswers
from macros.tracer.terrain import Terrain
from macros.tracer.this_machine import own_address
from macros.tracer.way import Stop, Way, joined

_FEW = 6
"""Nodes of a cluster so small that all of them are made ready to be looked at."""
Pairs = dict[str, tuple[Way, Way | None]]
"""By the address where a request can come to: the way there, and the way back."""


def concerned(facts: Facts, client: Client, target: Target) -> list[str]:
    """The nodes that are looked at first: of who asks, and of who can be asked."""
    wanted = [
        client.node,
        *(endpoint.node for endpoint in target.endpoints),
        facts.node_at(target.address),
    ]
    return [node for node in dict.fromkeys(wanted) if node]


def reachable(access: Access, facts: Facts, concerned: Sequence[str]) -> list[str]:
    """Those, and where the cluster is small all others: tables can lead where they should not."""
    few = facts.nodes if len(facts.nodes) <= _FEW else ()
    machines = [node for node in access.nodes if node not in facts.nodes and node != OUTSIDE]
    return list(dict.fromkeys([*concerned, *few, *machines]))


def unseen(access: Access, terrain: Terrain, ways: Pairs, target: Target) -> list[str]:
    """The nodes that the tables lead to and that were not looked at; a machine that is no node."""
    missing = {way.unseen for pair in ways.values() for way in pair if way is not None}
    leaves = any(pair[0].ends == "leaves" for pair in ways.values())
    if leaves and target.kind == "address":
        missing |= {node for node in access.nodes if node not in terrain.facts.nodes}
    known = {*terrain.looks, *terrain.dark, OUTSIDE, ""}
    return sorted(missing - known)


def look_at(
    access: Access, facts: Facts, nodes: Sequence[str], known: Mapping[str, Look],
    unlit: Mapping[str, str] = MappingProxyType({}),
) -> Terrain:  # fmt: skip
    """What is known of the nodes, and of these, which are looked at all at once."""
    looks: dict[str, Look] = dict(known)
    dark: dict[str, str] = dict(unlit)
    fix: str | None = None

    def one(node: str) -> tuple[str, Look | GuideError]:
        if node not in access.nodes:
            return node, GuideError(f"{access.what} does not reach it")
        try:
            return node, look(access, node)
        except GuideError as error:
            return node, error

    with ThreadPoolExecutor(max(1, len(nodes))) as pool:
        for node, seen in pool.map(one, nodes):
            if isinstance(seen, Look):
                looks[node] = seen
            else:
                dark[node], fix = seen.message, fix or seen.fix
    if not looks:
        told = "; ".join(f"{node}: {why}" for node, why in dark.items())
        raise GuideError(f"no node could be looked at: {told}", fix=fix)
    return Terrain(looks, facts, dark)


def look_again(access: Access, terrain: Terrain, target: Target) -> dict[str, Look]:
    """The nodes' counters after the request; a node that does not answer any more is left out."""
    asked = f"-d {target.address}"

    def one(node: str) -> Look | None:
        try:
            return look(access, node, tracked=asked, whole=False)
        except GuideError:
            return None

    with ThreadPoolExecutor(len(terrain.looks)) as pool:
        seen = pool.map(one, terrain.looks)
        return {
            node: look_now for node, look_now in zip(terrain.looks, seen, strict=True) if look_now
        }


def space_of(terrain: Terrain, client: Client) -> str:
    """The namespace that the client sends from."""
    if client.pod is None or client.pod.host:
        return ""
    state = terrain.states.get(client.node)
    for space in state.namespaces if state else ():
        if space.pod == client.pod.name and space.group == client.pod.group:
            return space.name
    if state is None:
        return client.pod.known_as
    raise GuideError(
        f"{client.node} has no network namespace with the address of {client.pod.full}, "
        f"{', '.join(client.pod.addresses)}",
        fix="the pod may have just been replaced: try again",
    )


def _source(client: Client, target: Target) -> str:
    """The client's own address, of the family that is asked; "" where routing chooses it."""
    if client.node == OUTSIDE:
        return own_address(target.address)
    if client.pod is None or client.pod.host:
        return ""
    six = ":" in target.address
    own = [address for address in client.pod.addresses if (":" in address) == six]
    if not own:
        family = "IPv6" if six else "IPv4"
        raise GuideError(f"{client.pod.full} has no {family} address, and {target.address} is one")
    return own[0]


def ends_of(terrain: Terrain, client: Client, target: Target) -> list[str]:
    """The addresses where it can come to: by the API, and by the rules of the client's node."""
    here = terrain.looks.get(client.node)
    by_rules = [endpoints.host(end) for end in service_ends.led_to(here, target)] if here else []
    return list(
        dict.fromkeys([*(endpoint.address for endpoint in target.endpoints), *by_rules])
    ) or [target.address]


def find_ways(
    access: Access, terrain: Terrain, answers: RouteAnswers, client: Client, target: Target,
    ends: Sequence[str],
) -> Pairs:  # fmt: skip
    """The ways to all ends, and back; the kernels are asked for what is not known yet."""
    space, source = space_of(terrain, client), _source(client, target)
    start = Start(client.node, space)
    rounds = 0
    while True:
        pairs: Pairs = {}
        for end in ends:
            rewritten = {target.address: end} if end != target.address else {}
            forward = follow(terrain, answers, start, source, target.address, rewritten)
            node, there = terrain.place_of(end)
            back = None
            if node in terrain.states and terrain.states[node].namespace(there) and forward.source:
                back = follow(
                    terrain, answers, Start(node, there), end, source or forward.source, {}
                )
            pairs[end] = (forward, back)
        if not answers.open:
            return pairs
        rounds += 1
        if rounds > 12:
            return pairs
        first = rounds == 1
        client_at = (client.node, space)
        answers.ask(
            access,
            foreseen.questions(terrain, client_at, source, target.address, ends) if first else (),
        )


def stops_of(ways: Pairs, terrain: Terrain) -> list[Stop]:
    """All interfaces to listen at, in the order of the way."""
    stops: list[Stop] = []
    for forward, back in ways.values():
        for stop in joined(forward, back):
            if all(earlier.end != stop.end for earlier in stops):
                stops.append(stop)
    return [stop for stop in stops if stop.end.node in terrain.looks]


def passes_of(stops: Sequence[Stop], ways: Pairs) -> list[list[Stop]]:
    """Each of the stops as often as a packet passes its interface: in a tunnel, and without it."""
    every = [
        stop
        for forward, back in ways.values()
        for stop in (*forward.stops, *(back.stops if back else ()))
    ]
    return [[stop, *(other for other in every if other.end == stop.end)] for stop in stops]


def wanted_of(terrain: Terrain, client: Client, target: Target, ends: Sequence[str]) -> Wanted:
    """All addresses that both sides can have on the way."""
    source = _source(client, target)
    clients = [*client.addresses, *([source] if source else ())]
    every = target.kind == "node"  # the node that is asked passes it on under its own name
    for name, state in terrain.states.items():
        if every or name == client.node:
            clients += _addresses(state.own)
    servers = dict.fromkeys([target.address, *ends])
    return Wanted(tuple(dict.fromkeys(clients)), tuple(servers), target.ports, target.protocol)


def _addresses(space: Namespace) -> list[str]:
    """The addresses of a namespace that others can see."""
    return [
        address.ip
        for face in space.interfaces
        for address in face.addresses
        if face.kind != "loopback" and not address.link_local
    ]


def sources(terrain: Terrain, client: Client) -> list[str]:
    """The addresses that the client can have where it sends."""
    state = terrain.states.get(client.node)
    return [*client.addresses, *(_addresses(state.own) if state else ())]
