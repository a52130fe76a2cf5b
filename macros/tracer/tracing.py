"""One trace from beginning to end: look, find the way, listen, send, look again, judge."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType

from macros.figures.topology.observation import Namespace
from macros.ground.errors import GuideError
from macros.tracer import explanations as explaining
from macros.tracer import foreseen, service_causes
from macros.tracer.access import Access
from macros.tracer.capture_filters import Wanted
from macros.tracer.cluster_facts import Facts, Kubectl
from macros.tracer.explanations import Case, Cause
from macros.tracer.follow import Start, follow
from macros.tracer.listening import Drop, Dropped, Heard, enter, listening
from macros.tracer.node_look import Look, look
from macros.tracer.request_ends import OUTSIDE, Client, Target
from macros.tracer.route_answers import Question, RouteAnswer, RouteAnswers
from macros.tracer.sending import Outcome, Wish, in_pod, send
from macros.tracer.story import Loss, Story, lost, told
from macros.tracer.terrain import Terrain
from macros.tracer.this_machine import own_address
from macros.tracer.way import Stop, Way, joined

_SETTLE = 0.4
"""Seconds for what is under way when the sender has ended."""
_FEW = 6
"""Nodes of a cluster so small that all of them are made ready to be looked at."""


@dataclass(frozen=True)
class Traced:
    """A request that was traced, and what is said of it."""

    client: Client
    target: Target
    wish: Wish
    outcome: Outcome
    terrain: Terrain
    after: Mapping[str, Look]
    forward: Way
    back: Way | None
    story: Story
    loss: Loss | None
    causes: Sequence[Cause]
    drops: Sequence[Drop] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    routes: Mapping[Question, RouteAnswer] = field(default_factory=dict)

    @property
    def came(self) -> bool:
        """Whether the request was answered."""
        if self.wish.kind == "wait":
            return self.loss is None
        return self.outcome.good


@dataclass
class Watch:
    """How long each part took."""

    told: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)
    _part: str = ""

    def part(self, name: str) -> None:
        """The next part begins; "" ends the last."""
        now = time.monotonic()
        if self._part:
            self.seconds[self._part] = round(now - self._since, 2)
        self._since, self._part = now, name
        if name:
            self.told(name)


def trace(
    access: Access, facts: Facts, client: Client, target: Target, wish: Wish,
    say: Callable[[str], None], tell: Callable[["Traced"], None],
    kubectl: Kubectl | None = None,
) -> Traced:  # fmt: skip
    """Trace one request. GuideError where nothing can be said at all.

    `tell` is given what is known as soon as it is, before what was made is removed.
    """
    watch = Watch(say)
    watch.part("reaching the nodes")
    with access.opened(_reachable(access, facts, _concerned(facts, client, target))):
        traced = _trace(access, facts, client, target, wish, kubectl, watch)
        tell(traced)
        watch.part("removing what was made")
    watch.part("")
    return traced


def _trace(
    access: Access, facts: Facts, client: Client, target: Target, wish: Wish,
    kubectl: Kubectl | None, watch: Watch,
) -> Traced:  # fmt: skip
    watch.part("looking at the nodes")
    terrain = _look_at(access, facts, _concerned(facts, client, target), {})
    watch.part("finding the way")
    while True:
        ends = _ends(terrain, client, target)
        answers = RouteAnswers(terrain.pids)
        ways = _ways(access, terrain, answers, client, target, ends)
        more = _unseen(access, terrain, ways, target)
        if not more:
            break
        terrain = _look_at(access, facts, more, terrain.looks, terrain.dark)
    stops = _stops(ways, terrain)
    watch.part(f"listening at {len(stops)} interfaces")
    wanted = _wanted(terrain, client, target, ends)
    on_way = {stop.end.node for stop in stops}
    with listening(access, stops, wanted, terrain.pids, sorted(on_way)) as (heard, kernels):
        watch.part("sending the request")
        outcome = _send(access, terrain, client, wish, target, kubectl)
        time.sleep(_SETTLE)
        watch.part("looking again")
        after = _look_again(access, terrain, target)
    watch.part("reading what was captured")
    story = told(heard, target, _sources(terrain, client))
    drops = [drop for kernel in kernels for drop in kernel.drops()]
    chosen = _chosen(story, ways, target)
    forward, back = ways[chosen]
    loss = None if outcome.good and wish.kind != "wait" else lost(story, forward, back)
    case = Case(
        client, target, terrain, facts, after, story, drops,
        _stale(terrain, client, target),
        tuple(service_causes.empty(facts, target, kubectl)) if loss else (),
    )  # fmt: skip
    found = explaining.causes(case, loss) if loss else []
    watch.part("telling")
    return Traced(
        client, target, wish, outcome, terrain, after, forward, back, story, loss, found, drops,
        watch.seconds, _notes(heard, kernels, terrain), answers.known,
    )  # fmt: skip


def _notes(heard: Sequence[Heard], kernels: Sequence[Dropped], terrain: Terrain) -> list[str]:
    notes = [f"{node} is dark: {why}" for node, why in terrain.dark.items()]
    notes += [f"nothing was heard at {one.stop.end}: {one.why}" for one in heard if one.why]
    notes += [f"{one.stop.end} had more packets than are kept" for one in heard if one.more]
    notes += [
        f"the kernel of {one.node} does not say what it drops: {one.why}"
        for one in kernels
        if one.why
    ]
    return notes


def _concerned(facts: Facts, client: Client, target: Target) -> list[str]:
    """The nodes that are looked at first: of who asks, and of who can be asked."""
    wanted = [client.node, *(one.node for one in target.endpoints), facts.node_at(target.address)]
    return [node for node in dict.fromkeys(wanted) if node]


def _reachable(access: Access, facts: Facts, concerned: Sequence[str]) -> list[str]:
    """Those, and where the cluster is small all others: tables can lead where they should not."""
    few = facts.nodes if len(facts.nodes) <= _FEW else ()
    machines = [node for node in access.nodes if node not in facts.nodes and node != OUTSIDE]
    return list(dict.fromkeys([*concerned, *few, *machines]))


def _unseen(access: Access, terrain: Terrain, ways: "_Pairs", target: Target) -> list[str]:
    """The nodes that the tables lead to and that were not looked at; a machine that is no node."""
    found = {way.unseen for pair in ways.values() for way in pair if way is not None}
    leaves = any(pair[0].ends == "leaves" for pair in ways.values())
    if leaves and target.kind == "address":
        found |= {node for node in access.nodes if node not in terrain.facts.nodes}
    known = {*terrain.looks, *terrain.dark, OUTSIDE, ""}
    return sorted(found - known)


def _look_at(
    access: Access, facts: Facts, nodes: Sequence[str], known: Mapping[str, Look],
    unlit: Mapping[str, str] = MappingProxyType({}),
) -> Terrain:  # fmt: skip
    """What is known of the nodes, and of these, which are looked at all at once."""
    looks: dict[str, Look] = dict(known)
    dark: dict[str, str] = dict(unlit)

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
                dark[node] = seen.message
    if not looks:
        raise GuideError(
            "no node could be looked at: "
            + "; ".join(f"{node}: {why}" for node, why in dark.items())
        )
    return Terrain(looks, facts, dark)


def _look_again(access: Access, terrain: Terrain, target: Target) -> dict[str, Look]:
    asked = f"-d {target.address}"

    def one(node: str) -> Look | None:
        try:
            return look(access, node, tracked=asked, whole=False)
        except GuideError:
            return None

    with ThreadPoolExecutor(len(terrain.looks)) as pool:
        seen = pool.map(one, terrain.looks)
        return {node: each for node, each in zip(terrain.looks, seen, strict=True) if each}


def _space(terrain: Terrain, client: Client) -> str:
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
    own = [one for one in client.pod.addresses if (":" in one) == six]
    if not own:
        family = "IPv6" if six else "IPv4"
        raise GuideError(f"{client.pod.full} has no {family} address, and {target.address} is one")
    return own[0]


def _ends(terrain: Terrain, client: Client, target: Target) -> list[str]:
    """The addresses where it can come to: by the API, and by the rules of the client's node."""
    here = terrain.looks.get(client.node)
    by_rules = [_address(end) for end in service_causes.rule_ends(here, target)] if here else []
    return list(dict.fromkeys([*(one.address for one in target.endpoints), *by_rules])) or [
        target.address
    ]


