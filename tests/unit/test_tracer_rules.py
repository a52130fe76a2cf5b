"""Which rules that counted are about a request, and which may be about others: kept traces, with rules
put into what iptables-save had printed on a node, as iptables 1.8 prints them."""

from collections.abc import Callable
from typing import Any

import pytest

from macros.tracer import node_look
from macros.tracer.cause import Cause
from macros.tracer.node_look import Look
from tests.unit.tracer_support import replayed

_ENDS = "-A FORWARD -j DROP"
"""The rule that is to blame in `forward-drop`."""


def busy(*rules: str, node: str = "node1", without: str = "-") -> Callable[[Any], None]:
    """Rules of the table filter that end nine packets while the request is under way."""

    def change(kept: Any) -> None:
        for moment, count in (("before", "[0:0]"), ("after", "[9:540]")):
            text = kept["nodes"][node][moment]["iptables"]
            head, table, rest = text.partition("*filter\n")
            lines = [line for line in rest.splitlines() if without not in line or without == "-"]
            chains = [rule.split()[1] for rule in rules if "cali" in rule.split()[1]]
            own = [f":{chain} - [0:0]" for chain in dict.fromkeys(chains)]
            own += [f"{count} {rule}" for rule in rules]
            commit = lines.index("COMMIT")
            lines[commit:commit] = own
            kept["nodes"][node][moment]["iptables"] = head + table + "\n".join(lines) + "\n"
        if without != "-":
            kept["drops"] = []

    return change


def causes(name: str, *rules: str, without: str = "-") -> list[Cause]:
    traced = replayed(name, change=busy(*rules, without=without))
    return [cause for cause in traced.causes if cause.kind.startswith("rule-")]


@pytest.mark.parametrize(
    "rule",
    [
        "-A INPUT -j DROP",  # what is forwarded does not pass it
        "-A FORWARD -p tcp -m tcp --dport 22 -j DROP",
        "-A FORWARD -p tcp -m multiport --dports 22,8000:8080 -j DROP",
        "-A FORWARD -p udp -j DROP",
        "-A FORWARD -s 10.9.9.9/32 -j DROP",
        "-A FORWARD -i eth7 -j DROP",
    ],
)
def test_a_rule_that_cannot_be_about_it_is_not_named(rule: str) -> None:
    assert [(one.sure, one.evidence[0].output[:18]) for one in causes("forward-drop", rule)] == [
        (True, _ENDS)
    ]


def test_a_counter_alone_proves_nothing() -> None:
    # No word of the kernel, and nothing in the rule that names the request.
    (cause,) = causes("forward-drop", "-A FORWARD -m mark --mark 0x1 -j DROP", without=_ENDS)
    assert not cause.sure
    assert "perhaps this one" in cause.words


@pytest.mark.parametrize(
    "rules",
    [
        ["-A FORWARD -d 10.42.1.2/32 -j DROP"],
        ["-A FORWARD -p tcp -m tcp --dport 80 -j DROP"],
        # Calico: the chain of the pod's own interface, to which its name leads.
        ["-A FORWARD -j cali-to-wl", "-A cali-to-wl -o {veth} -g cali-tw-x", "-A cali-tw-x -j DROP"],
    ],
)  # fmt: skip
def test_a_rule_that_names_it_needs_no_word_of_the_kernel(rules: list[str]) -> None:
    way = replayed("forward-drop").forward
    (veth,) = (
        s.end.interface
        for s in way.stops
        if s.kind == "veth" and s.end.node == "node1" and not s.end.namespace
    )
    made = [rule.format(veth=veth) for rule in rules]
    (cause,) = causes("forward-drop", *made, without=_ENDS)
    assert cause.sure, cause


def test_the_chain_of_another_pod_is_none_of_it() -> None:
    rules = (
        "-A FORWARD -j cali-to-wl",
        "-A cali-to-wl -o cali9 -g cali-tw-9",
        "-A cali-tw-9 -j DROP",
    )
    assert causes("forward-drop", *rules, without=_ENDS) == []


def test_a_rule_that_drops_the_tunnel_is_named() -> None:
    # The request was last seen on the wire, inside VXLAN, in front of this rule.
    rule = "-A INPUT -p udp -m udp --dport 8472 -j DROP"
    assert [one.sure for one in causes("neighbour-wire", rule)] == [True]
    assert causes("neighbour-wire", rule.replace("8472", "53")) == []


def test_tables_of_old_and_new_iptables_are_not_one() -> None:
    """Both can be loaded, with chains of the same names."""
    new = "*filter\n:FORWARD ACCEPT [0:0]\n[1:60] -A FORWARD -j DROP\nCOMMIT\n"
    old = "*filter\n:FORWARD ACCEPT [0:0]\n[2:60] -A FORWARD -j REJECT\nCOMMIT\n"
    look = Look("node0", {"iptables": new + old, "ip6tables": "", "nft": ""})
    assert [(rule.verdict, rule.packets) for rule in look.ending] == [("DROP", 1), ("REJECT", 2)]


def test_a_table_of_nft_with_a_name_of_iptables_is_read() -> None:
    rule = "table ip filter {\n\tchain f {\n\t\tcounter packets 1 bytes 60 drop\n\t}\n}\n"
    assert [rule.packets for rule in node_look._of_nft(rule, frozenset())] == [1]
