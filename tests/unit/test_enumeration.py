"""So many of something, in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground import block_count
from macros.ground.enumeration import counted
from macros.kinds.registry import KINDS
from tests.unit.test_plan import page_of


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "blocks", "1 block"),
        (2, "blocks", "2 blocks"),
        (0, "pages", "0 pages"),
        (1, "rules of routing", "1 rule of routing"),
        (1, "forwarding entries", "1 forwarding entry"),
        (1, "addresses", "1 address"),
        (1, "queues", "1 queue"),
        (1, "containers and networks of Docker", "1 container and network of Docker"),
        (1, "VRFs", "1 VRF"),
        (1, "runs of ping", "1 run of ping"),
    ],
)
def test_one_is_one(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


def test_every_kind_of_several_has_one() -> None:
    same = [kind.what for kind in KINDS if counted(1, kind.what) == f"1 {kind.what}"]
    assert not same


def test_a_trace_is_one_block_however_many_taps_it_has(tmp_path: Path) -> None:
    ping = '{{ run("node0", "ping -c 1 10.0.0.2", id="ping") }}\n\n'
    trace = (
        '{{ trace(["node0/eth1", "node1/eth1"], id="way", during="ping", title="T", packets=2) }}'
    )
    alone = '{{ capture("node1", "eth1", id="wire", during="ping", packets=2) }}\n\n'
    counted_as = [
        (ping, "1 block"),
        (ping + alone, "2 blocks"),
        (ping + alone + trace, "3 blocks (1 trace of 2 captures)"),
    ]
    for text, words in counted_as:
        assert block_count.in_words(page_of(tmp_path, text).blocks) == words
    blocks = page_of(tmp_path, ping + trace).blocks
    assert [block_count.written(block) for block in blocks] == ["ping", "way", "way"]
    assert block_count.in_words([*blocks, *(replace(b, page="another") for b in blocks)]) == (
        "4 blocks (2 traces of 4 captures)"
    )