def _address(end: str) -> str:
    return end[1:].partition("]")[0] if end.startswith("[") else end.rpartition(":")[0]


_Pairs = dict[str, tuple[Way, Way | None]]
"""By the address where it can come to: the way there, and the way back."""


def _ways(
    access: Access, terrain: Terrain, answers: RouteAnswers, client: Client, target: Target,
    ends: Sequence[str],
) -> _Pairs:  # fmt: skip
    space, source = _space(terrain, client), _source(client, target)
    start = Start(client.node, space)
    rounds = 0
    while True:
        pairs: _Pairs = {}
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


def _stops(ways: _Pairs, terrain: Terrain) -> list[Stop]:
    """All interfaces to listen at, in the order of the way."""
    stops: list[Stop] = []
    for forward, back in ways.values():
        before = len(stops)
        for stop in joined(forward, back):
            at = next((i for i, one in enumerate(stops) if one.end == stop.end), None)
            if at is None:
                stops.append(stop)
        del before
    return [stop for stop in stops if stop.end.node in terrain.looks]


def _wanted(terrain: Terrain, client: Client, target: Target, ends: Sequence[str]) -> Wanted:
    """All addresses that both sides can have on the way."""
    clients = list(client.addresses if client.pod and not client.pod.host else ())
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


def _sources(terrain: Terrain, client: Client) -> list[str]:
    """The addresses that the client can have where it sends."""
    state = terrain.states.get(client.node)
    return [*client.addresses, *(_addresses(state.own) if state else ())]


def _send(
    access: Access, terrain: Terrain, client: Client, wish: Wish, target: Target,
    kubectl: Kubectl | None,
) -> Outcome:  # fmt: skip
    """Send the request; a person's own command in the pod itself, if its image can."""
    if wish.kind == "wait":
        time.sleep(wish.timeout)
        return Outcome("(nothing was sent)", "", 0)
    if client.node not in terrain.looks and client.node != OUTSIDE:
        raise GuideError(
            f"nothing can be sent from {client.words}: {terrain.dark.get(client.node, '')}"
        )
    if wish.kind == "command" and client.pod and kubectl:
        said = in_pod(kubectl, client.pod, wish)
        if said is not None:
            return said
    within = enter(terrain.pids, client.node, _space(terrain, client))
    return send(access, client.node, within, wish, target)


def _chosen(story: Story, ways: _Pairs, target: Target) -> str:
    """The end that the request was sent to, as far as it was seen; else the first."""
    for end in ways:
        if end in story.servers and end != target.address:
            return end
    return next(iter(ways))


def _stale(terrain: Terrain, client: Client, target: Target) -> tuple[Cause, ...]:
    here = terrain.looks.get(client.node)
    if here is None or target.service is None:
        return ()
    return tuple(service_causes.stale(here, target, service_causes.rule_ends(here, target)))
