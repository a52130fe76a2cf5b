"""The drawing says what the state says, all of it, and can be read."""

import copy
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import combinations, pairwise

import pytest

from macros.figures.svg import width
from macros.figures.topology.geometry import Box, Drawing
from macros.figures.topology.labels import Labels
from macros.figures.topology.layout import lay_out
from macros.figures.topology.news import News, compare
from macros.figures.topology.observation import Node, pairs, read
from macros.figures.topology.topology_figure import topology
from macros.ground.errors import GuideError
from tests.unit.draw_support import NAMES, by_class, changed, raw, state, svg_of, texts, words

STEPS = ("docker-before", "docker-started", "docker-web", "docker-web-client")


def draw(*states: Node, **options: object) -> str:
    return topology(states, id="x", title="A drawing", **{"nat": True, **options})  # type: ignore[arg-type]


def place(*states: Node, nat: bool = True, stacked: bool = False) -> Drawing:
    return lay_out(states, Labels(News()), leave_out=(), nat=nat, stacked=stacked)


def with_neighbour(name: str) -> list[Node]:
    node = state(name)
    return [node] if node.name == "node1" else [node, state("node1")]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_address_and_mac_is_drawn_and_in_the_text(name: str) -> None:
    node = state(name)
    figure = draw(node)
    drawn, labels = "\n".join(texts(figure)), words(figure)
    for namespace in node.namespaces:
        called = namespace.pod or namespace.name
        assert called in drawn
        assert called in labels
        for interface in namespace.interfaces:
            if interface.kind == "loopback":
                continue
            shown = [interface.name, interface.mac]
            shown += [assigned.text for assigned in interface.addresses if not assigned.link_local]
            for value in shown:
                assert value in drawn
                assert value in labels
            # IPv6 link-local addresses are in the text only.
            for address in interface.addresses:
                assert address.text in labels
        for route in namespace.routes:
            assert route.text in labels


@pytest.mark.parametrize("name", NAMES)
def test_every_veth_pair_is_a_line_and_in_the_text(name: str) -> None:
    node = state(name)
    figure = draw(node)
    lines = {
        frozenset(edge.get("data-ends", "").split())
        for edge in by_class(svg_of(figure), "is-veth")
        if edge.get("data-ends")
    }
    assert lines == {frozenset((str(p.near), str(p.far))) for p in pairs(node)}
    labels = words(figure)
    for pair in pairs(node):
        assert pair.far is not None
        place_of_far = pair.far.namespace or "the node's own namespace"
        assert f"veth pair with {pair.far.interface} in {place_of_far}" in labels


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_lies_upon_anything_else(name: str, stacked: bool) -> None:
    drawing = place(*with_neighbour(name), nat=not stacked, stacked=stacked)
    solid = [note.box for note in drawing.placed] + [note.box for note in drawing.notes]
    for a, b in combinations(solid, 2):
        # Ports stand on their bridge and share one pixel of border with it.
        low = Box(a.w - 2, a.h - 2, a.x + 1, a.y + 1)
        assert not low.covers(b), (a, b)
    for box in drawing.boxes():
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= drawing.box.w
        assert box.bottom <= drawing.box.h
    for frame, placed in ((f, p) for f in drawing.frames for p in drawing.placed if f.namespace):
        if (frame.node, frame.namespace) != (placed.end.node, placed.end.namespace):
            assert not frame.box.covers(placed.box)


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_crosses_a_box(name: str, stacked: bool) -> None:
    drawing = place(*with_neighbour(name), nat=not stacked, stacked=stacked)
    for link in drawing.links:
        for box in [note.box for note in drawing.placed] + [note.box for note in drawing.notes]:
            # It may touch the edge of the boxes that it joins.
            inner = Box(box.w - 4, box.h - 4, box.x + 2, box.y + 2)
            for (x1, y1), (x2, y2) in pairwise(link.points):
                stretch = Box(abs(x1 - x2) or 1, abs(y1 - y2) or 1, min(x1, x2), min(y1, y2))
                assert not stretch.covers(inner), (link, box)


