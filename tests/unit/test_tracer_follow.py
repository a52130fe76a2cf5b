"""Ways in other clusters than the lab's: kept traces in which a table says something else.

The lines are those of iproute2, and of the kernel's answers to it, as the traces themselves have them.
"""

from collections.abc import Callable
from typing import Any

from macros.kinds import routes
from macros.tracer.follow import Start, follow
from macros.tracer.judging import Traced
from macros.tracer.route_answers import Question, RouteAnswer, RouteAnswers
from tests.unit.tracer_support import replayed

Change = Callable[[Any], None]


def route(node: str, to: str, iif: str, text: str, *, known: bool = True) -> Change:
    """Another answer of a node's own tables."""

    def change(kept: Any) -> None:
        (one,) = (
            r for r in kept["routes"]
            if (r["node"], r["space"], r["to"], r["iif"]) == (node, "", to, iif)
            and (not r["source"] or r["source"] in ("10.42.0.3", "fd42::3"))
        )  # fmt: skip
        one.update(text=text, known=known)

    return change


def sysctl(node: str, line: str) -> Change:
    name = line.partition(" = ")[0]

    def change(kept: Any) -> None:
        parts = kept["nodes"][node]["before"]
        assert f"{name} = 1" in parts["sysctl"]
        parts["sysctl"] = parts["sysctl"].replace(f"{name} = 1", line)

    return change


def macs(node: str, mac: str, *addresses: str) -> Change:
    """Neighbours of a node that answer with one MAC."""

    def change(kept: Any) -> None:
        for neighbour in kept["nodes"][node]["observed"]["namespaces"][0]["neighbours"]:
            if neighbour["dst"] in addresses:
                neighbour["lladdr"] = mac

    return change


def traced(name: str, *changes: Change) -> Traced:
    def change(kept: Any) -> None:
        for one in changes:
            one(kept)

    return replayed(name, change=change)


def troubles(of: Traced) -> list[str]:
    return [lookup.trouble for lookup in of.forward.troubles]


def test_a_router_between_nodes_is_no_fault() -> None:
    to_router = "192.168.56.11 via 10.0.2.2 dev eth0 src 192.168.56.10 uid 0\n    cache"
    found = traced("forward-drop", route("node0", "192.168.56.11", "", to_router))
    assert found.forward.ends == "there"
    names = [str(stop.end) for stop in found.forward.stops]
    assert names[4:6] == ["node0/:eth0", "node1/:eth1"]
    assert troubles(found) == ["router"]
    assert next(cause.kind for cause in found.causes if cause.sure) == "rule-dropped"
    assert "wrong-route" not in {cause.kind for cause in found.causes}


def test_a_router_behind_which_nothing_is_seen_is_a_guess() -> None:
    to_router = "192.168.56.11 via 10.0.2.2 dev eth0 src 192.168.56.10 uid 0\n    cache"

    def lost_there(kept: Any) -> None:
        for end in [end for end in kept["captures"] if end.startswith("node1")]:
            del kept["captures"][end]
        kept["captures"]["node0/:eth0"] = kept["captures"]["node0/:eth1"]
        kept["drops"] = []

    found = traced("forward-drop", route("node0", "192.168.56.11", "", to_router), lost_there)
    assert found.causes[0].kind == "router"
    assert not any(cause.sure for cause in found.causes)


def test_a_pods_route_beside_the_others_is_a_wrong_one() -> None:
    found = replayed("answer-lost")
    assert found.causes[0].kind == "wrong-route"


def test_a_mac_that_answers_for_many_is_no_wrong_one() -> None:
    one = macs("node0", "12:34:56:78:9a:bc", "192.168.56.11")
    assert troubles(traced("forward-drop", one)) == ["neighbour-wrong"]
    many = macs("node0", "12:34:56:78:9a:bc", "192.168.56.11", "192.168.56.12")
    found = traced("forward-drop", many)
    assert troubles(found) == ["neighbour-shared"]
    assert "neighbour-shared" not in {cause.kind for cause in found.causes}, "it was passed"
    # Of a node that was looked at it is known to be wrong, whatever else it answers for.
    own = "02:00:c0:a8:38:10"
    other = macs("node0", own, "192.168.56.11", "192.168.56.12")
    assert troubles(traced("forward-drop", other)) == ["neighbour-wrong"]


def test_of_ipv6_all_interfaces_forward_or_none() -> None:
    assert troubles(traced("six", sysctl("node1", "net/ipv6/conf/eth1/forwarding = 0"))) == []
    off = traced("six", sysctl("node1", "net/ipv6/conf/all/forwarding = 0"))
    assert troubles(off) == ["forwarding-off"]


def test_where_forwarding_is_off_no_route_is_said_to_be_missing() -> None:
    off = sysctl("node1", "net/ipv4/conf/flannel.1/forwarding = 0")
    refused = "RTNETLINK answers: No route to host"
    none = route("node1", "10.42.1.2", "flannel.1", refused, known=False)
    assert troubles(traced("forward-drop", off, none)) == ["forwarding-off"]
    assert troubles(traced("forward-drop", none)) == ["no-route"]


def test_what_a_packet_has_passed_did_not_lose_it() -> None:
    off = sysctl("node0", "net/ipv4/conf/cni0/forwarding = 0")
    found = traced("forward-drop", off)
    assert troubles(found) == ["forwarding-off"]
    assert "forwarding-off" not in {cause.kind for cause in found.causes}


def test_tables_that_lead_in_a_circle_are_not_believed() -> None:
    around = route("node0", "10.42.1.2", "cni0", "10.42.1.2 from 10.42.0.3 via 10.42.0.3 dev cni0")

    def inside(kept: Any) -> None:
        text = "10.42.1.2 from 10.42.0.3 via 10.42.0.1 dev eth0"
        asked = {"node": "node0", "space": "tools", "to": "10.42.1.2", "source": "10.42.0.3"}
        kept["routes"].append(
            {**asked, "iif": "eth0", "command": "", "text": text, "known": True}
        )  # fmt: skip

    found = traced("forward-drop", around, inside)
    assert found.forward.ends == "strange"
    assert len(found.forward.stops) < 10


def test_what_a_machine_sends_to_itself_goes_by_lo() -> None:
    terrain = replayed("forward-drop").terrain
    text = "local 192.168.56.10 dev lo src 192.168.56.10 uid 0\n    cache <local>"
    question = Question("node0", "", "192.168.56.10")
    answers = RouteAnswers({}, {question: RouteAnswer("", text, routes.read(text)[0])})
    way = follow(terrain, answers, Start("node0", ""), "", "192.168.56.10")
    assert (way.ends, [str(stop.end) for stop in way.stops]) == ("there", ["node0/:lo"])
