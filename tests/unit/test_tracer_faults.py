"""Kept traces of a lab with one fault each: the place that is named, and what it rests on."""

import ipaddress
import json
import re
from dataclasses import replace

import pytest

from macros.tracer import answer_text, foreseen, page, saved
from macros.tracer.anonymous import Masks, anonymous
from macros.tracer.judging import Request, Traced
from macros.tracer.sending import Outcome, Wish
from macros.tracer.tracing import restarted
from tests.unit.tracer_support import KEPT, replayed, service

# One byte of an address is drawn as it was once in 256 times: tests look at one drawing.
KEY = bytes(range(32))

# What chapter 7 does, and more: the first cause, its node, where the packet was last seen.
FAULTS = {
    "route": ("no-route", "node0", "node0/:cni0"),
    "mtu": ("mtu", "node0", "node0/:cni0"),
    "fdb": ("fdb-wrong", "node0", "node2/:flannel.1"),
    "lost": ("no-endpoint", "", "node0/:cni0"),
    "neighbour-wire": ("neighbour-wrong", "node0", ""),
    "nft-uncounted": ("rule-dropped", "node1", "node1/:flannel.1"),
    "answer-lost": ("wrong-route", "node1", "node1/:eth0"),
    "proxy": ("stale-rules", "node0", "node1/:flannel.1"),
    "forward-drop": ("rule-dropped", "node1", "node1/:flannel.1"),
    # A rule names the endpoint; an entry leads to where no node is.
    "port-drop": ("rule-dropped", "node1", "node1/:eth1"),
    "fdb-nobody": ("fdb-wrong", "node0", "node0/:eth1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_place_of_a_fault_is_named(name: str) -> None:
    traced = replayed(name)
    kind, node, last = FAULTS[name]
    assert not traced.came
    assert traced.loss is not None
    assert traced.loss.last is not None
    assert str(traced.loss.last.end).startswith(last)
    assert (traced.causes[0].kind, traced.causes[0].node) == (kind, node)
    assert all(cause.evidence for cause in traced.causes if cause.sure)


def test_nothing_is_named_where_nothing_is_wrong() -> None:
    traced = replayed("well-service")
    assert traced.came
    assert traced.causes == []
    assert len({stop.end for sight in traced.story.sights for stop in sight.stops}) in (5, 10)


# Nodes that are containers, with addresses of both families: see the README of the traces.
CONTAINERS = {
    "node-port": "node0/:eth1 node1/:eth1 node1/:cni0 node1/:veth-hello-1 node1/hello-1:eth0",
    "six": "node0/tools:eth0 node0/:veth-tools node0/:cni0 node0/:eth1 "
    "node1/:eth1 node1/:cni0 node1/:veth-hello-1 node1/hello-1:eth0",
}


def test_of_two_tunnels_of_one_number_the_one_of_the_packets_family_takes_it_off() -> None:
    traced = replayed("six-tunnel")
    assert traced.came
    assert [stop.end.interface for stop in traced.forward.stops if stop.kind == "vxlan"] == [
        "flannel-v6.1",
        "flannel-v6.1",
    ]
    seen = {str(stop.end) for sight in traced.story.sights for stop in sight.stops}
    assert seen == {str(stop.end) for stop in traced.forward.stops}


def test_a_frame_for_another_nodes_tunnel_is_routed_on_there_and_that_is_said() -> None:
    traced = replayed("six-detour")
    assert traced.came
    nodes = [stop.end.node for stop in traced.forward.stops]
    assert list(dict.fromkeys(nodes)) == ["node0", "node2", "node1"]
    (words,) = answer_text.detour(traced)
    assert words.endswith("(flannel-v6.1 of node1), and node0 sends to f6:e2:ed:59:37:d7")
    assert "by a detour" in "\n".join(answer_text.lines(traced))
    assert "It made a detour" in _page(traced)
    assert answer_text.detour(replayed("six-tunnel")) == []


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_way_is_found_where_nodes_are_containers(name: str) -> None:
    traced = replayed(name)
    assert traced.came
    assert traced.forward.ends == "there"
    assert " ".join(str(stop.end) for stop in traced.forward.stops) == CONTAINERS[name]
    seen = {str(stop.end) for sight in traced.story.sights for stop in sight.stops}
    assert seen == {*CONTAINERS[name].split()}


@pytest.mark.parametrize("name", CONTAINERS)
def test_no_question_mixes_the_families(name: str) -> None:
    terrain = replayed(name).terrain
    asked = foreseen.questions(terrain, ("node0", ""), "", "10.43.0.80", ["10.42.1.2"])
    assert any(":" in question.to for question in asked)
    for question in asked:
        assert not question.source or (":" in question.to) == (":" in question.source)


def test_late_packets_of_others_are_a_guess_behind_what_is_sure() -> None:
    traced = replayed("lost", counted="ctstate INVALID")
    causes = [(cause.kind, cause.sure) for cause in traced.causes]
    assert causes[:2] == [("no-endpoint", True), ("rule-rejected", True)]
    assert ("rule-dropped", False) in causes
    assert "a guess" not in "\n".join(answer_text.lines(traced))
    # A drop that is about the request hides behind none of them.
    traced = replayed("forward-drop", counted="ctstate INVALID")
    assert (traced.causes[0].kind, traced.causes[0].sure) == ("rule-dropped", True)


def test_a_node_that_does_not_answer_is_dark_and_the_rest_is_told() -> None:
    traced = replayed("forward-drop", dark="node1")
    assert traced.forward.ends == "dark"
    assert traced.loss is not None
    assert str(traced.loss.last.end if traced.loss.last else "") == "node0/:eth1"
    assert "node1 could not be looked at" in "\n".join(answer_text.lines(traced))
    assert not any(cause.sure for cause in traced.causes)
    html = _page(traced)
    assert '<figure class="trace"' in html
    assert "not looked at" in html[html.index('<figure class="topology"') :], "a box for it"


@pytest.mark.parametrize("name", ["well-service", *FAULTS])
def test_the_answer_fits_on_a_screen(name: str) -> None:
    lines = list(answer_text.lines(replayed(name)))
    assert len(lines) <= 32
    assert all(len(line) <= 130 for line in lines)


def test_a_pod_that_is_replaced_or_restarted_meanwhile_is_named() -> None:
    traced = replayed("forward-drop")
    before = traced.terrain.facts
    request = Request(traced.client, traced.target, traced.wish)
    assert restarted(before, before, request) == []
    pods = [
        replace(pod, uid="new") if pod.name == "hello-1" else replace(pod, restarts=7)
        for pod in before.pods
        if pod.name in ("hello-1", "tools")
    ]
    notes = restarted(before, replace(before, pods=tuple(pods)), request)
    assert sorted(notes) == [
        "a container of default/tools was restarted during the trace: try again",
        "the pod default/hello-1 was replaced during the trace: try again",
    ]
    leaving = [replace(pod, ending=pod.name == "hello-1") for pod in before.pods]
    assert restarted(before, replace(before, pods=tuple(leaving)), request) == notes[:1]


def test_an_answer_to_what_nobody_saw_is_not_the_clusters() -> None:
    well = replayed("well-service")
    unheard = replace(well, story=replace(well.story, sights=(), captures=(b"",)))
    assert well.came
    assert unheard.came, "where nothing was heard at all it is not known"
    elsewhere = replace(well, story=replace(well.story, sights=()))
    assert not elsewhere.came
    assert answer_text.ELSEWHERE in answer_text.lines(elsewhere)
    assert "another machine answers there" in _page(elsewhere)


def _page(traced: Traced) -> str:
    return page.page(traced, saved.merge(traced))


@pytest.mark.parametrize("name", ["well-service", "fdb", "lost"])
def test_the_page_asks_for_nothing(name: str) -> None:
    html = _page(replayed(name))
    assert re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', html) == []
    assert "@import" not in html
    assert "url(http" not in html
    assert '<figure class="trace"' in html
    assert '<figure class="topology"' in html


def test_the_page_of_a_service_has_its_rules_with_the_way_taken() -> None:
    assert "KUBE-SEP-" in _page(replayed("well-service"))


def test_an_anonymous_trace_says_the_same_of_others() -> None:
    real = replayed("fdb")
    other = anonymous(real, KEY)
    html, lines = _page(other), "\n".join(answer_text.lines(other))
    for name in ("10.42.1.", "192.168.56.", "node0", "hello-1", "default/tools"):
        assert name not in html.replace("node0:", "")
        assert name not in lines
    assert [cause.kind for cause in other.causes] == [cause.kind for cause in real.causes]
    seen = [[stop.end.interface for stop in sight.stops] for sight in real.story.sights]
    assert [[stop.end.interface for stop in sight.stops] for sight in other.story.sights] == seen
    for before, after in zip(real.story.captures, other.story.captures, strict=True):
        assert len(before) == len(after)
        assert bytes([192, 168, 56, 10]) not in after
        assert bytes([10, 42, 1, 2]) not in after


def test_an_anonymous_trace_names_nobody_in_its_json() -> None:
    real = replayed("lost")
    spec = {"type": "ExternalName", "externalName": "db.acme.example"}
    facts = real.terrain.facts
    more = (*facts.services, service("acme-db", **spec))
    terrain = replace(real.terrain, facts=replace(facts, services=more))
    told = "nsenter tcpdump -w - 'udp[42:4] = 0x0a2a0003 and udp[46:4] = 0x0a2a0102 or ip6'"
    story = replace(real.story, commands=(told,) * len(real.story.commands))
    wish, said = Wish("command", command="curl http://acme/"), Outcome("curl http://acme/", "me", 0)
    traced = replace(real, terrain=terrain, story=story, wish=wish, outcome=said)
    other = anonymous(traced, KEY)
    every = json.dumps(saved.as_json(other)).replace("hello_time", "")  # a bridge has one
    every += "".join(other.story.commands)
    for name in ("acme", "hello", "helo", "node0", "10.42.", "10.43.", "0a2a0003", "0a2a0102"):
        assert name not in every, name
    assert re.search(r"udp\[42:4\] = 0x0a\w{6} and udp\[46:4\] = 0x0a\w{6} or ip6", every)


def test_an_anonymous_trace_hides_addresses_of_both_families() -> None:
    other = anonymous(replayed("six"), KEY)
    html = _page(other)
    every = html[html.index("<body") :] + json.dumps(saved.as_json(other))
    assert (
        re.findall(r"(?<![\w:])(?:fd42|fd43|fd56):[0-9a-f:]*|(?:10\.4[23]|192\.168)\.[\d.]+", every)
        == []
    )
    assert re.search(r"(?<![\w:])fd[0-9a-f]{2}:", every), "they still tell of what kind they are"
    for capture in other.story.captures:
        assert bytes.fromhex("fd42") not in capture
        assert bytes.fromhex("fd43") not in capture
    masks = Masks({})
    for kept in ("::", "::1", "ff02::1", "127.0.0.1", "224.0.0.1", "0.0.0.0", "10.0.0.0"):  # noqa: S104
        raw = ipaddress.ip_address(kept).packed
        assert masks.address(raw) == raw
    local = ipaddress.ip_address(masks.address(ipaddress.ip_address("fe80::1:2").packed))
    assert local.is_link_local
    assert str(local) != "fe80::1:2"


def test_an_anonymous_trace_keeps_its_own_words() -> None:
    real = replayed("fdb")
    facts = real.terrain.facts
    words = ("data", "wire", "routed", "request", "iptables", "links", "address", "pod", "http")
    named = (*facts.services, *(service(word, clusterIP="10.43.9.9") for word in words))
    traced = replace(real, terrain=replace(real.terrain, facts=replace(facts, services=named)))
    other = anonymous(traced, KEY)
    assert '<figure class="topology"' in _page(other)
    assert other.loss is not None
    assert other.loss.what == "request"
    assert other.wish.kind == "http"


def test_the_kept_traces_are_those_that_are_tested() -> None:
    assert {path.name.partition(".")[0] for path in KEPT.glob("*.gz")} == {
        "well-service",
        "six-tunnel",
        "six-detour",
        *FAULTS,
        *CONTAINERS,
    }


def test_the_rule_that_kept_the_word_of_the_mtu_from_the_sender_is_named() -> None:
    """It stands in OUTPUT, which the request itself does not pass."""
    told = [(cause.kind, cause.node) for cause in replayed("mtu").causes]
    assert told[:2] == [("mtu", "node0"), ("rule-dropped", "node0")]
