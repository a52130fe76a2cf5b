"""What becomes of a packet for each answer to what its rules ask and it does not tell.

Ways say what they hold for. Here they are put together by that: for each answer there is one share
for each end, and these add up to 1. What decides nothing is not a part of an answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from macros.ground.errors import GuideError
from macros.ways import spans
from macros.ways.questions import Known, Subject
from macros.ways.spans import Spans
from macros.ways.walk import OTHERS, Asked, Way

_MOST = 100_000  # combinations of answers that are looked at


@dataclass(frozen=True, slots=True)
class Answer:
    """The ends of the packets that are as `when` says, of those of whom it says nothing of all.

    `ends` has the share of each endpoint (`10.42.1.2:80`), `lost` of each reason to come to none.
    """

    when: Mapping[Subject, Spans] = field(default_factory=dict)
    ends: Mapping[str, Fraction] = field(default_factory=dict)
    lost: Mapping[str, Fraction] = field(default_factory=dict)


class _Part(NamedTuple):
    """One way: what it holds for, where it ends, and its share."""

    known: Known
    end: str
    lost: str
    share: Fraction


def of_ways(ways: Sequence[Way], asked: Mapping[Subject, Asked]) -> tuple[Answer, ...]:
    """The answers, that of packets which no rule names first. GuideError for an impossible nth."""
    _independent(ways)
    parts = [
        _Part(
            {subject: left for subject, left in way.known.items() if subject in asked},
            way.dnat,
            "" if way.dnat else lost(way),
            way.share,
        )
        for way in ways
    ]
    budget = [_MOST]
    return tuple(_split(parts, list(asked), asked, budget))


_NOWHERE = "nowhere"


def nowhere(reason: str) -> bool:
    """Whether a reason to come to no endpoint is only that no rule leads to any."""
    return reason == _NOWHERE


def lost(way: Way) -> str:
    """Why a way leads to no endpoint."""
    if way.stopped is None:
        others = [rule for rule, turn in way.turns if turn == OTHERS]
        return f"{_NOWHERE}, as {' and '.join(others)} takes others" if others else _NOWHERE
    step = way.steps[-1]
    rule = f"rule {step.rule.number} of {step.chain}"
    if way.stopped.kind == "drop":
        return f"dropped by {rule}"
    return f"the path ends here, by {way.stopped.to} ({rule})"


def usual(subject: Subject, asked: Asked) -> Spans:
    """Of a subject what no rule names: who asks from anywhere, by any interface."""
    if subject.what not in ("source", "source-port", "in"):
        return asked.among
    return spans.without(asked.among, spans.either(*asked.parts.values()))


def _independent(ways: Sequence[Way]) -> None:
    """GuideError where counters of two rules see the same packets, and so go in step."""
    before: dict[tuple[str, str], set[str]] = {}
    for way in ways:
        for number, (rule, _) in enumerate(way.turns):
            for earlier, turn in way.turns[:number]:
                turns = before.setdefault((earlier, rule), set())
                turns.add(turn)
                if earlier == rule or len(turns) > 1:
                    raise GuideError(
                        "two rules that count (--mode nth, numgen inc) see the same packets, so"
                        f" that their shares cannot be told: {earlier} and {rule}"
                    )


def _split(
    parts: Sequence[_Part],
    subjects: Sequence[Subject],
    asked: Mapping[Subject, Asked],
    budget: list[int],
) -> Iterator[Answer]:
    """The answers of these ways: by the first subject that they rest on, then by the next."""
    budget[0] -= 1
    if budget[0] < 0:
        raise GuideError(f"the rules ask more than {_MOST} different things of one packet")
    rest = list(subjects)
    while rest and not any(rest[0] in part.known for part in parts):
        rest.pop(0)
    if not rest:
        yield _summed(parts)
        return
    subject = rest.pop(0)
    among = asked[subject].among
    alike: dict[object, list[tuple[Spans, Answer]]] = {}
    for region in _regions(asked[subject]):
        inside = [part for part in parts if spans.both(part.known.get(subject, among), region)]
        for answer in _split(inside, rest, asked, budget):
            key = tuple(
                frozenset(value.items()) for value in (answer.when, answer.ends, answer.lost)
            )
            alike.setdefault(key, []).append((region, answer))
    for group in alike.values():
        region = spans.either(*(region for region, _ in group))
        answer = group[0][1]
        when = answer.when if region == among else {subject: region, **answer.when}
        yield Answer(when, answer.ends, answer.lost)


def _regions(asked: Asked) -> list[Spans]:
    """The parts of a subject that rules tell apart; first what none of them names."""
    named = spans.without(asked.among, spans.either(*asked.parts.values()))
    regions: list[Spans] = [spans.either(*asked.parts.values())]
    for part in asked.parts.values():
        regions = [
            piece
            for region in regions
            for piece in (spans.both(region, part), spans.without(region, part))
            if piece
        ]
    return [named, *regions] if named else regions


def _summed(parts: Sequence[_Part]) -> Answer:
    ends: dict[str, Fraction] = {}
    reasons: dict[str, Fraction] = {}
    for part in parts:
        total, name = (ends, part.end) if part.end else (reasons, part.lost)
        total[name] = total.get(name, Fraction(0)) + part.share
    return Answer({}, ends, reasons)
