"""Drawings for a phone: the same things in less width, and only where that is needed."""

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from macros.figures.topology.topology_figure import topology
from macros.figures.ways import rules_drawing
from tests.unit.draw_support import by_class, outside, state, svg_of
from tests.unit.paths_support import DRAWN, way

PHONE = 384


def narrow(figure: str) -> ET.Element:
    match = re.search(r'<div class="drawn-narrow">(<svg.*?</svg>)</div>', figure, re.DOTALL)
    assert match
    return ET.fromstring(match[1])  # noqa: S314 our own drawing


def things(svg: ET.Element) -> Counter[str]:
    """What a drawing shows: interfaces, lines, numbers of a way."""
    ends = [edge.get("data-end") or edge.get("data-ends") or "" for edge in svg.iter("g")]
    return Counter(filter(None, [*ends, *(edge.get("class") for edge in svg.iter("g"))]))


def two() -> str:
    states = [state("cluster-node1"), state("cluster-node2")]
    way = ("node1/hello-1:eth0", "node1/:cni0", "node1/:eth1", "node2/:eth1")
    return topology(states, id="x", title="Two", brief=True, leave_out=["eth0"], way=way)


def test_nodes_stand_below_each_other_and_show_the_same() -> None:
    figure = two()
    assert things(narrow(figure)) == things(svg_of(figure))
    width, height = (int(narrow(figure).get(name, 0)) for name in ("width", "height"))
    assert width <= PHONE
    assert height > int(svg_of(figure).get("height", 0))


def test_a_wire_leads_round_the_node_below() -> None:
    lines = [wire[0].get("d", "") for wire in by_class(narrow(two()), "is-wire")]
    assert sorted(line.count("Q") for line in lines) == [0, 2]


def test_the_second_picture_has_no_ids_and_its_own_words() -> None:
    figure = two()
    assert not list(narrow(figure).iterfind(".//*[@id]"))
    assert narrow(figure).get("aria-label", "").startswith("Two. ")


def test_what_fits_a_phone_is_drawn_once() -> None:
    figure = topology([state("docker-started")], id="x", title="One")
    assert int(svg_of(figure).get("width", 0)) <= PHONE
    assert "drawn-narrow" not in figure
    assert "is-big" not in figure


def test_what_fits_in_no_form_is_opened_on_a_phone() -> None:
    figure = topology([state("hand-router")], id="x", title="Router")
    assert "drawn-narrow" not in figure
    assert " is-big" in figure


@pytest.mark.parametrize("case", DRAWN)
def test_a_way_through_rules_has_every_rule_on_a_phone_too(case: str) -> None:
    figure = rules_drawing.figure(way(case), id="way", title="A way")
    wide, small = svg_of(figure), narrow(figure)
    assert int(small.get("width", 0)) <= PHONE
    for name in ("rp-chain", "rp-number", "rp-end", "rp-packet", "rp-share"):
        assert len(list(by_class(small, name))) == len(list(by_class(wide, name))), name


@pytest.mark.parametrize("case", DRAWN)
def test_text_of_a_way_stays_in_its_box_on_a_phone(case: str) -> None:
    small = narrow(rules_drawing.figure(way(case), id="way", title="A way"))
    assert outside(small, "rp-chain", "rp-packet", "rp-end") == []
