"""Rule sets made at random, and real ones broken at random: shares are right or refused, no more.

The reference leads one packet of which all is known through the rules that were made, not through
those that were read: it shares nothing with the walk.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from macros.ground.errors import GuideError
from macros.ways import answers, iptables, nftables, shares, spans
from macros.ways.questions import Subject
from macros.ways.reduction import deciding
from macros.ways.ruleset import Packet, Rules
from macros.ways.walk import Asked, walk, ways

FOREIGN = Path(__file__).parent.parent / "foreign" / "ways"
SEEDS = range(150)
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "203.0.113.0/24", "0.0.0.0/1")
SOURCES = ("10.1.2.3", "10.1.9.9", "10.9.9.9", "203.0.113.7", "192.0.2.1", "172.16.0.1")
DEVICES = ("eth0", "eth1", "cni0", "docker0")
PATTERNS = (*DEVICES, "eth+")
SETS = ("A", "B")
SERVICE = "198.51.100.7"
CHANCES = {"0.50000000000": Fraction(1, 2), "0.33333333349": Fraction(1, 3)}


@dataclass(slots=True)
class Made:
    """A rule: each test as (what, value, negated), a chance, and what it does."""

    tests: list[tuple[str, str, bool]]
    chance: str
    action: str
    to: str = ""


@dataclass(slots=True)
class Client:
    """All that these rules can ask of a packet. `mark` is given to it on the way."""

    source: str
    device: str
    local: bool
    sets: frozenset[str]
    mark: int = 0
    fates: dict[str, Fraction] = field(default_factory=dict)


def thrown(seed: int | str) -> random.Random:
    """Chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311 no secret rests on it


def made(dice: random.Random) -> dict[str, list[Made]]:
    """Chains of which each leads to later ones alone."""
    names = ["PREROUTING", *(f"C{n}" for n in range(dice.randrange(1, 5)))]
    return {
        name: [_made(dice, names[index + 1 :]) for _ in range(dice.randrange(1, 5))]
        for index, name in enumerate(names)
    }


def _made(dice: random.Random, later: list[str]) -> Made:
    tests: list[tuple[str, str, bool]] = []
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        what = dice.choice(("source", "in", "local", "set", "mark"))
        value = {
            "source": dice.choice(NETWORKS),
            "in": dice.choice(PATTERNS),
            "local": "LOCAL",
            "set": dice.choice(SETS),
            "mark": "0x1/0x1",
        }[what]
        if all(what != other for other, _, _ in tests):
            tests.append((what, value, dice.random() < 0.3))
    chance = dice.choice(("", "", "", *CHANCES))
    action = dice.choice(("jump", "jump", "goto", "dnat", "dnat", "return", "mark", "log", "drop"))
    to = {"dnat": f"10.5.0.{dice.randrange(1, 5)}:80"}.get(action, "")
    if action in ("jump", "goto"):
        action, to = (action, dice.choice(later)) if later else ("accept", "")
    return Made(tests, chance, action, to)


def written(chains: dict[str, list[Made]]) -> str:
    """As iptables-save writes it."""
    lines = ["*nat", *(f":{name} {'ACCEPT' if name.isalpha() else '-'} [0:0]" for name in chains)]
    for name, rules in chains.items():
        for rule in rules:
            words = [f"-A {name}", *(_test(*test) for test in sorted(rule.tests, key=_order))]
            if rule.chance:
                words.append(f"-m statistic --mode random --probability {rule.chance}")
            words.append(
                {
                    "jump": f"-j {rule.to}",
                    "goto": f"-g {rule.to}",
                    "dnat": f"-p tcp -j DNAT --to-destination {rule.to}",
                    "mark": "-j MARK --set-xmark 0x1/0x1",
                    "log": "-j LOG",
                }.get(rule.action, f"-j {rule.action.upper()}")
            )
            lines.append(" ".join(words))
    return "\n".join([*lines, "COMMIT", ""])


def _order(test: tuple[str, str, bool]) -> bool:
    return test[0] not in ("source", "in")


