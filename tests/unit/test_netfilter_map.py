"""The netfilter map: what a recorded trace met, at the hooks where it met it."""

import re

import pytest

from macros.figures.ways.netfilter import figure
from macros.ground.errors import GuideError
from macros.ways import evidence
from tests.unit.paths_support import text


def drawn(case: str) -> str:
    return figure(evidence.read(text(f"{case}.trace.txt")), id="map", title="The map")


def hook(html: str, name: str) -> str:
    """The markup of one hook's box."""
    start = html.index(f"nf-{name}")
    return html[html.rindex("<div", 0, start) : html.index("</div>", start)]


def passed(html: str) -> set[str]:
    return set(re.findall(r"nf-hook is-passed nf-(\w+)", html))


def test_a_forwarded_packet_goes_by_three_hooks_and_its_rules_stand_at_their_tables() -> None:
    html = drawn("ipt-pod")
    assert passed(html) == {"prerouting", "forward", "postrouting"}
    prerouting = hook(html, "prerouting")
    tables = re.split(r"<li", prerouting)[1:]
    assert re.findall(r'table-name">(\w+)', prerouting) == [
        "raw", "conntrack", "mangle", "nat",
    ]  # fmt: skip
    assert "-j TRACE" in tables[0]
    assert "-j TRACE" not in "".join(tables[1:])
    assert "-j DNAT" in tables[3]
    assert "-j DNAT" not in hook(html, "forward") + hook(html, "postrouting")
    assert "nf-rule" not in hook(html, "input") + hook(html, "output")


def test_a_rewritten_destination_is_marked_at_the_hook_behind_it_and_nowhere_else() -> None:
    html = drawn("ipt-pod")
    assert "10.43.0.80:80" in hook(html, "prerouting")
    assert "is-new" not in hook(html, "prerouting")
    assert "10.43.0.80:80" not in hook(html, "forward").partition("<ol")[0]
    assert "is-new" in hook(html, "forward")
    assert "is-new" not in hook(html, "postrouting")


def test_a_node_s_own_packet_goes_by_output() -> None:
    html = drawn("ipt-node")
    assert passed(html) == {"output", "postrouting"}
    assert "nf-tap nf-in is-passed" not in html
    assert "nf-tap nf-out is-passed" in html


def test_chains_whose_hook_is_not_known_are_refused_by_name() -> None:
    with pytest.raises(GuideError, match="its name does not tell which hook calls it"):
        drawn("nft-pod")


def test_what_is_no_trace_is_refused() -> None:
    with pytest.raises(GuideError, match="not a trace of a packet"):
        figure(evidence.read(text("ipt-pod.conntrack.txt")), id="map", title="The map")