@pytest.mark.parametrize("name", NAMES)
def test_text_fits_its_box(name: str) -> None:
    drawing = place(state(name))
    texts_in = [(bar.lines, bar.box) for bar in drawing.placed]
    texts_in += [(note.lines, note.box) for note in drawing.notes]
    for lines, box in texts_in:
        assert width(lines) <= box.w
        assert len(lines) * 16 <= box.h


def test_an_end_stands_above_the_port_that_it_is_joined_to() -> None:
    drawing = place(state("docker-web-client"))
    for link in drawing.links:
        if link.kind == "veth":
            (x1, y1), (x2, y2) = link.points
            assert x1 == x2
            assert y1 < y2
            assert [drawing.of(end).box.cx for end in link.ends] == [x1, x2]


def test_ports_stand_on_their_bridge_and_the_nic_does_not() -> None:
    drawing = place(state("docker-web-client"))
    bar = next(shape for shape in drawing.placed if shape.role == "bridge")
    ports = [shape for shape in drawing.placed if shape.interface.master == "docker0"]
    assert len(ports) == 2
    for port in ports:
        assert port.box.bottom == bar.box.y + 1
        assert bar.box.x <= port.box.x
        assert port.box.right <= bar.box.right
    eth1 = next(shape for shape in drawing.placed if shape.end.interface == "eth1")
    assert eth1.box.y > bar.box.bottom
    assert {link.kind for link in drawing.links if eth1.end in link.ends} == {"routed", "wire"}


def test_a_container_in_two_networks_leads_to_both_bridges() -> None:
    drawing = place(state("docker-networks"))
    bars = {shape.end.interface: shape.box for shape in drawing.placed if shape.role == "bridge"}
    reached = set()
    for link in drawing.links:
        if link.kind == "veth" and link.ends[0].namespace == "web":
            x, _ = link.points[-1]
            reached |= {name for name, bar in bars.items() if bar.x < x < bar.right}
    assert reached == {"docker0", "br-second"}


def test_a_nic_that_is_a_port_is_joined_to_its_bridge() -> None:
    observed = raw("hand-bridge")
    eth1 = next(e for e in observed["namespaces"][0]["links"] if e["ifname"] == "eth1")
    eth1["master"] = "br0"
    drawing = place(read(observed))
    kinds = {link.kind for link in drawing.links for end in link.ends if end.interface == "eth1"}
    assert kinds == {"port"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("links", 3, "ifname"), "docker1"),
        (("links", 3, "address"), "02:00:00:00:00:99"),
        (("links", 3, "mtu"), 1400),
        (("links", 3, "flags"), ["BROADCAST"]),
        (("links", 3, "operstate"), "DOWN"),
        (("links", 4, "master"), "other"),
        (("links", 4, "link_index"), 77),
        (("addresses", 3, "addr_info", 0, "local"), "172.18.0.1"),
        (("addresses", 3, "addr_info", 0, "prefixlen"), 24),
        (("routes", 0, "dst"), "10.99.0.0/16"),
        (("name",), ""),
    ],
)
def test_a_changed_state_changes_drawing_and_text(
    path: tuple[str | int, ...], value: object
) -> None:
    before = draw(state("docker-web"))
    node = changed("docker-web", "", *path, to=value)
    if path == ("name",):
        assert draw(node) == before  # nothing changed, and nothing is drawn otherwise
        return
    after = draw(node)
    assert svg_bytes(after) != svg_bytes(before)
    assert words(after) != words(before)


def svg_bytes(figure: str) -> str:
    return figure[figure.index("<svg role") : figure.index("<details")]


def test_the_same_state_gives_the_same_bytes() -> None:
    figure = draw(state("hand-many"), state("node1"), previous=[state("hand-bridge")])
    assert figure == draw(state("hand-many"), state("node1"), previous=[state("hand-bridge")])