def _test(what: str, value: str, negated: bool) -> str:
    no = "! " if negated else ""
    return {
        "source": f"{no}-s {value}",
        "in": f"{no}-i {value}",
        "local": f"-m addrtype {no}--dst-type {value}",
        "set": f"-m set {no}--match-set {value} src",
        "mark": f"-m mark {no}--mark {value}",
    }[what]


def sent(chains: dict[str, list[Made]], client: Client) -> dict[str, Fraction]:
    """Where a packet goes, how often: the reference."""
    fates: dict[str, Fraction] = {}
    for mark, fate, share in _through(chains, "PREROUTING", 0, client, client.mark):
        del mark
        fates[fate] = fates.get(fate, Fraction(0)) + share
    return fates


def _through(
    chains: dict[str, list[Made]], name: str, place: int, client: Client, mark: int
) -> Iterator[tuple[int, str, Fraction]]:
    """The packet after a chain's rules from `place` on: its mark, its fate if it has one."""
    if place == len(chains[name]):
        yield mark, "", Fraction(1)
        return
    rule = chains[name][place]
    chance = CHANCES.get(rule.chance, Fraction(1))
    if not all(_fits(test, client, mark) for test in rule.tests):
        chance = Fraction(0)
    if chance < 1:
        for after, fate, share in _through(chains, name, place + 1, client, mark):
            yield after, fate, share * (1 - chance)
    if not chance:
        return
    match rule.action:
        case "return" | "accept":
            fate = "" if rule.action == "return" else "accept"
            yield mark, fate, chance
        case "dnat" | "drop":
            yield mark, rule.to or "drop", chance
        case "jump" | "goto":
            for after, fate, share in _through(chains, rule.to, 0, client, mark):
                if fate or rule.action == "goto":
                    yield after, fate, share * chance
                    continue
                for last, end, rest in _through(chains, name, place + 1, client, after):
                    yield last, end, share * chance * rest
        case _:
            after = mark | 1 if rule.action == "mark" else mark
            for last, end, share in _through(chains, name, place + 1, client, after):
                yield last, end, share * chance


def _fits(test: tuple[str, str, bool], client: Client, mark: int) -> bool:
    what, value, negated = test
    match what:
        case "source":
            network, _, length = value.partition("/")
            bits = _bits(client.source)[: int(length)]
            fits = _bits(network)[: int(length)] == bits
        case "in":
            fits = client.device == value or (value[-1] == "+" and client.device[:3] == "eth")
        case "local":
            fits = client.local
        case "set":
            fits = value in client.sets
        case _:
            fits = bool(mark & 1)
    return fits != negated


def _bits(address: str) -> str:
    return "".join(f"{int(part):08b}" for part in address.split("."))


def clients(dice: random.Random) -> Iterator[Client]:
    for source in SOURCES:
        yield Client(
            source,
            dice.choice(DEVICES),
            dice.random() < 0.5,
            frozenset(name for name in SETS if dice.random() < 0.5),
        )


def answered(rules: Rules) -> tuple[answers.Answer, ...]:
    asking = Packet("tcp", None, SERVICE, None, 80)
    asked: dict[Subject, Asked] = {}
    visited = list(walk(deciding([rules], "prerouting"), asking, {}, asked))
    return answers.of_ways(visited, asked)


