"""iptables rules keep their order, their meaning and their text."""

import shlex
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.kinds import rules
from tests.data.records.load import read, text

SAVES = ["iptables-save", "docker/iptables-save", "docker/iptables-save-before"]
SAVES += ["calico/iptables-save", "iptables-list", "iptables-list-nat"]


def every(name: str) -> list[rules.Rule]:
    answer: dict[str, rules.Table] = read(name)
    return [r for table in answer.values() for chain in table.chains.values() for r in chain.rules]


@pytest.mark.parametrize("name", SAVES)
def test_every_rule_reads_back_as_printed(name: str) -> None:
    printed = [line for line in text(name).splitlines() if line.startswith("-A")]
    assert sorted(rule.text for rule in every(name)) == sorted(printed)


@pytest.mark.parametrize("name", SAVES)
def test_no_word_of_a_rule_is_lost_and_order_is_kept(name: str) -> None:
    short = {"source": "-s", "destination": "-d", "protocol": "-p"}
    short |= {"in-interface": "-i", "out-interface": "-o"}

    def words(option: rules.Option) -> list[str]:
        name = short.get(option.name, f"--{option.name}")
        return [*(["!"] if option.negated else []), name, *option.values]

    for rule in every(name):
        rebuilt = ["-A", rule.chain]
        for match in rule.matches:
            rebuilt += ["-m", match.name] if match.name else []
            rebuilt += [word for option in match.options for word in words(option)]
        if rule.target is not None:
            rebuilt += ["-g" if rule.goto else "-j", rule.target]
        rebuilt += [word for option in rule.options for word in words(option)]
        # shlex keeps the backslash that iptables puts before a single quote.
        assert rebuilt == [word.replace("\\'", "'") for word in shlex.split(rule.text)]


def test_chains_are_in_order_with_policies() -> None:
    filter_ = read("iptables-save")["filter"]
    assert list(filter_.chains) == ["INPUT", "FORWARD", "OUTPUT", "GUIDE"]
    assert filter_.chains["FORWARD"].policy == "DROP"
    assert filter_.chains["INPUT"].policy == "ACCEPT"
    assert filter_.chains["GUIDE"].policy is None
    assert [rule.number for rule in filter_.chains["GUIDE"].rules] == [1, 2, 3, 4, 5, 6, 7]


def test_save_and_list_say_the_same() -> None:
    saved = read("iptables-save")
    listed = read("iptables-list")["filter"]
    for name, chain in saved["filter"].chains.items():
        assert listed.chains[name].rules == chain.rules
        assert listed.chains[name].policy == chain.policy
    nat = read("iptables-list-nat")
    assert list(nat) == ["nat"]
    assert nat["nat"].chains["DOCKER"].rules == saved["nat"].chains["DOCKER"].rules
    chain = read("iptables-list-chain")["filter"].chains["GUIDE"]
    assert chain.rules == saved["filter"].chains["GUIDE"].rules


def test_counters_are_read_and_are_not_part_of_the_text() -> None:
    plain = read("iptables-save")["nat"].chains["DOCKER"].rules
    counted = read("iptables-save-counters")["nat"].chains["DOCKER"].rules
    inside = read("iptables-list-counters")["nat"].chains["DOCKER"].rules
    assert (plain[1].packets, plain[1].bytes) == (None, None)
    assert (counted[1].packets, counted[1].bytes) == (1, 60)
    assert inside == counted
    assert [rule.text for rule in counted] == [rule.text for rule in plain]
    forward = read("docker/iptables-save")["raw"].chains["PREROUTING"]
    assert (forward.packets, forward.bytes) == (33, 1496)


