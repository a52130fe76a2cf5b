"""What was seen of one request becomes a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from macros.tracer import explanations as explaining
from macros.tracer import planning, service_causes, service_ends
from macros.tracer.cause import Case, Cause
from macros.tracer.cluster_facts import Kubectl
from macros.tracer.listening import Drop, Heard
from macros.tracer.loss import Loss, lost
from macros.tracer.node_look import Look
from macros.tracer.planning import Pairs
from macros.tracer.request_ends import Client, Target
from macros.tracer.route_answers import Question, RouteAnswer
from macros.tracer.sending import Outcome, Wish
from macros.tracer.story import Story, told
from macros.tracer.terrain import Terrain
from macros.tracer.way import Way, joined


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks whom, and what is sent."""

    client: Client
    target: Target
    wish: Wish


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
        """Whether the request was answered, by whom it was sent to as far as anybody saw."""
        return self.outcome.good and self.loss is None and not self.elsewhere

    @property
    def elsewhere(self) -> bool:
        """Whether its sender has an answer to what no interface saw, though some were heard."""
        return self.outcome.good and not self.story.sights and any(self.story.captures)

    @property
    def sent(self) -> bool:
        """Whether there was a request: an application that is waited for may send none."""
        return self.wish.kind != "wait" or self.outcome.good


def judge(
    request: Request, terrain: Terrain, after: Mapping[str, Look], ways: Pairs,
    heard: Sequence[Heard], drops: Sequence[Drop], outcome: Outcome, kubectl: Kubectl | None,
) -> Traced:  # fmt: skip
    """What all of it says: the way that was taken, where it was lost, and what explains that."""
    client, target = request.client, request.target
    asking = planning.sources(terrain, client)
    story = told(heard, target, asking, outcome.source)
    forward, back = ways[_chosen(story, ways, target)]
    own = {stop.end for stop in joined(forward, back)}
    own |= {stop.end for sight in story.sights for stop in sight.stops}
    # What was listened at beside it are the ways to other endpoints.
    near = [listener for listener in heard if listener.stop.end in own]
    story = told(near, target, asking, outcome.source)
    waited = request.wish.kind == "wait"
    loss = None if outcome.good != waited else lost(story, forward, back)
    case = Case(
        client, target, terrain, terrain.facts, after, story, drops,
        _stale(terrain, client, target, kubectl) if loss else (),
        _empty(terrain, client, target, kubectl) if loss else (),
        back=back, said=outcome.text,
    )  # fmt: skip
    came = outcome.good or waited
    why = explaining.causes(case, loss) if loss else [] if came else explaining.unplaced(case)
    return Traced(
        client, target, request.wish, outcome, terrain, after, forward, back, story, loss, why,
        drops,
    )  # fmt: skip


def _chosen(story: Story, ways: Pairs, target: Target) -> str:
    """The end that the request was sent to, as far as it was seen; else the first."""
    for end in ways:
        if end in story.servers and end != target.address:
            return end
    return next(iter(ways))


def _empty(
    terrain: Terrain, client: Client, target: Target, kubectl: Kubectl | None
) -> tuple[Cause, ...]:
    outside = client.node not in terrain.facts.nodes
    return (
        *service_causes.empty(terrain.facts, target, kubectl),
        *service_causes.kept_local(client, target, outside),
    )


def _stale(
    terrain: Terrain, client: Client, target: Target, kubectl: Kubectl | None
) -> tuple[Cause, ...]:
    here = terrain.looks.get(client.node)
    if here is None or target.service is None:
        return ()
    ends = service_ends.led_to(here, target)
    return tuple(service_causes.stale(here, target, ends, kubectl))
