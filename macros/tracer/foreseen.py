"""What will most likely be asked of the kernels, so that one visit to each node is enough."""

from collections.abc import Iterator, Sequence

from macros.figures.topology.observation import Namespace, Node
from macros.tracer.cluster_facts import family
from macros.tracer.route_answers import Question
from macros.tracer.terrain import Terrain

_FEW = 20
"""Nodes of which all are asked for."""


def questions(
    terrain: Terrain, client: tuple[str, str], source: str, asked: str, ends: Sequence[str]
) -> list[Question]:
    """For a client in a namespace of a node, `source` being its address, "" where it has several.

    `asked` is the address that the request names, `ends` are those where it can come to.
    """
    asked_for: list[Question] = []
    for name, state in terrain.states.items():
        asked_for += _between_machines(terrain, name, state)
        for end in ends:
            asked_for += _through(name, state, source, end)
            spot = terrain.place_of(end)
            space = state.namespace(spot[1]) if spot[0] == name and spot[1] else None
            if space is not None:
                asked_for += _inside(name, space, end, source)
    state_of = terrain.states.get(client[0])
    space = state_of.namespace(client[1]) if state_of else None
    if space is not None and client[1]:
        asked_for.append(Question(*client, asked))
        for end in ends:
            asked_for += _inside(client[0], space, source, end)
    elif space is not None:
        asked_for += [Question(*client, to) for to in (asked, *ends)]
    return asked_for


def _between_machines(terrain: Terrain, name: str, state: Node) -> Iterator[Question]:
    """Tunnels: the way to every other node, and what comes from there."""
    # Of a large cluster only those that were looked at: the rest would be a megabyte of questions.
    few = len(terrain.facts.nodes) <= _FEW
    for other, addresses in terrain.facts.nodes.items():
        if not few and other not in terrain.states:
            continue
        for address in addresses:
            if other == name:
                continue
            yield Question(name, "", address)
            for face in state.own.interfaces:
                for own in face.addresses:
                    # With a source of the other family ip would end, and answer nothing more.
                    of_node = own.ip in terrain.facts.nodes.get(name, ())
                    if of_node and family(own.ip) == family(address):
                        yield Question(name, "", own.ip, address, face.name)


def _through(name: str, state: Node, source: str, end: str) -> Iterator[Question]:
    """What a node does with the request and with its answer, wherever they come in."""
    if not source or (":" in source) != (":" in end):
        return
    for face in state.own.interfaces:
        port = face.kind == "veth" and face.master  # what comes in there is the bridge's
        if face.kind != "loopback" and not port:
            yield Question(name, "", end, source, face.name)
            yield Question(name, "", source, end, face.name)


def _inside(name: str, space: Namespace, own: str, other: str) -> Iterator[Question]:
    """What a pod does: it sends to the other, and takes what comes from there."""
    if not own or not other or (":" in own) != (":" in other):
        return
    yield Question(name, space.name, other)
    for face in space.interfaces:
        if face.kind != "loopback":
            yield Question(name, space.name, own, other, face.name)
