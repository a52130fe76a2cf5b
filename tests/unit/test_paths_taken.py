"""The way of real packets: rules and evidence must tell the same, and each can deny the other."""

import re
from fractions import Fraction

import pytest

from macros.ground.errors import GuideError
from macros.ways import evidence, iptables
from macros.ways.packet_way import taken
from tests.unit.paths_support import CASES, rules, text, told, way

# What conntrack and the answering pod said of each request: where it went, and who it came from.
WENT = {
    "ipt-pod": ("10.42.1.2:80", "10.42.0.4"),
    "ipt-hairpin": ("10.42.0.3:80", "10.42.0.1"),
    "ipt-node": ("10.42.2.2:80", "10.42.0.0"),
    "ipt-nodeport": ("10.42.1.2:80", "10.42.0.0"),
    "nft-pod": ("10.42.0.6:80", "10.42.0.5"),
    "nft-hairpin": ("10.42.0.4:80", "10.42.0.1"),
    "nft-node": ("10.42.0.3:80", "10.42.0.1"),
    "nft-nodeport": ("10.42.0.3:80", "10.42.0.1"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_packet_went_where_conntrack_says(case: str) -> None:
    course = way(case)
    after = course.after
    assert after is not None
    assert (after.to_text, after.source) == WENT[case]
    assert course.hook == ("output" if case.endswith("-node") else "prerouting")
    assert course.told_by == ("trace", "conntrack")


@pytest.mark.parametrize("case", CASES)
def test_every_rule_that_was_traced_is_on_the_way(case: str) -> None:
    """Counted anew from the trace's own lines, by another expression than the reader's."""
    tables = {"ipt": r"nat:(\S+?):rule:", "nft": r"ip kube-proxy (\S+) rule "}
    lines = re.findall(tables[case[:3]], text(f"{case}.trace.txt"))
    lines = [chain for chain in lines if not chain.startswith("filter-")]
    course = way(case)
    assert [step.chain for step in (*course.first.steps, *course.last.steps)] == lines


@pytest.mark.parametrize("case", CASES)
def test_the_chance_of_the_way_is_a_third_of_three(case: str) -> None:
    course = way(case)
    assert [choice.share for choice in course.choices] == [Fraction(1, 3)] * 3
    assert course.first in course.choices


@pytest.mark.parametrize("case", CASES)
def test_conntrack_alone_tells_the_same_where_it_can(case: str) -> None:
    if case.endswith("-node"):
        pytest.skip("conntrack does not tell that the node itself sent it")
    service = way(case).before.to_text
    course = taken(rules(case), [told(case, "conntrack")], service)
    assert (course.first.dnat, course.last.masqueraded) == (
        way(case).first.dnat,
        way(case).last.masqueraded,
    )
    assert course.told_by == ("conntrack",)


def test_a_trace_alone_does_not_know_the_source_after_masquerading() -> None:
    course = taken(rules("ipt-hairpin"), [told("ipt-hairpin", "trace")])
    assert course.last.masqueraded
    assert course.after is None
    plain = taken(rules("ipt-pod"), [told("ipt-pod", "trace")])
    assert plain.after == plain.last.packet


def test_the_packet_after_routing_is_the_one_traced_there() -> None:
    course = way("ipt-pod")
    # PACKET: … IN=cni0 OUT=flannel.1 … DST=10.42.1.2 in the trace.
    assert course.middle.leaves == "flannel.1"
    assert course.middle.to_text == "10.42.1.2:80"
    assert way("ipt-hairpin").middle.mark == 0x4000


def test_rules_that_were_changed_in_between_are_an_error() -> None:
    other = iptables.read(text("ipt.txt").replace("10.43.0.80/32", "10.43.0.81/32"))
    with pytest.raises(GuideError, match="no path through the prerouting hook matches"):
        taken(other, [told("ipt-pod", "trace")])


def test_a_rule_traced_that_is_not_recorded_is_an_error() -> None:
    lines = text("ipt.txt").splitlines()
    without = [
        line for line in lines if not line.startswith('-A POSTROUTING -m comment --comment "f')
    ]
    assert len(without) == len(lines) - 1
    with pytest.raises(GuideError, match="FLANNEL-POSTRTG") as caught:
        taken(iptables.read("\n".join(without)), [told("ipt-pod", "trace")])
    assert "postrouting" in caught.value.message


def test_a_trace_and_another_endpoint_in_conntrack_contradict_each_other() -> None:
    other = text("ipt-pod.conntrack.txt").replace("src=10.42.1.2", "src=10.42.2.2")
    with pytest.raises(GuideError, match="do not agree where"):
        taken(rules("ipt-pod"), [told("ipt-pod", "trace"), evidence.read(other, "nat")])


def test_an_endpoint_that_the_rules_do_not_have_is_an_error() -> None:
    other = text("ipt-pod.conntrack.txt").replace("src=10.42.1.2", "src=10.42.7.7")
    with pytest.raises(GuideError, match="no path through the prerouting hook"):
        taken(rules("ipt-pod"), [evidence.read(other, "nat")])


def test_a_source_rewritten_without_a_rule_for_it_is_an_error() -> None:
    other = text("ipt-pod.conntrack.txt").replace(
        "dst=10.42.0.4 sport=80", "dst=10.42.0.1 sport=80"
    )
    assert other != text("ipt-pod.conntrack.txt")
    with pytest.raises(GuideError, match="no path through the postrouting hook"):
        taken(rules("ipt-pod"), [evidence.read(other, "nat")])


def test_outputs_of_different_connections_are_an_error() -> None:
    with pytest.raises(GuideError, match="different connections"):
        taken(rules("ipt-pod"), [told("ipt-pod", "trace"), told("ipt-hairpin", "conntrack")])


def test_of_several_packets_in_a_trace_the_last_is_followed() -> None:
    """A page asks until the server answers that it is about; what came before is in the trace."""
    both = text("ipt-hairpin.trace.txt") + text("ipt-pod.trace.txt")
    course = taken(rules("ipt-pod"), [evidence.read(both, "nat")])
    assert course.first.dnat == "10.42.1.2:80"
    # conntrack can tell that another one is meant.
    first = taken(rules("ipt-pod"), [evidence.read(both, "nat"), told("ipt-hairpin", "conntrack")])
    assert first.first.dnat == "10.42.0.3:80"


def test_connections_to_several_ends_leave_a_choice_open() -> None:
    both = text("ipt-hairpin.conntrack.txt") + "\n" + text("ipt-pod.conntrack.txt")
    with pytest.raises(GuideError, match=r"several ends: 10\.42\.0\.3:80, 10\.42\.1\.2:80"):
        taken(rules("ipt-pod"), [evidence.read(both, "nat")])


def test_a_packet_to_another_service_is_an_error_with_those_there_are() -> None:
    with pytest.raises(GuideError, match=r"sent to 10\.43\.0\.10:53, but to 10\.43\.0\.80:80"):
        taken(rules("ipt-pod"), [told("ipt-pod", "trace")], "10.43.0.10:53")


def test_what_is_neither_a_trace_nor_conntrack_is_an_error() -> None:
    with pytest.raises(GuideError, match="conntrack"):
        evidence.read("hello from hello-1 at 10.42.1.2, asked by 10.42.0.4\n", "nat")


def test_a_later_packet_of_a_connection_meets_no_nat_rule() -> None:
    """The retransmission of a SYN is traced through the raw table alone."""
    lines = text("ipt-pod.trace.txt").splitlines(keepends=True)
    raw = [line for line in lines if line.startswith("PACKET") or " raw:" in line][:2]
    with pytest.raises(GuideError, match="first of a connection"):
        evidence.read("".join(raw), "nat")


def test_the_id_of_a_trace_is_another_at_the_next_hook_and_still_one_packet() -> None:
    ids = set(re.findall(r"^PACKET: 2 (\S+)", text("ipt-pod.trace.txt"), re.MULTILINE))
    assert len(ids) == 2
    assert len(told("ipt-pod", "trace")) == 1


def test_return_is_said_in_words() -> None:
    """xtables-monitor 1.8.13 prints the verdict RETURN as 0xfffffffb, which is NFT_RETURN."""
    assert "0xfffffffb" in text("ipt-pod.trace.txt")
    (possible,) = told("ipt-pod", "trace")
    assert [visit.verdict for visit in possible.fitted("nat")][-1] == "RETURN"
