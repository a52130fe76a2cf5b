"""Marks on values; the outputs are those of a real node (samples of Docker 28.5)."""

import re
from html import unescape

import pytest

from macros.figures import marks

FDB = """\
86:e6:61:aa:b2:10 dev docker0 vlan 1 master docker0 permanent
52:c6:69:b5:49:a9 dev vethdd93b3d master docker0
33:33:00:00:00:01 dev vethdd93b3d self permanent
"""
ADDR = """\
5: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 0
    link/ether 86:e6:61:aa:b2:10 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
6: vethdd93b3d@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master docker0 state UP
"""
NAMES = frozenset({"docker0", "vethdd93b3d", "eth0"})


def keys(html: str) -> list[str]:
    return re.findall(r'data-v="([^"]*)"', html)


def test_macs_addresses_and_names_are_marked_and_nothing_else_changes() -> None:
    html = marks.mark_text(ADDR, "node0", "", NAMES)
    assert keys(html) == [
        "if:node0/:docker0",
        "mac::86:e6:61:aa:b2:10",
        "ip::172.17.0.1",
        "ip::172.17.255.255",
        "if:node0/:docker0",
        "if:node0/:vethdd93b3d",
        "if:node0/:docker0",
    ]
    assert unescape(re.sub(r"</?span[^>]*>", "", html)) == ADDR


def test_the_same_name_in_another_namespace_is_another_value() -> None:
    inside = keys(marks.mark_text("3: eth0@if6: mtu 1500", "node0", "web", NAMES))
    outside = keys(marks.mark_text("3: eth0: mtu 1500", "node0", "", NAMES))
    assert inside == ["if:node0/web:eth0"]
    assert outside == ["if:node0/:eth0"]


def test_loopback_and_broadcast_mean_nothing_elsewhere() -> None:
    text = "inet 127.0.0.1/8 0.0.0.0 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00"
    assert keys(marks.mark_text(text, "node0", "", NAMES)) == []


@pytest.mark.parametrize(
    "text", ["1.2.3.4.5.6", "v28.5.2", "86:e6:61:aa:b2:10:11", "docker01", "my-docker0x"]
)
def test_what_only_looks_alike_is_not_marked(text: str) -> None:
    assert keys(marks.mark_text(text, "node0", "", NAMES)) == []


def test_tcpdumps_port_behind_a_dot_is_not_part_of_the_address() -> None:
    line = "IP 172.17.0.2.40000 > 172.17.0.3.80: Flags [S]"
    assert keys(marks.mark_text(line, "node0", "", NAMES)) == ["ip::172.17.0.2", "ip::172.17.0.3"]


def test_only_what_occurs_twice_keeps_its_mark() -> None:
    html = marks.mark_text(FDB, "node0", "", NAMES)
    kept = keys(marks.only_repeated(html))
    assert "if:node0/:vethdd93b3d" in kept
    assert "mac::52:c6:69:b5:49:a9" not in kept
    twice = html + marks.mark("52:c6:69:b5:49:a9", "mac::52:c6:69:b5:49:a9")
    assert keys(marks.only_repeated(twice)).count("mac::52:c6:69:b5:49:a9") == 2


def test_outputs_cannot_inject_html() -> None:
    nasty = '</pre><script>alert(1)</script> &lt; 172.17.0.2 "quoted"'
    html = marks.mark_text(nasty, "node0", "", NAMES)
    assert "<script>" not in html
    assert unescape(re.sub(r"</?span[^>]*>", "", html)) == nasty
