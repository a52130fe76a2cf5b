"""What rules ask of a packet, and what is answered: each question once for one packet.

What is not known of a packet is a subject with all that it can be. A test that parts this is a
question; its answer leaves one part, and from there on holds for this packet: `--dst-type LOCAL`
is not yes in one rule and no in the next, and who comes from 10.42.0.3 comes from 10.42.0.0/16.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from macros.ways import spans
from macros.ways.ruleset import Branch, Field, Packet, Test, What
from macros.ways.spans import Spans

_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "132": "sctp"}
_PROTOCOLS |= {"ipv6-icmp": "icmpv6"}


_FAMILIES = {"ipv4": "ip", "ipv6": "ip6"}
ASKER = "asker"
"""What a source that is not known is called in a subject."""


class Subject(NamedTuple):
    """What a question is about. `about` is what is asked, where `what` alone does not say it."""

    what: What
    about: str = ""


Known = Mapping[Subject, Spans]
"""What each subject can still be; one that is missing can be all of its domain."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `subject`, one of `among`, is one of `wanted`, which the rules write as `text`.

    `first`: whether the packet fits the test where the answer is yes.
    """

    subject: Subject
    among: Spans
    wanted: Spans
    text: str
    first: bool = True


def fits(branch: Branch, packet: Packet, known: Known, remarks: int) -> bool | Question:
    """Whether all tests of a branch hold; else the question that must be answered first.

    `remarks` counts how often the packet's mark got a value that rules do not tell.
    """
    asked: Question | None = None
    for test in branch.tests:
        answer = _holds(test, packet, known, remarks)
        if answer is False:
            return False
        if isinstance(answer, Question) and asked is None:
            asked = answer
    return True if asked is None else asked


def _holds(test: Test, packet: Packet, known: Known, remarks: int) -> bool | Question:
    """Whether one of the values fits all fields."""
    if test.dynamic and packet.seen is False:
        return test.negated
    remaining: list[list[Question]] = []
    for value in test.values:
        answers = [
            _is(field, text, packet, known, remarks)
            for field, text in zip(test.fields, value, strict=True)
        ]
        if False in answers:
            continue
        questions = [answer for answer in answers if isinstance(answer, Question)]
        if not questions:
            return not test.negated
        remaining.append(questions)
    if not remaining:
        return test.negated
    return _joined(remaining, negated=test.negated)


def _joined(remaining: list[list[Question]], *, negated: bool) -> bool | Question:
    """One question that brings several values nearer: of one subject all are asked at once.

    No question where these values together are all that the subject can still be.
    """
    first = remaining[0][0]
    together = [first]
    if len(remaining[0]) == 1:
        together = [
            questions[0]
            for questions in remaining
            if len(questions) == 1 and questions[0].subject == first.subject
        ]
    wanted = spans.either(*(question.wanted for question in together))
    if wanted == first.among:
        return not negated
    return Question(
        first.subject,
        first.among,
        wanted,
        ", ".join(dict.fromkeys(question.text for question in together)),
        first=not negated,
    )


def _is(field: Field, value: str, packet: Packet, known: Known, remarks: int) -> bool | Question:
    """Whether a field has a value."""
    match field.what:
        case "protocol":
            return value == "*" or _protocol(value) in (_protocol(packet.protocol), "all")
        case "family":
            return _FAMILIES.get(value, value) == packet.family
        case "rewritten":
            return packet.rewritten
        case "mark":
            return _marked(value, packet, known, remarks)
        case "seen" if packet.seen is not None:
            return packet.seen
        case what:
            wanted = spans.of(what, value, packet.family)
            if wanted is None:
                # Such a value has no part that could be left: the test as a whole is the question.
                return _ask(Subject("other", f"{what} {value}"), _yes(), "yes", packet, known)
            return _ask(subject_of(field, packet), wanted, value, packet, known)


def subject_of(field: Field, packet: Packet) -> Subject:
    """What a field asks of this packet. A type is that of an address, which can be rewritten."""
    address = {"source-type": packet.source or ASKER, "destination-type": packet.destination}
    return Subject(field.what, f"{address.get(field.what, '')} {field.about}".strip())


def _ask(
    subject: Subject, wanted: Spans, text: str, packet: Packet, known: Known
) -> bool | Question:
    among = known.get(subject)
    if among is None:
        among = _can_be(subject, packet)
    shared = spans.both(among, wanted)
    if not shared:
        return False
    return True if shared == among else Question(subject, among, shared, text)


def _can_be(subject: Subject, packet: Packet) -> Spans:
    """What the packet itself tells of a subject."""
    exact: str | int | None = None
    match subject.what:
        case "source-type" | "destination-type" if " " not in subject.about:
            return spans.types(subject.about)
        case "source":
            exact = packet.source
        case "destination":
            exact = packet.destination
        case "source-port":
            exact = packet.source_port
        case "destination-port":
            exact = packet.destination_port
        case "in":
            exact = packet.arrives
        case "out":
            exact = packet.leaves
    if exact is None:
        return spans.domain(subject.what, packet.family)
    return spans.of(subject.what, str(exact), packet.family) or ()


def _yes() -> Spans:
    return spans.of("other", "yes", "ip") or ()


def _protocol(name: str) -> str:
    return _PROTOCOLS.get(name, name)


def _marked(value: str, packet: Packet, known: Known, remarks: int) -> bool | Question:
    """Whether the mark is `value/mask`, bit by bit (net/netfilter/xt_mark.c), or in a range."""
    if "-" in value:
        low, _, high = value.partition("-")
        if packet.mark_known == 0xFFFFFFFF:
            return int(low, 0) <= packet.mark <= int(high, 0)
        subject = Subject("other", f"a mark of {value}, given {remarks}.")
        return _ask(subject, _yes(), "yes", packet, known)
    text, _, mask_text = value.partition("/")
    wanted, mask = int(text, 0), int(mask_text or "0xffffffff", 0)
    if wanted & ~mask or (packet.mark ^ wanted) & mask & packet.mark_known:
        return False
    unknown = mask & ~packet.mark_known
    if not unknown:
        return True
    bits = wanted & unknown
    return _ask(Subject("mark", f"{remarks} {unknown:#x}"), ((bits, bits),), value, packet, known)
