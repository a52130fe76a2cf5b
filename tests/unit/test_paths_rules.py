"""Rules as kube-proxy really wrote them: read, walked, and their chances added up."""

from fractions import Fraction

import pytest

from macros.ground.errors import GuideError
from macros.ways import iptables, nftables, shares
from macros.ways.ruleset import Packet
from macros.ways.walk import ways
from tests.unit.paths_support import rules, text, twin

THIRD = Fraction(1, 3)
CLIENT = Packet("tcp", "10.42.0.4", "10.43.0.80", 40000, 80)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("0.33333333349", THIRD),  # iptables-save of three endpoints, kept as 715827883/2^31
        ("0.50000000000", Fraction(1, 2)),
        ("0.14285714272", Fraction(1, 7)),
        ("0.25000000000", Fraction(1, 4)),
    ],
)
def test_a_probability_is_the_fraction_that_it_was_rounded_from(
    printed: str, meant: Fraction
) -> None:
    assert iptables.share(printed) == meant


def test_a_probability_that_no_simple_fraction_rounds_to_stays_what_the_kernel_keeps() -> None:
    # 0.3333 is 715756266/2^31, which is no third.
    assert iptables.share("0.3333") == Fraction(round(0.3333 * 2**31), 2**31)
    assert iptables.share("0.3333") != THIRD


@pytest.mark.parametrize(
    ("case", "service"),
    [
        ("ipt", "10.43.0.80:80"),
        ("ipt", "default/hello:http"),
        ("ipt-nodeport", "192.168.56.10:30080"),
        ("nft", "10.43.0.80:80"),
        ("nft", "default/hello:http"),
        ("nft-nodeport", "192.168.56.10:30080"),
    ],
)
def test_each_of_three_endpoints_has_exactly_a_third(case: str, service: str) -> None:
    chances = shares.shares(rules(case), service)
    assert list(chances.values()) == [THIRD] * 3
    assert shares.text(rules(case), service) == "1/3, 1/3, 1/3"


def test_endpoints_are_named_in_the_order_of_the_rules() -> None:
    assert list(shares.shares(rules("ipt"), "10.43.0.80:80")) == [
        "10.42.0.3:80",
        "10.42.1.2:80",
        "10.42.2.2:80",
    ]
    assert shares.text(rules("ipt"), "10.43.0.80:80 10.42.1.2:80") == "1/3"


def test_another_chance_is_noticed() -> None:
    # What a broken kube-proxy would write: the second rule takes 2 of 5 of the rest.
    broken = text("ipt.txt").replace("--probability 0.50000000000", "--probability 0.40000000000")
    chances = shares.shares(iptables.read(broken), "10.43.0.80:80")
    assert list(chances.values()) == [THIRD, Fraction(4, 15), Fraction(2, 5)]


def test_a_rule_that_is_gone_is_noticed() -> None:
    lines = text("ipt.txt").splitlines()
    less = [line for line in lines if "-> 10.42.1.2:80" not in line]
    assert len(less) == len(lines) - 1
    chances = shares.shares(iptables.read("\n".join(less)), "10.43.0.80:80")
    assert chances == {"10.42.0.3:80": THIRD, "10.42.2.2:80": Fraction(2, 3)}


def test_a_service_that_remembers_its_clients_is_fair_to_new_ones() -> None:
    """sessionAffinity: ClientIP. Who was seen before goes where it went; others are shared out."""
    ruleset = iptables.read(text("ipt-affinity.txt"))
    assert shares.text(ruleset, "10.43.0.80:80") == "1/3, 1/3, 1/3"
    again = Packet("tcp", "10.42.0.4", "10.43.0.80", 40000, 80, seen=True)
    assert [way.dnat for way in ways(ruleset, "prerouting", again)] == ["10.42.0.3:80"]
    unknown = ways(ruleset, "prerouting", CLIENT)
    assert len(unknown) == 6  # by each of the three lists, or by chance


def test_a_service_without_a_way_to_endpoints_is_an_error() -> None:
    without = "\n".join(
        line for line in text("ipt.txt").splitlines() if "--to-destination 10.42.2.2" not in line
    )
    with pytest.raises(GuideError, match=r"do not lead 10\.43\.0\.80:80 to endpoints"):
        shares.shares(iptables.read(without), "10.43.0.80:80")
    with pytest.raises(GuideError, match="nowhere"):
        shares.shares(rules("ipt"), "10.43.0.81:80")


def test_a_service_that_no_rule_names_is_an_error() -> None:
    with pytest.raises(GuideError, match="'default/nobody:http' is not a Service"):
        shares.shares(rules("nft"), "default/nobody:http")