def is_of(answer: answers.Answer, client: Client) -> bool:
    """Whether an answer is that of this client."""
    for subject, left in answer.when.items():
        value = {
            "source": client.source,
            "in": client.device,
            "destination-type": "local" if client.local else "unicast",
            "other": "yes" if subject.about.split(" ")[-2:][0] in client.sets else "no",
        }[subject.what]
        wanted = spans.of(subject.what, value, "ip")
        assert wanted is not None
        if not spans.both(left, wanted):
            return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_every_client_has_one_answer_and_it_is_the_references(seed: int) -> None:
    dice = thrown(seed)
    chains = made(dice)
    ruleset = answered(iptables.read(written(chains)))
    for answer in ruleset:
        assert sum(answer.ends.values()) + sum(answer.lost.values()) == 1
    for client in clients(dice):
        own = [answer for answer in ruleset if is_of(answer, client)]
        assert len(own) == 1, written(chains)
        right = {end: share for end, share in sent(chains, client).items() if ":" in end}
        assert own[0].ends == right, written(chains)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ways_of_a_packet_of_which_all_is_known_add_up_to_one(seed: int) -> None:
    dice = thrown(seed)
    chains = made(dice)
    for rules in chains.values():
        for rule in rules:
            rule.tests = [test for test in rule.tests if test[0] in ("source", "in", "mark")]
    read = iptables.read(written(chains))
    for client in clients(dice):
        packet = Packet("tcp", client.source, SERVICE, 40000, 80, arrives=client.device)
        possible = ways(read, "prerouting", packet)
        assert sum((way.share for way in possible), Fraction(0)) == 1
        ends: dict[str, Fraction] = {}
        for way in possible:
            if way.dnat:
                ends[way.dnat] = ends.get(way.dnat, Fraction(0)) + way.share
        assert ends == {end: n for end, n in sent(chains, client).items() if ":" in end}


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_add_up_to_one_or_are_refused(seed: int) -> None:
    read = iptables.read(written(made(thrown(seed))))
    try:
        chances = shares.shares(read, f"{SERVICE}:80")
    except GuideError:
        return
    assert sum(chances.values()) == 1
    assert all(share > 0 for share in chances.values())
    assert shares.text(read, f"{SERVICE}:80")


SAVED = sorted(path.name for path in FOREIGN.glob("*.txt") if "*nat" in path.read_text("utf-8"))
ASKED = ("10.43.0.50:80", "192.0.2.7:80", "192.0.2.7:8443", "[fd00:10:43::50]:80", "192.0.2.7:1012")
WORDS = ("-j", "!", "-m", "--dport", "0", "KUBE-SEP-1", "99999", "-s", "x/y", "[", '"', "fd00::")


@pytest.mark.parametrize("name", SAVED)
def test_a_broken_save_is_refused_and_never_a_traceback(name: str) -> None:
    dice = thrown(name)
    lines = (FOREIGN / name).read_text("utf-8").splitlines()
    for _ in range(60):
        broken = list(lines)
        for _ in range(dice.randrange(1, 4)):
            index = dice.randrange(len(broken))
            words = broken[index].split(" ")
            words[dice.randrange(len(words))] = dice.choice(WORDS)
            broken[index] = dice.choice((" ".join(words), " ".join(words), "", dice.choice(lines)))
        try:
            read = iptables.read("\n".join(broken))
        except GuideError:
            continue
        for service in ASKED:
            assert _total(read, service) == 1, "\n".join(broken)


def _total(rules: Rules, service: str) -> Fraction:
    """The sum of a Service's shares; 1 where they are refused."""
    try:
        return sum(shares.shares(rules, service).values(), Fraction(0))
    except GuideError:
        return Fraction(1)


@pytest.mark.parametrize("name", ["nft-kube", "nft-forms"])
def test_broken_json_is_refused_and_never_a_traceback(name: str) -> None:
    dice = thrown(name)
    whole = json.loads((FOREIGN / f"{name}.json").read_text("utf-8"))
    for _ in range(150):
        twin = json.loads(json.dumps(whole))
        for _ in range(dice.randrange(1, 3)):
            _break(dice, twin["nftables"])
        try:
            read = nftables.read(json.dumps(twin), None)
        except GuideError:
            continue
        for service in (*ASKED, "192.0.2.9:1003", "192.0.2.9:1016"):
            assert _total(read, service) == 1


def _break(dice: random.Random, node: Any) -> None:
    """Change, or take away, one thing somewhere inside."""
    while isinstance(node, (dict, list)) and node:
        key: Any = dice.choice(list(node)) if isinstance(node, dict) else dice.randrange(len(node))
        inner = node[key]
        if not isinstance(inner, (dict, list)) or not inner or dice.random() < 0.15:
            if dice.random() < 0.4:
                del node[key]
            else:
                node[key] = dice.choice((None, 0, "x", [], {}, {"range": [1, 2]}, "@gone", 3))
            return
        node = inner