def test_negation_belongs_to_its_option() -> None:
    masquerade = read("docker/iptables-save")["nat"].chains["POSTROUTING"].rules[0]
    assert (masquerade.source, masquerade.out_interface) == ("172.17.0.0/16", "! docker0")
    assert masquerade.target == "MASQUERADE"
    reject = read("iptables-save")["filter"].chains["GUIDE"].rules[4]
    assert reject.source == "! 10.9.0.0/24"
    assert reject.protocol == "udp"
    assert reject.given["dports"] == "! 53,123"
    assert reject.given["mark"] == "! 0x4000/0x4000"
    assert reject.given["reject-with"] == "icmp-port-unreachable"


def test_a_target_has_its_own_options() -> None:
    dnat = read("docker/iptables-save")["nat"].chains["DOCKER"].rules[1]
    assert dnat.target == "DNAT"
    assert [(option.name, option.values) for option in dnat.options] == [
        ("to-destination", ("172.17.0.3:8080",))
    ]
    assert [match.name for match in dnat.matches] == ["", "tcp"]


def test_quoted_comments_are_unquoted_and_are_no_options() -> None:
    rule = read("iptables-save")["filter"].chains["GUIDE"].rules[1]
    assert rule.comment == """it's "new", -j said"""
    assert rule.target == "ACCEPT"
    assert rule.given["tcp-flags"] == "SYN,RST SYN"
    log = read("iptables-save")["filter"].chains["GUIDE"].rules[2]
    assert (log.comment, log.given["log-prefix"]) == ("plain", "guide: ")


def test_a_goto_a_bare_rule_and_two_comments() -> None:
    chains = read("iptables-save")["filter"].chains
    assert (chains["FORWARD"].rules[0].target, chains["FORWARD"].rules[0].goto) == ("GUIDE", True)
    assert chains["GUIDE"].rules[3].target is None
    assert not chains["GUIDE"].rules[0].goto
    mangle = read("calico/iptables-save")["mangle"].chains["cali-POSTROUTING"].rules[0]
    assert mangle.comments == (
        "cali:rjggb5FqJG-Y25Bt",
        "set dscp for traffic leaving cluster.",
    )
    sets = [match.options[0] for match in mangle.matches if match.name == "set"]
    assert [(option.negated, option.values[1]) for option in sets] == [
        (False, "src"),
        (True, "dst"),
        (True, "dst"),
    ]


def test_a_dropped_rule_is_seen() -> None:
    lines = text("docker/iptables-save").splitlines(keepends=True)
    less = rules.read("".join(line for line in lines if "MASQUERADE" not in line))
    assert less["nat"].chains["POSTROUTING"].rules == ()
    assert len(read("docker/iptables-save")["nat"].chains["POSTROUTING"].rules) == 1


def test_what_is_no_rule_is_an_error_with_its_line() -> None:
    with pytest.raises(GuideError, match=r"line 2 .*-X GONE"):
        rules.read("*filter\n-X GONE\n")


def test_what_iptables_does_not_read_itself_is_kept_with_its_rule() -> None:
    """A real save, in which a match and a target are of another revision (tests/foreign/ways)."""
    saved = Path(__file__).parent.parent / "foreign" / "ways" / "unsupported.txt"
    chain = rules.read(saved.read_text(encoding="utf-8"))["nat"].chains["PREROUTING"]
    assert [rule.unread for rule in chain.rules] == [
        "[unsupported revision]",
        "",
        "[unsupported revision]",
    ]
    assert chain.rules[0].text == "-A PREROUTING -m socket [unsupported revision] -j RETURN"
    assert (chain.rules[0].matches, chain.rules[0].target) == ((rules.Match("socket"),), "RETURN")
    assert (chain.rules[2].target, chain.rules[2].options) == ("NFQUEUE", ())
    odd = "-A PREROUTING [another thing] -j RETURN"
    chain = rules.read(f"*nat\n{odd}\n-A PREROUTING -j ACCEPT\n")["nat"].chains["PREROUTING"]
    assert (chain.rules[0].strays, chain.rules[0].text) == ("[another thing]", odd)
    assert (chain.rules[1].strays, chain.rules[1].target) == ("", "ACCEPT")