def test_an_endpoint_that_is_none_is_an_error_with_those_that_are() -> None:
    with pytest.raises(
        GuideError, match=r"has no endpoint 10\.42\.9\.9:80; it has 10\.42\.0\.3:80"
    ):
        shares.text(rules("ipt"), "10.43.0.80:80 10.42.9.9:80")


def test_udp_and_tcp_of_one_address_are_two_services() -> None:
    tcp = shares.shares(rules("ipt"), "kube-system/kube-dns:dns-tcp")
    udp = shares.shares(rules("ipt"), "10.43.0.10:53/udp")
    assert tcp == udp == {"10.42.0.2:53": Fraction(1)}
    names = {
        step.chain
        for way in ways(rules("ipt"), "prerouting", shares.asked(rules("ipt"), "10.43.0.10:53/udp"))
        for step in way.steps
    }
    assert "KUBE-SVC-TCOU7JCQXEZGVUNU" in names  # kube-dns:dns
    assert "KUBE-SVC-ERIFXISQEP7F7OF4" not in names  # kube-dns:dns-tcp


def test_a_client_outside_the_pods_range_is_marked_on_the_way() -> None:
    outside = Packet("tcp", "192.168.56.1", "10.43.0.80", 40000, 80)
    for case in ("ipt", "nft"):
        assert {way.packet.mark for way in ways(rules(case), "prerouting", outside)} == {0x4000}
        inside = Packet("tcp", "10.42.1.7", "10.43.0.80", 40000, 80)
        assert {way.packet.mark for way in ways(rules(case), "prerouting", inside)} == {0}


def test_a_marked_packet_is_masqueraded_and_its_mark_taken_off() -> None:
    for case in ("ipt", "nft"):
        marked = Packet("tcp", "192.168.56.1", "10.42.1.2", 40000, 80, mark=0x4000)
        (way,) = ways(rules(case), "postrouting", marked)
        assert way.masqueraded
        assert way.packet.mark == 0


def test_only_a_pod_that_got_itself_is_masqueraded() -> None:
    for case, own in (("ipt", "10.42.0.3"), ("nft", "10.42.0.4")):
        asking = Packet("tcp", own, "10.43.0.80", 40000, 80)
        for way in ways(rules(case), "prerouting", asking):
            (after,) = ways(rules(case), "postrouting", way.packet)
            assert after.masqueraded == (way.dnat == f"{own}:80")


def test_where_the_packet_does_not_tell_both_ways_are_found() -> None:
    # Whether 192.168.56.10 is an address of this node is not in the rules (-m addrtype).
    asking = Packet("tcp", "10.42.0.4", "192.168.56.10", 40000, 30080)
    ruleset = ways(rules("ipt-nodeport"), "prerouting", asking)
    assert sorted(way.dnat for way in ruleset) == [
        "",
        "10.42.0.3:80",
        "10.42.1.2:80",
        "10.42.2.2:80",
    ]


def test_a_circle_of_chains_is_an_error() -> None:
    circle = "*nat\n:PREROUTING ACCEPT\n:A -\n-A PREROUTING -j A\n-A A -j A\nCOMMIT\n"
    with pytest.raises(GuideError, match="circle"):
        ways(iptables.read(circle), "prerouting", CLIENT)


def test_a_goto_does_not_come_back_to_its_own_chain() -> None:
    # Both chains are real ones of kube-proxy; the order after a goto is nftables' (nft(8), goto).
    ruleset = rules("nft-nodeport").chain("external-2M73P36B-default/hello/tcp/http")
    assert [branch.actions[-1].kind for rule in ruleset.rules for branch in rule.branches] == [
        "mark",
        "goto",
    ]


def test_a_chain_whose_text_and_json_differ_is_not_read() -> None:
    shorter = text("nft.txt").replace("\t\tjump services\n", "", 1)
    read = nftables.read(shorter, twin("nft"))
    with pytest.raises(GuideError, match="which has 0 rules as text and 1 as JSON"):
        shares.shares(read, "10.43.0.80:80")


def test_a_table_that_was_not_recorded_is_an_error() -> None:
    with pytest.raises(GuideError, match="no table filter, only nat"):
        iptables.read(text("ipt.txt"), "filter")
    with pytest.raises(GuideError, match="no table 'nat', only kube-proxy"):
        nftables.read(text("nft.txt"), twin("nft"), "nat")


def test_every_rule_of_nftables_keeps_the_text_that_was_printed() -> None:
    printed = text("nft-nodeport.txt")
    for chain in rules("nft-nodeport").chains.values():
        for rule in chain.rules:
            assert rule.text in " ".join(printed.split()) or rule.text in printed
