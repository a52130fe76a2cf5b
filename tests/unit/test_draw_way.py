"""The way of a request on the drawing of a cluster, as three real nodes were observed."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from macros.figures.topology import topology_figure
from macros.figures.topology.labels import Labels
from macros.figures.topology.layout import lay_out
from macros.figures.topology.news import News
from macros.figures.topology.observation import Node
from macros.figures.topology.request_way import ends, legs, places
from macros.ground.errors import GuideError
from tests.unit.draw_support import by_class, state, svg_of, texts, words

NAMED = (
    "node0/client:eth0",
    "node0/:cni0",
    "node0/:flannel.1",
    "node0/:eth1",
    "node1/:eth1",
    "node1/:flannel.1",
    "node1/:cni0",
    "node1/hello-1:eth0",
)


def cluster() -> list[Node]:
    return [state(f"cluster-node{number}") for number in range(3)]


def figure(way: tuple[str, ...] = NAMED, *, brief: bool = True) -> str:
    return topology_figure.topology(cluster(), id="way", title="One request", way=way, brief=brief)


def test_the_host_ends_of_the_veths_are_found() -> None:
    shown = [str(end) for end in ends(cluster(), NAMED)]
    # vetha334510d has index 8, as eth0@if8 of client says; vethf7b44bae is hello-1's.
    assert shown[:3] == ["node0/client:eth0", "node0/:vetha334510d", "node0/:cni0"]
    assert shown[-3:] == ["node1/:cni0", "node1/:vethf7b44bae", "node1/hello-1:eth0"]
    assert len(shown) == 10


@pytest.mark.parametrize("stacked", [False, True])
def test_the_way_is_one_line_from_box_to_box(stacked: bool) -> None:
    states = cluster()
    drawing = lay_out(states, Labels(News()), leave_out=(), nat=False, stacked=stacked)
    way = ends(states, NAMED)
    for leg in legs(drawing, way):
        for end, (x, y) in ((leg.start, leg.points[0]), (leg.stop, leg.points[-1])):
            box = drawing.of(end).box
            assert box.x <= x <= box.right
            assert y in (box.y, box.bottom)
        for (x1, y1), (x2, y2) in pairwise(leg.points):
            assert x1 == x2 or y1 == y2
    # Only a bridge and its port touch: all other stretches are drawn.
    drawn = {(leg.start, leg.stop) for leg in legs(drawing, way)}
    bare = [pair for pair in pairwise(way) if pair not in drawn]
    assert [str(end) for pair in bare for end in pair] == [
        "node0/:vetha334510d",
        "node0/:cni0",
        "node1/:cni0",
        "node1/:vethf7b44bae",
    ]


def test_every_interface_of_the_way_is_numbered_and_listed() -> None:
    shown = figure()
    root = svg_of(shown)
    numbers = ["".join(element.itertext()) for element in by_class(root, "place")]
    assert numbers == [str(number) for number in range(1, 11)]
    assert len(list(by_class(root, "is-way"))) == 10
    labels = words(shown)
    assert "The path of the request:eth0 in client, node0vetha334510d, node0cni0, node0" in labels


def test_without_a_way_there_is_none() -> None:
    shown = figure(())
    assert not list(by_class(svg_of(shown), "way"))
    assert "The path of the request" not in shown


def test_an_interface_met_twice_has_both_numbers() -> None:
    way = ends(cluster(), ("node0/client:eth0", "node0/:cni0", "node0/hello-0:eth0"))
    back = (*way, *way[::-1][1:])
    assert places(back)[way[2]] == "3, 7"


def test_a_hop_that_routing_decides_has_to_be_named() -> None:
    with pytest.raises(GuideError, match=r"from node0/:cni0 to node1/:eth1.*nothing.*joins them"):
        figure(("node0/:cni0", "node1/:eth1"))


def test_an_interface_that_is_not_there_is_an_error_with_those_that_are() -> None:
    with pytest.raises(GuideError, match="node0/nobody:eth0") as caught:
        figure(("node0/nobody:eth0", "node0/:cni0"))
    assert "node0/client:eth0" in (caught.value.fix or "")


def test_a_way_over_what_is_left_out_is_an_error() -> None:
    with pytest.raises(GuideError, match="leaves out"):
        topology_figure.topology(cluster(), id="x", title="x", way=NAMED, leave_out=["client"])


def test_a_pod_that_is_left_out_takes_the_nodes_end_of_its_veth_along() -> None:
    pod = "kube-system/coredns-77bdc84449-95kcn"
    shown = topology_figure.topology(cluster(), id="x", title="x", way=NAMED, leave_out=[pod])
    assert "veth32c0d4f3" not in "\n".join(texts(shown))
    assert "veth32c0d4f3" in "\n".join(texts(figure()))
    assert "vetha334510d" in "\n".join(texts(shown))


def test_pods_are_named_and_their_kubernetes_namespace_is_said() -> None:
    shown = texts(figure())
    assert {"hello-0", "hello-1", "hello-2", "client"} <= {*shown}
    assert "pod in kube-system" in shown
    assert "pod" in shown
    assert not any("cni-" in line for line in shown)


def test_in_brief_there_are_names_and_addresses_alone() -> None:
    brief, full = texts(figure()), texts(figure(brief=False))
    assert "10.42.1.2" in brief
    assert "10.42.1.2/24" in full
    assert "6e:1f:51:e9:c6:76" in full
    assert not any("6e:1f:51:e9:c6:76" in line or "mtu" in line for line in brief)
    # The text equivalent keeps all of it.
    assert "6e:1f:51:e9:c6:76" in words(figure())


def test_the_text_of_the_routes_stands_above_the_way() -> None:
    classes = [
        group.get("class", "") for group in svg_of(figure(brief=False)).iter() if _is_group(group)
    ]
    last_leg = max(index for index, name in enumerate(classes) if name == "way")
    above = [index for index, name in enumerate(classes) if "is-above" in name]
    assert above
    assert min(above) > last_leg


def _is_group(element: ET.Element) -> bool:
    return element.tag == "g" and element.get("class") is not None
