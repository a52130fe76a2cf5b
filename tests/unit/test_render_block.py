"""A block's lines: words one after the other wrap, columns keep their places."""

import re
from pathlib import Path

import pytest

from macros.ground.model import Block, Page, Recording
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