def test_the_order_of_namespaces_and_links_means_nothing() -> None:
    observed = raw("hand-many")
    turned = copy.deepcopy(observed)
    own, *others = turned["namespaces"]
    turned["namespaces"] = [own, *reversed(others)]
    for namespace in turned["namespaces"]:
        namespace["links"].reverse()
        namespace["addresses"].reverse()
    assert svg_bytes(draw(read(turned))) == svg_bytes(draw(read(observed)))


# What is new


def new_things(figure: str) -> set[str]:
    root = svg_of(figure)
    return {
        (element.get("data-end") or element.get("data-ends") or "".join(element.itertext()))
        for element in by_class(root, "is-new")
    }


def test_the_first_step_has_no_news() -> None:
    assert "is-new" not in draw(state(STEPS[0]))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_new_since_the_same_state(name: str) -> None:
    figure = svg_bytes(draw(state(name), previous=[state(name)]))
    assert "is-new" not in figure
    assert ">new<" not in figure


def test_starting_docker_brings_docker0_and_its_route() -> None:
    figure = draw(state("docker-started"), previous=[state("docker-before")])
    assert "node0/:docker0" in new_things(figure)
    assert "node0/:eth1" not in new_things(figure)
    assert "docker0 (new)" in words(figure)
    assert "route 172.17.0.0/16 dev docker0 (new)" in words(figure)


def test_a_container_brings_its_namespace_its_pair_and_a_carrier() -> None:
    node, before = state("docker-web"), state("docker-started")
    news = compare([node], [before])
    assert news.namespaces == {("node0", "web")}
    assert {pair.near.namespace for pair in news.pairs} == {"web"}
    assert {str(end): words for end, words in news.changed.items()} == {"node0/:docker0": "now up"}
    assert "now up" in texts(draw(node, previous=[before]))


def test_an_interface_made_again_under_its_old_name_is_new() -> None:
    news = compare([state("hand-router")], [state("hand-pair")])
    assert "node0/red:eth0" in {str(end) for end in news.interfaces}


# Options


def test_highlight_takes_names_and_values() -> None:
    for name in ("docker0", "web:eth0", "node0/web:eth0", "if:node0/web:eth0", "172.17.0.2"):
        root = svg_of(draw(state("docker-web"), highlight=[name]))
        lit = [edge.get("data-end") for edge in by_class(root, "is-lit")]
        assert lit == ["node0/:docker0" if name == "docker0" else "node0/web:eth0"], name


def test_highlight_of_both_ends_lights_the_pair() -> None:
    (pair,) = pairs(state("docker-web"))
    root = svg_of(draw(state("docker-web"), highlight=[str(pair.near), str(pair.far)]))
    assert [edge.get("data-ends") for edge in by_class(root, "is-lit") if edge.get("data-ends")]


@pytest.mark.parametrize("option", ["highlight", "leave_out"])
def test_an_option_that_names_nothing_says_what_there_is(option: str) -> None:
    with pytest.raises(GuideError, match="docker7") as raised:
        draw(state("docker-web"), **{option: ["docker7"]})
    assert "docker0" in str(raised.value.fix)


def test_the_nat_card_is_drawn_only_when_asked_for() -> None:
    node = state("docker-web")
    without, with_it = topology([node], id="x", title="x"), draw(node)
    assert 'data-end="node0/:eth0"' not in without
    assert "10.0.2." not in "\n".join(texts(without))
    assert 'data-end="node0/:eth0"' in with_it
    assert "NAT 10.0.2.0/24" in texts(with_it)


def test_the_nat_card_is_known_without_the_default_route() -> None:
    observed = raw("node1")
    own = observed["namespaces"][0]
    assert any(route["dst"] == "default" for route in own["routes"])
    own["routes"] = [route for route in own["routes"] if route["dst"] != "default"]
    assert "10.0.2.15/24" not in "\n".join(texts(draw(read(observed), nat=False)))
    assert "NAT 10.0.2.0/24" in "\n".join(texts(draw(read(observed))))


