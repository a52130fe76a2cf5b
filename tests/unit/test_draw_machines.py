"""Drawings of machines: what graphviz made is fit for any page."""

import re
import shutil
import xml.etree.ElementTree as ET

import pytest

from macros.figures.topology.machines import Cable, Thing, machines, of_states
from macros.ground.errors import GuideError
from tests.unit.draw_support import state, svg_of, texts, words


@pytest.fixture(autouse=True)
def _needs_dot() -> None:
    assert shutil.which("dot"), "these tests need graphviz: apt-get install graphviz"


@pytest.fixture(scope="module")
def figure() -> str:
    return machines(*of_states([state("docker-web"), state("node1")]), id="lab", title="The <lab>")


def test_machines_networks_and_addresses_are_text(figure: str) -> None:
    drawn, labels = texts(figure), words(figure)
    for line in ("node0", "node1", "your computer", "network", "192.168.56.0/24"):
        assert line in drawn
        assert line in labels
    for line in ("eth0 10.0.2.15/24", "eth1 192.168.56.10/24", "eth1 192.168.56.11/24"):
        assert line in drawn
        assert line in labels


def test_what_is_inside_a_node_is_not_drawn_here(figure: str) -> None:
    assert "docker0" not in figure
    assert "172.17.0.1" not in figure


def test_every_cable_is_a_line_and_in_words(figure: str) -> None:
    _, cables = of_states([state("docker-web"), state("node1")])
    edges = [edge for edge in svg_of(figure).iter("g") if edge.get("class") == "edge"]
    assert len(edges) == len(cables) == 5
    assert "your computer: connected to NAT (SSH)" in words(figure)


def test_icons_come_along(figure: str) -> None:
    images = [image.get("href", "") for image in svg_of(figure).iter("image")]
    assert len(images) == 5
    assert all(image.startswith("data:image/png;base64,") for image in images)
    assert len(figure) < 60_000


def test_nothing_of_this_machine_and_no_colour_is_left(figure: str) -> None:
    assert not re.search(r"(?:/home|/usr|/work|/root|site-packages|file:)", figure)
    assert not re.search(r"\s(?:style|fill|stroke|font-[a-z]+|bgcolor)=", figure)
    assert "<!" not in figure
    assert "xmlns" not in figure
    assert "Sans-Serif" not in figure


def test_ids_start_with_the_drawings_own(figure: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', figure)
    assert len(ids) == len(set(ids)) == 3
    assert all(name == "t-lab" or name.startswith("t-lab-") for name in ids)


def test_it_has_a_view_box_in_px_and_one_title(figure: str) -> None:
    root = svg_of(figure)
    _, _, width, height = (root.get("viewBox") or "").split()
    assert (root.get("width"), root.get("height")) == (width, height)
    titles = list(root.iter("title"))
    assert [title.text for title in titles] == ["The <lab>"]


def test_values_are_marked_as_their_machines(figure: str) -> None:
    assert '<tspan class="v" data-v="if:node1/:eth1">eth1</tspan>' in figure
    assert '<tspan class="v" data-v="ip::192.168.56.10">192.168.56.10/24</tspan>' in figure


def test_the_same_input_gives_the_same_bytes(figure: str) -> None:
    again = machines(*of_states([state("docker-web"), state("node1")]), id="lab", title="The <lab>")
    assert again == figure


def test_names_are_escaped_for_graphviz_and_for_the_page() -> None:
    odd = 'a <b> & "c" \\n d'
    shown = machines(
        [Thing(odd, "pod", group="<g>"), Thing("x", "service")],
        [Cable(odd, "x", "<c>")],
        id="o",
        title="",
    )
    assert {odd, "<g>", "<c>"} <= set(texts(shown))
    assert odd in words(shown)


def test_a_cable_to_nowhere_is_refused() -> None:
    with pytest.raises(GuideError, match="'gone'"):
        machines([Thing("a", "node")], [Cable("a", "gone")], id="x", title="x")


def test_without_dot_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GuideError) as raised:
        machines([Thing("a", "node")], [], id="x", title="x")
    assert raised.value.fix == "apt-get install graphviz"


def test_a_failed_drawing_does_not_disturb_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with pytest.raises(GuideError):
            machines([Thing("a", "node")], [], id="x", title="x")
    root = svg_of(machines([Thing("b", "node")], [], id="x", title="x"))
    assert isinstance(root, ET.Element)
    assert len(list(root.iter("image"))) == 1
