"""A block's lines: words one after the other wrap, columns keep their places."""

import re
from pathlib import Path

import pytest

from macros.ground.model import Block, Page, Recording
from macros.handson import copied
from macros.plan import planner
from macros.site import block as block_html
from macros.site.block_hands import Hands
from macros.site.provenance import Place

PLACE = Place(recorded="2026-11-23T05:14:48Z", lab="uml", versions=(), href=str)

# As printed on node0 by the page "By hand".
CONNTRACK = (
    "icmp     1 29 src=10.1.0.2 dst=192.168.56.11 type=8 code=0 id=489 src=192.168.56.11"
    " dst=192.168.56.10 type=0 code=0 id=489 mark=0 use=1\n"
)
BRIEF = "br0              DOWN           02:00:0a:01:00:01 <NO-CARRIER,BROADCAST,MULTICAST,UP> \n"


def _figure(command: str, text: str) -> str:
    block = Block(page="p", id="b", line=1, kind="run", node="node0", command=command)
    recording = Recording(
        id="b", node="node0", command=command, ran=command, exit=0, plan="", bound={}, text=text
    )
    return block_html.figure(block, recording, block_html.Look(), PLACE, (), (), {}, Hands(None))


@pytest.mark.parametrize("command", ["conntrack -L -p icmp", "ip link | grep '^8: '"])
def test_lines_of_words_wrap(command: str) -> None:
    html = _figure(command, CONNTRACK)
    assert 'class="out wrap"' in html
    assert '<span class="line">' in html


@pytest.mark.parametrize("command", ["ip -br link", "ss -ltn", "cat /etc/hosts"])
def test_columns_do_not_wrap(command: str) -> None:
    assert 'class="out"' in _figure(command, BRIEF)


@pytest.mark.parametrize("text", ["hello from node1\n", "PING 10.1.0.3 (10.1.0.3) 56(84) bytes.\n"])
def test_lines_without_columns_wrap_whatever_printed_them(text: str) -> None:
    assert 'class="out wrap"' in _figure("some tool", text)


def test_a_wrapped_line_is_set_in_further_than_it_begins() -> None:
    html = _figure("ip addr", "2: eth0: mtu 1500\n    link/ether\n\tvalid_lft forever\n")
    assert re.findall(r'class="line"( style="[^"]*")?>', html) == [
        "",
        ' style="--in:4"',
        ' style="--in:8"',
    ]


def test_each_line_of_a_command_is_set_in_where_it_wraps() -> None:
    html = _figure("ip link add br0\nip link set br0 up", "")
    assert '<span class="cmd">ip link add br0\n</span><span class="cmd">ip link set br0 up<' in html


def test_a_command_with_a_value_that_nobody_knows_is_not_offered_to_copy() -> None:
    asked = Block("page", "asked", 1, "run", "node0", "kubectl get svc", bind={"SVC": "re:(.*)"})
    used = Block("page", "used", 2, "run", "node0", "curl http://$SVC/ $HOME")
    page = Page("page", Path("page.md"), (asked, used), title="A page", nodes=1)
    assert 'class="copy"' in block_html.absent(asked, page, "Not recorded yet", "why")
    assert 'class="copy"' not in block_html.absent(used, page, "Not recorded yet", "why")


PINGED = """\
---
title: T
lab:
  nodes: 2
---
{{ run("node0", "ip link", id="links", bind={"VETH": "re:(veth\\\\w+)"}) }}
{{ run("node0", "ping -c 1 10.1.0.3", id="ping") }}
"""
CAPTURE = '{{{{ capture("node0", "{on}", id="c{id}", during="ping", packets=1) }}}}\n'


def _hands(tmp_path: Path, body: str) -> Hands:
    """What a reader's hands do for the command `ping` of a page."""
    source = tmp_path / "page.md"
    source.write_text(PINGED + body, encoding="utf-8")
    *_, form = copied.of_page(planner.plan_page(tmp_path, source), {})
    return Hands(form.command, form.first, {"VETH": "veth1a2b3c4d"})


def test_a_name_of_the_recording_in_a_capture_is_marked_with_what_it_was(tmp_path: Path) -> None:
    hands = _hands(tmp_path, CAPTURE.format(on="$VETH", id=1) + CAPTURE.format(on="br0", id=2))
    named, plain = (shown for _, shown in hands.captures)
    assert '<span class="own-value" title="veth1a2b3c4d when it was recorded; copy ' in named
    assert re.sub("<[^>]+>", "", named) == "tcpdump -nn -e -i $VETH -c 1"
    assert "own-value" not in plain
    assert re.sub("<[^>]+>", "", plain) == "tcpdump -nn -e -i br0 -c 1"


def test_captures_of_a_trace_say_where_their_packets_are_and_others_do_not(tmp_path: Path) -> None:
    trace = '{{{{ trace([{}], id="way", during="ping", packets=1, title="T") }}}}\n'
    taps = ['"node0/br0"', '"node0/eth1"', '"node1/eth1"']
    assert _hands(tmp_path, trace.format(", ".join(taps))).trace == "way"
    assert _hands(tmp_path, trace.format(", ".join(taps[:2]))).trace == ""
    alone = "".join(CAPTURE.format(on=f"port{number}", id=number) for number in range(3))
    assert _hands(tmp_path, alone).trace == ""
