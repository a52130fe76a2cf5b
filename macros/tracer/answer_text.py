"""What a trace says in the terminal: arrived or not, where it was lost, and what stands between."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from macros.packets import summary
from macros.tracer.cause import Cause
from macros.tracer.judging import Traced
from macros.tracer.loss import Loss
from macros.tracer.way import ASTRAY, Stop

_WIDTH = 100
_HEAD = 40
"""Of a long line, so many characters and what is behind its middle: both ends tell most."""
_MOST = 3
"""Causes with their evidence; the page has all."""


def lines(traced: Traced) -> Iterator[str]:
    """The answer, under a screen."""
    target = traced.target
    port = f":{target.port}" if target.port else ""
    yield f"{traced.client.words} -> {target.words} ({target.address}{port})"
    yield f"  {traced.client.node}$ {traced.outcome.command}"
    printed = traced.outcome.text.strip().splitlines()
    if printed:
        yield f"  {printed[-1][:_WIDTH]}"
    yield ""
    if not traced.sent:
        yield NOTHING
    elif traced.came:
        yield from _came(traced)
    elif traced.elsewhere:
        yield ELSEWHERE
        yield from path(traced.forward.stops, traced)
    elif traced.loss is None:
        yield "NOT ANSWERED, although every packet that was seen got through."
        yield from _causes(traced)
    else:
        yield from _lost(traced, traced.loss)
    for note in list(traced.notes)[:4]:
        yield f"note: {note}"


def _came(traced: Traced) -> Iterator[str]:
    seen = {stop.end for sight in traced.story.sights for stop in sight.stops}
    if seen:
        yield f"ARRIVED: seen at {len(seen)} interfaces, answered."
    else:
        yield "ANSWERED. Nothing listened on its way."
    yield from path(traced.forward.stops, traced)
    for words in detour(traced):
        yield from (f"  {line}" for line in wrap(f"by a detour: {words}", _WIDTH - 2))


def detour(traced: Traced) -> list[str]:
    """What led a request that came over a machine that is at neither end, in words."""
    ends = {traced.client.node, *(end.node for end in traced.target.endpoints)}
    seen = {stop.end for sight in traced.story.sights for stop in sight.stops}
    if all(end.node in ends for end in seen):
        return []
    lookups = [lookup for stop in traced.forward.stops for lookup in stop.lookups]
    return [lookup.words for lookup in lookups if lookup.trouble in ASTRAY]


def path(stops: Sequence[Stop], traced: Traced, upto: int | None = None) -> Iterator[str]:
    """The way, a line for each node."""
    seen = {stop.end for sight in traced.story.sights for stop in sight.stops}
    node = ""
    row = ""
    for index, stop in enumerate(stops):
        if index and stop.end == stops[index - 1].end:
            continue
        name = (
            f"{stop.end.namespace}:{stop.end.interface}"
            if stop.end.namespace
            else stop.end.interface
        )
        if stop.end not in seen:
            name = f"({name})"
        if stop.end.node != node:
            if row:
                yield row
            node, row = stop.end.node, f"  {stop.end.node}: {name}"
        else:
            row += f" > {name}"
        if upto is not None and index == upto:
            row += "  X"
    if row:
        yield row


NOTHING = "NOTHING WAS SENT, so nothing can be said. To wait longer: --timeout SECONDS."
ELSEWHERE = (
    "ANSWERED, BUT NO INTERFACE SAW THE REQUEST:"
    " another machine answers there, or it went elsewhere."
)
WHAT = {
    "request": "THE REQUEST DID NOT ARRIVE.",
    "unseen": "NO ANSWER CAME BACK. HOW FAR THE REQUEST WENT COULD NOT BE SEEN.",
    "answer": "THE REQUEST ARRIVED; THE ANSWER DID NOT COME BACK.",
    "data": "THE CONNECTION WAS ESTABLISHED; DATA ON IT WAS LOST.",
    "silent": "THE REQUEST ARRIVED; NOBODY ANSWERED.",
    "refused": "THE REQUEST ARRIVED AND WAS REFUSED.",
    "reset": "THE CONNECTION WAS ESTABLISHED, THEN RESET.",
}


def _lost(traced: Traced, loss: Loss) -> Iterator[str]:
    yield WHAT[loss.what]
    if loss.last is not None:
        what = f": {summary.what(loss.sight.last)}" if loss.sight else ""
        yield f"last seen at      {where(loss.last)}{what}"
    else:
        yield f"last seen at      {_nowhere(traced)}"
    if loss.what not in ("silent", "refused", "reset"):
        then = where(loss.next) if loss.next else _beyond(loss)
        yield f"expected next at  {then}"
    yield from path(loss.way.stops, traced, loss.last_index)
    yield from _causes(traced)


def _nowhere(traced: Traced) -> str:
    node = traced.client.node
    if node in traced.terrain.dark or (traced.loss and traced.loss.what == "unseen"):
        return f"nowhere: whether it left {node} was not seen"
    return "nowhere: it never left its sender"


def _causes(traced: Traced) -> Iterator[str]:
    """The nearest and surest; guesses and a kernel's word where no table and no rule says more.

    The page has them all.
    """
    told = [cause for cause in traced.causes if cause.sure and not _is_a_kernels_word(cause)]
    shown = told or traced.causes
    for number, cause in enumerate(shown[:_MOST], 1):
        yield from _cause(number, cause)
    if len(shown) > _MOST:
        yield f"   and {len(shown) - _MOST} more on the page"


def _is_a_kernels_word(cause: Cause) -> bool:
    return cause.kind.startswith("kernel-")


def _beyond(loss: Loss) -> str:
    words = loss.way.words or loss.way.ends
    if loss.what == "unseen":
        return f"not known: {words}"
    return f"nowhere: the tables lead no further ({words})"


def where(stop: Stop) -> str:
    """An interface in words."""
    within = f" in {stop.end.namespace}" if stop.end.namespace else ""
    tunnel = f", inside {stop.wrapped}" if stop.wrapped else ""
    return f"{stop.end.node}, {stop.end.interface}{within}{tunnel}"


def _cause(number: int, cause: Cause) -> Iterator[str]:
    guess = "" if cause.sure else "a guess: "
    first, *further = wrap(f"{guess}{cause.words}", _WIDTH - 4)
    yield f"{number}. {first}"
    for line in further:
        yield f"   {line}"
    for evidence in cause.evidence[:2]:
        yield f"     {evidence.node or 'here'}$ {evidence.command}"[:_WIDTH]
        for line in evidence.output.strip().splitlines()[:3]:
            yield f"     {_shortened(line)}"


def _shortened(line: str) -> str:
    """A line of evidence, without its middle where it is long; the page has all of it."""
    room = _WIDTH - 5
    return line if len(line) <= room else f"{line[:_HEAD]} ... {line[_HEAD + 5 - room :]}"
