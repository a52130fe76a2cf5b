"""The rules of a Service on a node, by whichever tool kube-proxy writes them."""

import json

import pytest

from macros.ground.errors import GuideError
from macros.store import form
from macros.tracer import request_ends, service_ends
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Target
from tests.unit.tracer_support import RECORDED, facts

ENDS = ("10.42.0.4:80", "10.42.1.2:80", "10.42.2.2:80")


def look(iptables: str = "", *, more: str = "") -> Look:
    """A node whose kube-proxy writes nftables, as chapter 4 has recorded it."""
    table = form.read(RECORDED / "services-nftables" / "table.txt", "")
    told = json.dumps(table.twin) + "\n" + more
    parts = {"iptables": iptables, "ip6tables": "", "nft": table.text, "nftjson": told}
    return Look("node0", parts)


def to(text: str) -> Target:
    known = facts()
    return request_ends.target(known, text, request_ends.client(known, "default/tools"), "tcp")


def test_nftables_tell_where_a_service_leads() -> None:
    rules, ends = service_ends.of_node(look(), to("hello"))
    assert (rules.table, sorted(ends)) == ("kube-proxy", sorted(ENDS))
    assert sorted(service_ends.led_to(look(), to("hello"))) == sorted(ENDS)


def test_a_table_that_went_meanwhile_hides_no_other() -> None:
    assert len(service_ends.led_to(look(more="\n{cut"), to("hello"))) == 3


def test_what_iptables_says_beside_it_is_asked_first_and_is_no_answer() -> None:
    kubelet = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"
    assert len(service_ends.led_to(look(kubelet), to("hello"))) == 3


def test_a_service_that_no_rule_knows_leads_nowhere() -> None:
    assert service_ends.led_to(look(), to("lost")) == ()
    with pytest.raises(GuideError, match="no rule of node0 leads"):
        service_ends.of_node(look(), to("lost"))


def test_ipv6_is_written_with_brackets() -> None:
    assert service_ends.asked_as(to("[fd42::5]:8080")) == "[fd42::5]:8080"
