"""How often each endpoint of a Service is chosen, by the rules that were recorded.

Who asks is not said, so that what rules ask of him has every answer. Where no answer decides there
are shares for all; else there are some for each answer, or those of the client that is meant: one
from elsewhere, which no rule names, and whose first packet this is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.ways import ends, spans, wording
from macros.ways.answers import Answer, nowhere, of_ways, usual
from macros.ways.questions import ASKER, Known, Subject
from macros.ways.reduction import deciding
from macros.ways.ruleset import Packet, Rules
from macros.ways.walk import Asked, walk

_END = re.compile(r"(?P<end>(?:[\d.]+|\[[0-9A-Fa-f:.]+\]):\d+)(?:/(?P<protocol>[a-z]+))?")

Asking = Mapping[Subject, Asked]


def shares(rules: Rules, service: str) -> Mapping[str, Fraction]:
    """The endpoints (`10.42.1.2:80`) of a Service in the order of the rules, each with its share.

    `service` is `10.43.0.80:80` (`/udp` where it is not TCP), the address of a node and a NodePort,
    or what kube-proxy calls it: `default/hello:http` (of one with two addresses the first that the
    rules name). The shares are exact and add up to 1. They are those of a client from elsewhere, of
    one that the rules do name where they send no other; where the Service remembers its clients, of
    one that asks for the first time. GuideError where the rules lead it nowhere, or where what
    they ask besides decides, then with the shares for each answer.
    """
    packet = asked(rules, service)
    answers, questions = answered(rules, packet, service)
    leading = _usual(answers, questions)
    _whole(leading, rules, service)
    unsure = any(
        subject.what not in ("source", "source-port", "in")
        for answer in leading
        for subject in wording.conditions(answer, questions)
    )
    if unsure or len({frozenset(answer.ends.items()) for answer in leading}) > 1:
        raise GuideError(
            f"where the rules send {service} rests on what was not recorded:"
            f" {wording.listed(answers, questions)}"
        )
    return leading[0].ends


def text(rules: Rules, asked_for: str) -> str:
    """Shares as a sentence has them: `1/3, 1/3, 1/3`; of `SERVICE ENDPOINT` that one's alone.

    Where an answer decides: `10.42.0.3:80 1; for a source in 10.42.0.0/16: 10.42.0.3:80 1/2, …`.
    """
    service, _, endpoint = asked_for.strip().partition(" ")
    answers, questions = answered(rules, asked(rules, service), service)
    main = _usual(answers, questions)
    _whole(main, rules, service)
    if endpoint:
        endpoint = _endpoint(endpoint)
        names = dict.fromkeys(end for answer in answers for end in answer.ends)
        if endpoint not in names:
            raise GuideError(f"{service} has no endpoint {endpoint}; it has {', '.join(names)}")
    return wording.sentence(answers, main, questions, endpoint)


def answered(rules: Rules, packet: Packet, service: str) -> tuple[tuple[Answer, ...], Asking]:
    """What becomes of a packet, for each answer that decides, and what was asked.

    GuideError where nothing of its family was recorded. `service` is for its message.
    """
    tables = rules.of(packet.family)
    if not tables:
        family = "IPv6" if packet.family == "ip6" else "IPv4"
        raise GuideError(f"the recorded rules are not those of {family}, as {service} is")
    questions: dict[Subject, Asked] = {}
    ways = list(walk(deciding(tables, "prerouting"), packet, _client(), questions))
    return of_ways(ways, questions), questions


def asked(rules: Rules, service: str) -> Packet:
    """The packet of a client that asks a Service, which is given as in `shares`."""
    given = _END.fullmatch(service) or _END.fullmatch(next(_named(rules, service), ""))
    if given is None:
        raise GuideError(
            f"{service!r} is not a Service that the rules know",
            fix="give its address and port, 10.43.0.80:80, or its name, default/hello:http",
        )
    end = ends.parsed(given["end"])
    if not end.port:
        raise GuideError(f"{service} is not a Service: no connection has port 0")
    return Packet(
        protocol=given["protocol"] or "tcp",
        source=None,
        destination=end.address or "",
        destination_port=end.port,
        seen=False,
    )


def _client() -> Known:
    """What is known of who asks: his address is not the node's own, and his connection is new."""
    from_elsewhere = spans.of("source-type", "unicast", "") or ()
    return {
        Subject("state"): spans.of("state", "new", "") or (),
        **{
            Subject("source-type", f"{ASKER} {by}".strip()): from_elsewhere
            for by in ("", "iif", "oif", "mark", "iif oif")
        },
    }


def _usual(answers: Sequence[Answer], questions: Asking) -> list[Answer]:
    """The answers of a client that no rule names, as far as they lead anywhere; else of all."""
    unnamed = [
        answer
        for answer in answers
        if all(
            spans.both(left, usual(subject, questions[subject]))
            for subject, left in answer.when.items()
        )
    ]
    for considered in (unnamed, answers):
        leading = [answer for answer in considered if answer.ends]
        if leading:
            return leading
    # Of reasons to come to none the first that a rule gives: that none matches tells less.
    return sorted(unnamed or answers, key=lambda answer: all(map(nowhere, answer.lost)))


def _whole(leading: Sequence[Answer], rules: Rules, service: str) -> None:
    """GuideError where not all connections come to an endpoint, with what becomes of them."""
    for answer in leading:
        if answer.lost:
            raise GuideError(
                f"the rules of {rules.table} do not lead {service} to endpoints:"
                f" {wording.totals(answer)}"
            )


def _endpoint(text_given: str) -> str:
    """An endpoint as it is written here: `[FD00::3]:80` is `[fd00::3]:80`."""
    try:
        return ends.parsed(text_given).text
    except GuideError:
        return text_given


def _named(rules: Rules, name: str) -> Iterator[str]:
    """The addresses of the Service that kube-proxy notes by this name: `10.43.0.80:80/tcp`.

    With iptables the comment of the rule for its cluster IP has the name; with nftables the chain
    that the map of cluster IPs leads to: service-2M73P36B-default/hello/tcp/http.
    """
    namespace, _, rest = name.partition("/")
    service, _, port = rest.partition(":")
    chain = re.compile(
        rf"service-[A-Z0-9]+-{re.escape(namespace)}/{re.escape(service)}/[a-z]+/{re.escape(port)}"
    )
    for table in (rules, *rules.others):
        for rule in (rule for chain in table.chains.values() for rule in chain.rules):
            for branch in rule.branches:
                if rule.comment != f"{name} cluster IP" and not chain.fullmatch(branch.to):
                    continue
                values: dict[str, str] = {}
                for test in branch.tests:
                    if len(test.values) == 1 and not test.negated:
                        whats = (field.what for field in test.fields)
                        values |= dict(zip(whats, test.values[0], strict=True))
                if {"destination", "protocol", "destination-port"} <= values.keys():
                    address = values["destination"].partition("/")[0]
                    end = ends.End(address, int(values["destination-port"]))
                    yield f"{end.text}/{values['protocol']}"
