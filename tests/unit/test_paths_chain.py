"""Look-ups that lead to each other, in the tables of a real node, as cards."""

import json
import re
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from macros.figures.ways import cards
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.ways import lookups
from tests.unit.paths_support import recording, text

FOREIGN = Path(__file__).parent.parent / "foreign" / "ways"
ROUTES = recording("route", "ip route")
NEIGHBOURS = recording("neigh", "ip neigh show dev flannel.1")
ENTRIES = recording("fdb", "bridge fdb show dev flannel.1")
LOCAL = recording("neigh-cni0", "ip neigh show dev cni0")
PORTS = recording("fdb-cni0", "bridge fdb show br cni0")


def printed(name: str, command: str, old: str, new: str) -> Recording:
    """A recording with something else in it, as text alone."""
    changed = text(f"{name}.txt").replace(old, new)
    assert changed != text(f"{name}.txt")
    return recording(name, command, printed=changed)


def figure(found: lookups.Chain, told: tuple[Recording, Recording, Recording]) -> str:
    return cards.figure(found, told, ("#b-r", "#b-n", "#b-f"), id="x", title="Where it goes")


def test_a_pod_of_another_node_is_found_by_three_tables() -> None:
    joined = lookups.join("10.42.1.2", ROUTES, NEIGHBOURS, ENTRIES)
    assert (joined.route.destination, joined.hop, joined.device) == (
        "10.42.1.0/24",
        "10.42.1.0",
        "flannel.1",
    )
    assert joined.mac == "3a:5f:25:8d:ab:42"
    assert joined.entry.dst == "192.168.56.11"
    assert joined.carrier is not None
    assert joined.carrier.dev == "eth1"


def test_a_pod_of_the_same_node_is_its_own_next_hop_behind_a_port() -> None:
    joined = lookups.join("10.42.0.3", ROUTES, LOCAL, PORTS)
    assert (joined.hop, joined.device, joined.mac) == ("10.42.0.3", "cni0", "ea:17:89:0b:eb:20")
    assert (joined.entry.dev, joined.entry.dst, joined.carrier) == ("veth1d6eba3f", None, None)


def test_the_text_alone_says_the_same_as_the_json() -> None:
    told = [
        recording(answer.id, answer.ran, printed=answer.text)
        for answer in (ROUTES, NEIGHBOURS, ENTRIES)
    ]
    by_text = lookups.join("10.42.2.9", *told)
    by_json = lookups.join("10.42.2.9", ROUTES, NEIGHBOURS, ENTRIES)
    assert (by_text.hop, by_text.mac, by_text.entry) == (by_json.hop, by_json.mac, by_json.entry)


def test_the_longest_prefix_wins_over_the_default() -> None:
    with pytest.raises(GuideError, match=r"no entry for 10\.0\.2\.2 on eth0"):
        lookups.join("8.8.8.8", ROUTES, NEIGHBOURS, ENTRIES)


def test_a_next_hop_that_no_neighbour_has_fails() -> None:
    other = printed("neigh", NEIGHBOURS.ran, "10.42.1.0 lladdr", "10.42.9.0 lladdr")
    with pytest.raises(GuideError, match=r"neigh has no entry for 10\.42\.1\.0 on flannel\.1"):
        lookups.join("10.42.1.2", ROUTES, other, ENTRIES)


def test_a_mac_that_no_entry_has_fails() -> None:
    other = printed("fdb", ENTRIES.ran, "3a:5f:25:8d:ab:42", "3a:5f:25:8d:ab:43")
    with pytest.raises(GuideError, match=r"fdb has no entry on flannel\.1 that leads to 3a:5f"):
        lookups.join("10.42.1.2", ROUTES, NEIGHBOURS, other)


def test_a_neighbour_of_another_device_does_not_count() -> None:
    with pytest.raises(GuideError, match=r"no entry for 10\.42\.1\.0 on flannel\.1"):
        lookups.join("10.42.1.2", ROUTES, LOCAL, ENTRIES)


def test_a_bridges_own_addresses_lead_nowhere() -> None:
    """`permanent` in a bridge's table is a MAC of the machine: no frame leaves by that port."""
    lines = [line for line in PORTS.text.splitlines() if not line.startswith("ea:17:89:0b:eb:20")]
    kept = "\n".join([*lines, "ea:17:89:0b:eb:20 dev veth1d6eba3f master cni0 permanent"])
    with pytest.raises(GuideError, match="no entry on cni0"):
        lookups.join("10.42.0.3", ROUTES, LOCAL, recording("f", PORTS.ran, printed=kept))


def test_a_route_that_leads_nowhere_fails() -> None:
    other = printed("route", ROUTES.ran, "10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink",
                    "blackhole 10.42.1.0/24 proto 80")  # fmt: skip
    with pytest.raises(GuideError, match="leads nowhere: blackhole"):
        lookups.join("10.42.1.2", other, NEIGHBOURS, ENTRIES)


def test_another_kind_of_output_is_an_error_that_names_the_block() -> None:
    with pytest.raises(GuideError, match="block neigh shows no routes"):
        lookups.join("10.42.1.2", NEIGHBOURS, NEIGHBOURS, ENTRIES)


