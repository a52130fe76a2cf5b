"""A block's lines: words one after the other wrap, columns keep their places."""

import pytest

from macros.model import Block, Recording
from macros.render import block as block_html
from macros.render.place import Place

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
    return block_html.figure(block, recording, block_html.Look(), PLACE, (), (), {})


@pytest.mark.parametrize("command", ["conntrack -L -p icmp", "ip link | grep '^8: '"])
def test_lines_of_words_wrap(command: str) -> None:
    html = _figure(command, CONNTRACK)
    assert 'class="out wrap"' in html
    assert '<span class="line">' in html


@pytest.mark.parametrize("command", ["ip -br link", "ss -ltn", "cat /etc/hosts"])
def test_columns_do_not_wrap(command: str) -> None:
    assert 'class="out"' in _figure(command, BRIEF)
