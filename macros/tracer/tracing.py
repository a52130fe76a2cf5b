"""One trace from beginning to end: look, find the way, listen, send, look again, judge."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from macros.ground.errors import GuideError
from macros.tracer import cluster_facts, planning
from macros.tracer.access import Access, enter
from macros.tracer.cluster_facts import Facts, Kubectl
from macros.tracer.judging import Request, Traced, judge
from macros.tracer.listening import Dropped, Heard, listening
from macros.tracer.request_ends import OUTSIDE
from macros.tracer.route_answers import RouteAnswers
from macros.tracer.sending import Outcome, in_pod, send
from macros.tracer.terrain import Terrain
from macros.tracer.waiting import wait

_SETTLE = 0.4
"""Seconds for what is under way when the sender has ended."""


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
    access: Access, facts: Facts, request: Request, say: Callable[[str], None],
    tell: Callable[[Traced], None], kubectl: Kubectl | None = None,
) -> Traced:  # fmt: skip
    """Trace one request. GuideError where nothing can be said at all.

    `tell` is given what is known as soon as it is, before what was made is removed.
    """
    watch = Watch(say)
    watch.part("reaching the nodes")
    concerned = planning.concerned(facts, request.client, request.target)
    with access.opened(planning.reachable(access, facts, concerned)):
        watch.part("looking at the nodes")
        terrain = planning.look_at(access, facts, concerned, {})
        try:
            traced = _trace(access, terrain, request, kubectl, watch)
        except GuideError as error:
            # A process whose network is asked for ends with its pod.
            gone: list[str] = []
            with contextlib.suppress(GuideError):  # of two errors the first is the one to tell
                gone = _replaced(facts, request, kubectl)
            if gone:
                raise GuideError("; ".join(gone)) from error
            raise
        tell(traced)
        watch.part("removing what was made")
    watch.part("")
    return traced


def _trace(
    access: Access, terrain: Terrain, request: Request, kubectl: Kubectl | None, watch: Watch
) -> Traced:
    client, target = request.client, request.target
    watch.part("finding the way")
    while True:
        ends = planning.ends_of(terrain, client, target)
        answers = RouteAnswers(terrain.pids)
        ways = planning.find_ways(access, terrain, answers, client, target, ends)
        more = planning.unseen(access, terrain, ways, target)
        if not more:
            break
        terrain = planning.look_at(access, terrain.facts, more, terrain.looks, terrain.dark)
    stops = planning.stops_of(ways, terrain)
    watch.part(f"listening at {len(stops)} interfaces")
    wanted = planning.wanted_of(terrain, client, target, ends)
    on_way = {stop.end.node for stop in stops}
    passes = planning.passes_of(stops, ways)
    with listening(access, passes, wanted, terrain.pids, sorted(on_way)) as (heard, kernels):
        watch.part("sending the request")
        first = next((stop for stop in stops if stop.end.node == client.node), None)
        if request.wish.kind == "wait" and first:
            outcome = wait(access, first, wanted, terrain.pids, request.wish.timeout)
        else:
            outcome = _send(access, terrain, request, kubectl)
        time.sleep(_SETTLE)
        watch.part("looking again")
        after = planning.look_again(access, terrain, target)
    watch.part("reading what was captured")
    drops = [drop for kernel in kernels for drop in kernel.drops()]
    made = judge(request, terrain, after, ways, heard, drops, outcome, kubectl)
    notes = [
        *_notes(heard, kernels, terrain),
        *([] if made.came else _meanwhile(terrain.facts, request, kubectl)),
    ]
    watch.part("telling")
    return replace(made, seconds=watch.seconds, notes=notes, routes=answers.known)


def _meanwhile(before: Facts, request: Request, kubectl: Kubectl | None) -> list[str]:
    """The same as notes: also that it is not known."""
    try:
        return _replaced(before, request, kubectl)
    except GuideError as error:
        return [f"whether a pod was replaced meanwhile is not known: {error.message}"]


def _replaced(before: Facts, request: Request, kubectl: Kubectl | None) -> list[str]:
    """Which of the pods concerned was replaced or restarted while the request was under way."""
    return restarted(before, cluster_facts.asked(kubectl), request) if kubectl else []


def restarted(before: Facts, now: Facts, request: Request) -> list[str]:
    """The same, by what the API said before and says now."""
    addresses = {endpoint.address for endpoint in request.target.endpoints} | {
        *request.client.addresses
    }
    notes = []
    for pod in before.pods:
        if pod.host or not addresses & {*pod.addresses}:
            continue
        same = now.pod(pod.group, pod.name)
        if same is None or same.uid != pod.uid or same.ending > pod.ending:
            notes.append(f"the pod {pod.full} was replaced during the trace: try again")
        elif same.restarts != pod.restarts:
            notes.append(f"a container of {pod.full} was restarted during the trace: try again")
    return notes


def _notes(heard: Sequence[Heard], kernels: Sequence[Dropped], terrain: Terrain) -> list[str]:
    notes = [f"{node} is dark: {why}" for node, why in terrain.dark.items()]
    notes += [
        f"nothing was heard at {listener.stop.end}: {listener.why}"
        for listener in heard
        if listener.why
    ]
    notes += [
        f"{listener.stop.end} had more packets than are kept" for listener in heard if listener.more
    ]
    notes += [
        f"{listener.missed} packets passed {listener.stop.end} while its node was too busy to"
        " capture them"
        for listener in heard
        if listener.missed
    ]
    notes += [
        f"the kernel of {kernel.node} does not say what it drops: {kernel.why}"
        for kernel in kernels
        if kernel.why
    ]
    return notes


def _send(access: Access, terrain: Terrain, request: Request, kubectl: Kubectl | None) -> Outcome:
    """Send the request; a person's own command in the pod itself, if its image can."""
    client, wish = request.client, request.wish
    if client.node not in terrain.looks and client.node != OUTSIDE:
        raise GuideError(
            f"nothing can be sent from {client.words}: {terrain.dark.get(client.node, '')}"
        )
    if wish.kind == "command" and client.pod and kubectl:
        reply = in_pod(kubectl, client.pod, wish)
        if reply is not None:
            return reply
    within = enter(terrain.pids, client.node, planning.space_of(terrain, client))
    return send(access, client.node, within, wish, request.target)