def test_what_is_left_out_takes_its_lines_and_routes_along() -> None:
    shown = "\n".join(texts(draw(state("docker-web"), leave_out=["eth1", "web"])))
    assert not re.search(r"\beth1\b", shown)
    assert "192.168.56" not in shown
    assert "172.17.0.2" not in shown
    assert "172.17.0.1" in shown


def test_no_state_is_an_error() -> None:
    with pytest.raises(GuideError, match="no observed state"):
        topology([], id="x", title="x")


def test_one_node_cannot_be_drawn_twice() -> None:
    with pytest.raises(GuideError, match="node1 twice"):
        draw(state("node1"), state("node1"))


def test_a_veth_whose_other_end_was_not_seen_is_drawn_open() -> None:
    observed = raw("docker-web")
    observed["namespaces"] = observed["namespaces"][:1]
    figure = draw(read(observed))
    (stub,) = (pair for pair in by_class(svg_of(figure), "is-open"))
    assert stub.get("data-ends", "").startswith("node0/:veth")
    assert "was not seen" in words(figure)


# On the page


def test_two_nodes_share_the_cluster_network() -> None:
    drawing = place(state("docker-web"), state("node1"))
    (shared,) = (
        note for note in drawing.notes if note.lines[0][0].text == "network 192.168.56.0/24"
    )
    wires = [
        link for link in drawing.links if link.kind == "wire" and link.points[1][1] == shared.box.y
    ]
    assert sorted(str(link.ends[0]) for link in wires) == ["node0/:eth1", "node1/:eth1"]


def test_values_are_marked_by_their_meaning() -> None:
    figure = svg_bytes(draw(state("docker-web")))
    for key in (
        "ip::172.17.0.1",
        "mac::02:00:c0:a8:38:10",
        "if:node0/:docker0",
        "if:node0/web:eth0",
        "if:node0/:eth0",
    ):
        assert f'<tspan class="v" data-v="{key}">' in figure
    assert 'data-v="if:node0/:lo"' not in figure


def test_only_classes_give_colours_and_fonts() -> None:
    figure = draw(state("hand-many"), previous=[state("hand-bridge")])
    assert not re.search(r"\s(style|fill|stroke|font[-a-z]*|color)=", figure)


def test_only_a_drawing_hardly_wider_than_the_page_may_shrink(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "macros.figures.topology.topology_figure._COLUMN", 600
    )  # hand-router is 615 wide
    near = '<div class="topology-scroll is-near'
    assert near in draw(state("hand-router"))
    assert near not in draw(state("hand-created"))  # 562
    assert near not in draw(state("hand-many"))  # 1037


def test_names_are_escaped() -> None:
    name = '<i>&"'
    observed = raw("hand-pair")
    observed["namespaces"][1]["name"] = name
    figure = topology([read(observed)], id="x", title="<b>")
    assert "<i>" not in figure
    assert "<b>" not in figure
    assert name in texts(figure)
    assert name in words(figure)


def test_the_drawing_is_labelled_and_its_scroller_reachable() -> None:
    figure = draw(state("docker-web"))
    root = svg_of(figure)
    labels = (root.get("aria-labelledby") or "").split()
    assert {element.get("id") for element in root if element.tag in {"title", "desc"}} == set(
        labels
    )
    assert root.get("role") == "img"
    assert 'role="region" tabindex="0" aria-label="Drawing: A drawing"' in figure
    ids = re.findall(r'\sid="([^"]+)"', figure)
    assert len(ids) == len(set(ids))


def test_drawing_needs_neither_a_lab_nor_diagrams() -> None:
    code = (
        "import sys, macros.figures.topology.topology_figure, macros.figures.topology.machines\n"
        "print([m for m in ('sh', 'diagrams', 'graphviz', 'scapy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_levels_of_the_steps_are_all_drawn_alike() -> None:
    shown: Iterable[str] = texts(draw(state(STEPS[-1])))
    assert [line for line in shown if line.startswith("default via")] == [
        "default via 172.17.0.1",
        "default via 172.17.0.1",
        "default via 10.0.2.2 dev eth0",
    ]