def test_the_cards_quote_the_lines_as_printed_and_link_their_blocks() -> None:
    told = (ROUTES, NEIGHBOURS, ENTRIES)
    shown = figure(lookups.join("10.42.1.2", *told), told)
    plain = unescape(re.sub(r"<[^>]+>", "", shown))
    assert "10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink" in plain
    assert "10.42.1.0 lladdr 3a:5f:25:8d:ab:42 PERMANENT" in plain
    assert "3a:5f:25:8d:ab:42 dst 192.168.56.11 self permanent" in plain
    assert re.findall(r'href="([^"]*)"', shown) == ["#b-r", "#b-n", "#b-f", "#b-r"]


def test_a_shared_value_looks_the_same_on_both_cards() -> None:
    told = (ROUTES, NEIGHBOURS, ENTRIES)
    shown = figure(lookups.join("10.42.1.2", *told), told)
    joined = re.findall(r'<b class="join is-(\d)"><span[^>]*>([^<]*)</span></b>', shown)
    assert {text: number for number, text in joined} == {
        "10.42.1.2": "0",
        "10.42.1.0": "1",
        "3a:5f:25:8d:ab:42": "2",
        "192.168.56.11": "3",
    }
    by_card = shown.split('<li class="lookup-card">')[1:]
    for before, after in pairwise(by_card):
        handed = {text for _, text in re.findall(r'join is-(\d)"><span[^>]*>([^<]*)<', before)}
        taken = {text for _, text in re.findall(r'join is-(\d)"><span[^>]*>([^<]*)<', after)}
        assert handed & taken


def test_a_local_pod_has_three_cards_and_a_port() -> None:
    told = (ROUTES, LOCAL, PORTS)
    shown = figure(lookups.join("10.42.0.3", *told), told)
    assert shown.count('class="lookup-card"') == 3
    assert "Behind the port" in shown


def foreign(name: str, command: str) -> Recording:
    """A table of tests/foreign/ways, with its JSON where there is one."""
    twin = FOREIGN / f"{name}.json"
    return recording(
        name,
        command,
        printed=(FOREIGN / f"{name}.txt").read_text(encoding="utf-8"),
        twin=json.loads(twin.read_text(encoding="utf-8")) if twin.exists() else None,
    )


def as_text(told: Recording) -> Recording:
    return replace(told, twin=None)


NEAR = foreign("neigh", "ip neigh")
BRIDGE = foreign("fdb", "bridge fdb show br br0")


def test_the_default_of_ipv6_is_followed_and_is_none_of_ipv4() -> None:
    routes = foreign("one-route6", "ip -6 route")
    for told in (routes, as_text(routes)):
        joined = lookups.join("2001:DB8::7", told, NEAR, BRIDGE)
        assert (joined.hop, joined.device, joined.entry.dev) == ("fe80::2", "br0", "p1")
        with pytest.raises(GuideError, match="no route in one-route6 leads to 192"):
            lookups.join("192.0.2.7", told, NEAR, BRIDGE)
    with pytest.raises(GuideError, match="no route in route leads to 2001:db8::7"):
        lookups.join("2001:db8::7", ROUTES, NEIGHBOURS, ENTRIES)


@pytest.mark.parametrize(
    ("name", "command", "address", "ways"),
    [
        ("ecmp-route", "ip route", "10.9.1.1",
         "10.9.0.0/16 via 10.0.0.2 dev br0, 10.9.0.0/16 via 10.1.0.2 dev eth1"),
        ("ecmp-route6", "ip -6 route", "fd00:9::1",
         "fd00:9::/64 via fe80::2 dev br0, fd00:9::/64 via fe80::3 dev br0"),
        ("ecmp-route6", "ip -6 route", "2001:db8::7",
         "default via fe80::2 dev br0, default via fe80::3 dev br0"),
    ],
)  # fmt: skip
def test_of_several_next_hops_none_is_taken_for_the_one(
    name: str, command: str, address: str, ways: str
) -> None:
    routes = foreign(name, command)
    for told in (routes, as_text(routes)):
        with pytest.raises(GuideError) as caught:
            lookups.join(address, told, NEAR, BRIDGE)
        assert ways in caught.value.message
        assert f"ip route get {address}" in (caught.value.fix or "")


def test_a_dead_next_hop_leaves_the_other_and_its_line_is_quoted() -> None:
    routes = foreign("dead-route", "ip route")
    joined = lookups.join("10.9.1.1", routes, NEAR, BRIDGE)
    assert (joined.hop, joined.device) == ("10.0.0.2", "br0")
    shown = unescape(re.sub(r"<[^>]+>", "", figure(joined, (routes, NEAR, BRIDGE))))
    assert "nexthop via 10.0.0.2 dev br0 weight 1" in shown


def test_the_answer_for_one_address_is_followed_where_there_are_several_ways() -> None:
    answer = "10.9.1.1 via 10.0.0.2 dev br0 src 10.0.0.1 uid 0 \n    cache \n"
    routes = recording("get", "ip route get 10.9.1.1", printed=answer)
    assert lookups.join("10.9.1.1", replace(routes, twin=None), NEAR, BRIDGE).hop == "10.0.0.2"
