"""Answers in words: for whom shares hold, and what they are."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from macros.ways import spans
from macros.ways.answers import Answer, usual
from macros.ways.questions import ASKER, Subject
from macros.ways.spans import Spans
from macros.ways.walk import Asked

_FROM_WHERE = ("source", "source-port", "in")
_MOST = 4  # networks that a sentence can have


def sentence(
    answers: Sequence[Answer],
    main: Sequence[Answer],
    questions: Mapping[Subject, Asked],
    endpoint: str = "",
) -> str:
    """Shares in the order of the rules, of `endpoint` alone if one is named.

    `main` are the answers meant where nothing is said: they come first, without their condition
    where all of them have the same ends, and are all where others lead nowhere or to the same.
    """
    leading = _without_common(
        [*main, *(answer for answer in answers if answer.ends and answer not in main)]
    )
    groups: dict[object, list[Answer]] = {}
    for answer in leading:
        told = {**answer.ends, **answer.lost}
        key = told.get(endpoint, Fraction(0)) if endpoint else frozenset(told.items())
        groups.setdefault(key, []).append(answer)
    first, *others = groups.values()
    named = all(conditions(answer, questions) for answer in main)
    if not others:
        plain = _plain(first[0], endpoint)
        return f"{plain}, only {_whens(first, questions)}" if named else plain
    if named or any(answer not in first for answer in leading[: len(main)]):
        return "; ".join(_conditional(group, questions, endpoint) for group in [first, *others])
    rest = (_conditional(group, questions, endpoint) for group in others)
    return "; ".join([_full(first[0], endpoint), *rest])


def _conditional(
    answers: Sequence[Answer], questions: Mapping[Subject, Asked], endpoint: str
) -> str:
    return f"{_whens(answers, questions)}: {_full(answers[0], endpoint)}"


def listed(answers: Sequence[Answer], questions: Mapping[Subject, Asked]) -> str:
    """Each answer with its condition and its ends."""
    return "; ".join(_conditional([answer], questions, "") for answer in answers)


def _without_common(answers: Sequence[Answer]) -> list[Answer]:
    """The answers without a type of the destination that all of them rest on."""
    common = set.intersection(*({*answer.when.items()} for answer in answers))
    return [
        replace(
            answer,
            when={
                subject: left
                for subject, left in answer.when.items()
                if subject.what != "destination-type" or (subject, left) not in common
            },
        )
        for answer in answers
    ]


def conditions(answer: Answer, questions: Mapping[Subject, Asked]) -> list[Subject]:
    """What an answer rests on that is not true of every client from elsewhere.

    That an address is the node's own is understood where a Service is given by one.
    """
    return [
        subject
        for subject, left in answer.when.items()
        if (
            subject.what != "destination-type"
            and not spans.both(left, usual(subject, questions[subject]))
        )
        or subject.what not in (*_FROM_WHERE, "destination-type")
    ]


def _plain(answer: Answer, endpoint: str) -> str:
    if endpoint:
        return str(answer.ends.get(endpoint, Fraction(0)))
    return ", ".join(str(share) for share in answer.ends.values())


def _full(answer: Answer, endpoint: str = "") -> str:
    if endpoint:
        return str(answer.ends.get(endpoint, Fraction(0)))
    return totals(answer)


def totals(answer: Answer) -> str:
    """Each end with its share, and what becomes of those who come to none."""
    return ", ".join(
        [
            *(f"{end} {share}" for end, share in answer.ends.items()),
            *(
                reason if share == 1 else f"{reason} ({share})"
                for reason, share in answer.lost.items()
            ),
        ]
    )


def _whens(answers: Sequence[Answer], questions: Mapping[Subject, Asked]) -> str:
    """For whom or where: what any of these answers says."""
    texts = dict.fromkeys(
        " and ".join(
            _words(subject, left, questions[subject]) for subject, left in answer.when.items()
        )
        for answer in answers
        if answer.when
    )
    return " or ".join(texts) or "for all others"


def _words(subject: Subject, left: Spans, asked: Asked) -> str:
    """One condition: `for a source in 10.42.0.0/16`."""
    is_not, values = _values(subject, left, asked)
    negation = "not " if is_not else ""
    match subject.what:
        case "source":
            return f"for a source {negation}in {values}"
        case "source-port":
            return f"for a source port {negation}in {values}"
        case "in":
            return f"for what {'does not arrive' if is_not else 'arrives'} by {values}"
        case "source-type" | "destination-type":
            address, _, by = subject.about.partition(" ")
            whose = "the source" if address == ASKER else address
            kind = f"is {negation}of type {values.upper()}"
            return f"where {whose} {kind}{f' (by {by})' if by else ''}"
        case "other" if values == "yes":
            return f"where {subject.about} {'does not match' if is_not else 'matches'}"
        case "mark":
            return f"where the mark is {negation}{values}"
        case "seen":
            return f"for a source {negation}seen in {subject.about}"
        case _:
            name = f"{subject.what} {subject.about}" if subject.what != "other" else subject.about
            return f"where {name} is {negation}{values}"


def _values(subject: Subject, left: Spans, asked: Asked) -> tuple[bool, str]:
    """The values that make up a part as rules write them; whether it is all but these."""
    for is_not, part in ((False, left), (True, spans.without(asked.among, left))):
        inside = {
            text: wanted for text, wanted in asked.parts.items() if not spans.without(wanted, part)
        }
        if inside and spans.either(*inside.values()) == part:
            return is_not, ", ".join(inside)
    if subject.what == "source":
        networks = [
            network
            for low, high in left
            for network in ipaddress.summarize_address_range(
                *(_address(number, asked.among) for number in (low, high))
            )
        ]
        if len(networks) <= _MOST:
            return False, ", ".join(str(network) for network in networks)
    named = [text for text, wanted in asked.parts.items() if not spans.without(left, wanted)]
    out = [text for text, wanted in asked.parts.items() if not spans.both(left, wanted)]
    if named:
        return False, ", ".join(named) + (f" but not {', '.join(out)}" if out else "")
    return True, ", ".join(out) or "what rules name"


def _address(number: int, among: Spans) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """A number as an address: of IPv6 where a source can be more than IPv4 has."""
    if among[-1][1] > 0xFFFFFFFF:
        return ipaddress.IPv6Address(number)
    return ipaddress.IPv4Address(number)
