"""Three machines with VLANs and policy routing, as they were observed: what is drawn, what is said."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from macros.figures.topology.observation import Node, read
from macros.figures.topology.request_way import ends
from macros.figures.topology.topology_figure import _COLUMN, topology
from macros.ground.errors import GuideError
from macros.plan import planner
from macros.site import figure_macros
from macros.site.page_context import PageContext
from tests.unit.draw_support import changed, raw, state, svg_of, texts, words

NODES = {"node0", "node1", "node2"}
MAIN = "routes of the main table: rules and other tables are not drawn"


def three() -> list[Node]:
    return [state(f"policy-{name}") for name in ("client", "router", "server")]


def figure(states: list[Node], **options: object) -> str:
    return topology(states, id="x", title="Two ways", **options)  # type: ignore[arg-type]


def lefts(drawn: str) -> set[str | None]:
    """Where the nodes' names begin."""
    found = [text for text in svg_of(drawn).iter("text") if "".join(text.itertext()) in NODES]
    assert found
    return {text.get("x") for text in found}


def test_routes_are_said_to_be_the_main_tables_where_there_are_others() -> None:
    drawn = figure(three(), policy=["node1"])
    titles = [line for line in texts(drawn) if line.startswith("IP routes of")]
    assert titles == ["IP routes of node0", "IP routes of node1, main table", "IP routes of node2"]
    assert MAIN in drawn
    assert "main table" not in figure(three())


PAGE = """---
title: T
lab:
  nodes: 3
setup:
  - node: node2
    run: ip route add 10.9.0.0/24 via 10.3.0.2 table 100
---
{{ observe("node1", id="before") }}
{{ run("node1", "ip rule", id="rules") }}
{{ run("node1", "ip route show table 100", id="hundred") }}
{{ observe("node1", id="listed") }}
{{ run("node1", "ip -4 rule add from 10.1.0.64/26 lookup 100", id="rule") }}
{{ observe("node0", id="other") }}
{{ observe("node1", id="after") }}
{{ observe("node2", id="set-up") }}
"""


@pytest.mark.parametrize(
    ("id", "told"),
    [("before", ""), ("listed", ""), ("other", ""), ("after", "node1"), ("set-up", "node2")],
)
def test_who_was_given_a_rule_or_a_table_before_is_said_to_have_them(
    tmp_path: Path, id: str, told: str
) -> None:
    source = tmp_path / "page.md"
    source.write_text(PAGE, encoding="utf-8")
    page = planner.plan_page(tmp_path, source)
    guide = SimpleNamespace(holder=lambda key: SimpleNamespace(pages={key: page}))
    block = next(block for block in page.blocks if block.id == id)
    found = figure_macros._policy(cast("PageContext", SimpleNamespace(guide=guide)), [block])
    assert found == ({told} if told else set())


def test_a_vrf_has_a_table_of_its_own() -> None:
    assert MAIN in figure([state("members")])
    assert "main table" not in figure([state("hand-router")])


def test_what_is_wider_than_a_column_stands_one_below_the_other() -> None:
    for brief in (True, False):
        drawn = figure(three(), brief=brief, leave_out=["eth0", "eth1"])
        assert float(svg_of(drawn).get("width", "")) <= _COLUMN * 1.1
    assert len(lefts(drawn)) == 1


def test_what_fits_stands_side_by_side() -> None:
    two = three()[::2]
    drawn = figure(two, brief=True, leave_out=["eth0", "eth1"])
    assert float(svg_of(drawn).get("width", "")) <= _COLUMN
    assert len(lefts(drawn)) == 2


def test_a_band_of_routes_without_routes_is_left_out_in_brief() -> None:
    drawn = figure(three(), brief=True, leave_out=["eth0"])
    assert not [line for line in texts(drawn) if "IP routes" in line]
    assert "is-routed" not in drawn
    # What stands above it, or a way along it, needs the band.
    assert "IP routes of node0" in texts(figure([state("cluster-node0")], brief=True))
    way = ["node1/:eth1.10", "node1/:eth1.30"]
    assert "IP routes of node1" in texts(figure(three(), brief=True, leave_out=["eth0"], way=way))
    assert "IP routes of node0" in texts(figure(three(), leave_out=["eth0"]))


def test_a_way_between_vlan_interfaces_of_one_number_is_by_their_parents() -> None:
    found = [str(end) for end in ends(three(), ["node0/:eth1.10", "node1/:eth1.10"])]
    assert found == ["node0/:eth1.10", "node0/:eth1", "node1/:eth1", "node1/:eth1.10"]
    drawn = figure(three(), way=["node0/:eth1.10", "node1/:eth1.10"])
    assert "eth1, node1" in words(drawn)


def test_vlan_interfaces_of_two_numbers_or_cables_are_not_joined() -> None:
    way = ["node0/:eth1.10", "node1/:eth1.30"]
    assert len(ends(three(), way)) == 2
    with pytest.raises(GuideError, match="nothing in the state joins them"):
        figure(three(), way=way)
    router = raw("policy-router")
    for address in router["namespaces"][0]["addresses"]:
        if address["ifname"] == "eth1":
            address["addr_info"][0]["local"] = "192.168.99.11"
    states = [three()[0], read(router)]
    assert len(ends(states, ["node0/:eth1.10", "node1/:eth1.10"])) == 2


def _loopback(*locals: tuple[str, int]) -> Node:
    info = [
        {"family": "inet", "local": ip, "prefixlen": length, "scope": "global"}
        for ip, length in locals
    ]
    return changed("policy-server", "", "addresses", 0, "addr_info", to=info)


def test_an_address_of_lo_is_shown() -> None:
    server = _loopback(("127.0.0.1", 8), ("10.9.0.9", 32))
    drawn = figure([server], previous=[state("policy-server")])
    assert "lo" in texts(drawn)
    assert "10.9.0.9/32" in texts(drawn)
    assert "127.0.0.1/8" not in texts(drawn)
    assert "10.9.0.9/32 (new)" in words(drawn)


def test_lo_as_it_always_is_is_not_shown() -> None:
    drawn = figure([_loopback(("127.0.0.1", 8), ("::1", 128))])
    assert "lo" not in texts(drawn)
    assert "loopback" not in words(drawn)
