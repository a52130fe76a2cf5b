"""Interfaces that rest on others: macvlan, ipvlan, VLANs, bonds, VRFs, tunnels, ports' VLANs.

The states are of our own, in the form of iproute2's JSON (tests/foreign/topologies): what the
author's two pages make on a node, and what a bond, a VRF and tunnels add. Every test of
test_draw_topology is run on them too.
"""

from itertools import combinations

import pytest

from macros.figures.topology.geometry import Drawing, Link
from macros.figures.topology.labels import Labels
from macros.figures.topology.layout import lay_out
from macros.figures.topology.news import News
from macros.figures.topology.observation import parents
from macros.figures.topology.topology_figure import topology
from tests.unit.draw_support import REAL, state, texts, words


def drawn(name: str) -> Drawing:
    return lay_out([state(name)], Labels(News()), leave_out=(), nat=False)


def over(drawing: Drawing) -> list[tuple[str, str]]:
    return sorted(
        (link.ends[0].interface, link.ends[1].interface)
        for link in drawing.links
        if link.kind == "over"
    )


def test_every_sub_interface_has_a_line_to_its_parent() -> None:
    assert over(drawn("macvlan")) == [("eth1.10", "eth1"), ("iv0", "eth1"), ("mv0", "eth1")]
    assert over(drawn("bond")) == [("bond0.20", "bond0"), ("eth1", "bond0"), ("eth2", "bond0")]
    assert over(drawn("vrf")) == [
        ("br0.30", "br0"), ("dummy0", "blue"), ("gre1", "eth1"), ("mv1", "br0"), ("sub", "mv1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("macvlan", ["5: mv0@if3", "macvlan, mode bridge", "VLAN 10", "ipvlan, mode l2"]),
        ("vlans", ["VLAN 10", "PVID untagged", "VLAN 10, 20 tagged", "VLAN 20"]),
        ("bond", ["bond, mode active-backup", "VLAN 20"]),
        ("vrf", ["VRF, table 10", "GRE to 192.168.56.11", "VLAN 30, 802.1ad", "dummy"]),
    ],
)
def test_mode_id_and_what_a_port_lets_through_are_written(name: str, lines: list[str]) -> None:
    figure = topology([state(name)], id="x", title="T")
    for line in lines:
        assert line in texts(figure)
        assert line.partition(": ")[2].partition("@")[0] in words(figure) or line in words(figure)


def test_the_text_says_what_each_sends_by() -> None:
    figure = words(topology([state("macvlan")], id="x", title="T"))
    assert "sends by eth1 in the node's own namespace" in figure
    figure = words(topology([state("vrf")], id="x", title="T"))
    assert "carried by eth1" in figure
    assert "member of blue" in figure
    assert "sends by mv1" in figure


def crossings(one: Link, other: Link) -> int:
    def flat(link: Link) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        return list(zip(link.points, link.points[1:], strict=False))

    return sum(
        y0 == y1 and a == b and min(x0, x1) < a < max(x0, x1) and min(c, d) < y0 < max(c, d)
        for first, second in ((one, other), (other, one))
        for (x0, y0), (x1, y1) in flat(first)
        for (a, c), (b, d) in flat(second)
    )


@pytest.mark.parametrize("name", ["macvlan", "bond", "vlans"])
def test_cables_and_lines_to_parents_do_not_cross(name: str) -> None:
    links = [link for link in drawn(name).links if link.kind in ("over", "veth")]
    assert [
        (first.ends, second.ends)
        for first, second in combinations(links, 2)
        if crossings(first, second)
    ] == []


def test_a_cable_between_two_bridges_leads_from_the_end_of_one_to_the_beginning_of_the_other() -> (
    None
):
    drawing = drawn("vlans")
    boxes = {bar.end.interface: bar.box for bar in drawing.placed}
    assert boxes["veth-red"].x < boxes["veth-blue"].x < boxes["trunk0"].x
    assert boxes["trunk0"].x < boxes["trunk1"].x < boxes["veth-green"].x


def test_the_legend_says_what_is_drawn_in_its_colours() -> None:
    new = topology([state("vlans")], id="x", title="T", previous=[state("vlans-bare")])
    assert 'class="link is-veth is-new"' in new.partition("topology-legend")[2]
    plain = topology([state("vlans")], id="x", title="T")
    assert 'class="link is-veth"' in plain.partition("topology-legend")[2]
    assert "sends by its parent" in topology([state("macvlan")], id="x", title="T")
    assert "member of the bond" in topology([state("bond")], id="x", title="T")
    assert "cluster network" not in new
    cluster = topology([state("cluster-node0")], id="x", title="T")
    assert "cluster network" in cluster


def test_members_stand_on_their_vrf_or_bond_as_ports_do_on_a_bridge() -> None:
    """In a namespace, too; a real state: two VRFs, a bond of two veths."""
    drawing = drawn("members")
    assert over(drawing) == []
    bars = {shape.end.interface: shape for shape in drawing.placed if shape.role == "bridge"}
    assert bars.keys() == {"red", "blue", "br0", "bond0"}
    on = {"red": {"veth-r1", "veth-r2"}, "blue": {"veth-b1"}, "br0": {"port0", "port1"}}
    for bar, members in on.items():
        box = bars[bar].box
        standing = {
            shape.end.interface
            for shape in drawing.placed
            if not shape.end.namespace and shape.box.bottom == box.y + 1
            and box.x <= shape.box.x and shape.box.right <= box.right
        }  # fmt: skip
        assert standing == members
    bond = bars["bond0"]
    inside = [
        shape for shape in drawing.placed if shape.end.namespace == "twice" and shape is not bond
    ]
    assert [nested.interface.master for nested in inside] == ["bond0", "bond0"]
    assert all(
        bond.box.x <= nested.box.x and nested.box.right <= bond.box.right for nested in inside
    )
    assert {nested.box.y for nested in inside} == {bond.box.bottom - 1}


def test_a_vrf_says_its_table_and_its_members_and_is_none_of_the_node_s_own_routing() -> None:
    figure = topology([state("members")], id="x", title="T")
    assert "VRF, table 10" in " ".join(texts(figure))
    assert "members: veth-r1 and veth-r2" in words(figure)
    assert "member of blue" in words(figure)
    assert "bond, mode active-backup" in " ".join(texts(figure))
    routed = {link.ends[0].interface for link in drawn("members").links if link.kind == "routed"}
    assert routed == {"br0", "eth1"}


def test_a_vrf_or_bond_of_nics_alone_stays_among_the_devices() -> None:
    for name, joint in (("bond", "bond0"), ("vrf", "blue")):
        roles = {bar.end.interface: bar.role for bar in drawn(name).placed}
        assert roles[joint] == "device"


@pytest.mark.parametrize(
    "name", [name for name in REAL if name != "members" and not name.startswith("policy-")]
)
def test_what_was_recorded_has_no_parents_but_those_that_ip_names(name: str) -> None:
    assert parents(state(name)) == {}
