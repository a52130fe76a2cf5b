"""Why recordings of an edited page do not serve: the edit that is the cause, once, and no guesses."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Page, Recording
from macros.plan import hashes
from macros.store import staleness
from tests.unit.settle_support import recording
from tests.unit.test_plan import HEAD, page_of

BLOCKS = [
    '{{ run("node0", "ip addr", id="addresses") }}\n\n',
    '{{ run("node0", "ip rule", id="rules") }}\n\n',
    '{{ run("node0", "ping -c 1 10.0.0.2", id="ping") }}\n\n',
    '{{ capture("node1", "eth1", id="wire", during="ping", filter="icmp", packets=2) }}\n\n',
    '{{ run("node1", "ip neigh", id="known") }}\n\n',
]


def recorded(page: Page) -> Mapping[str, Recording]:
    return {
        block.id: replace(
            recording(block.id, "x\n", block.command), plan=block.plan, node=block.node
        )
        for block in page.blocks
    }


def said(folder: Path, blocks: list[str], head: str = HEAD) -> list[tuple[int | None, str]]:
    held = recorded(page_of(folder, "".join(BLOCKS)))
    edited = page_of(folder, "".join(blocks), head)
    errors = staleness.differences(edited, held, "guide record page")
    return [(error.line and error.line - HEAD.count("\n"), error.message) for error in errors]


def changed(number: int, old: str, new: str) -> list[str]:
    assert old in BLOCKS[number]
    return [*BLOCKS[:number], BLOCKS[number].replace(old, new), *BLOCKS[number + 1 :]]


def test_a_page_as_it_was_recorded_has_nothing_to_say(tmp_path: Path) -> None:
    assert said(tmp_path, BLOCKS) == []
    assert said(tmp_path, ["Prose.\n\n", *BLOCKS]) == []


def test_an_option_that_has_changed_is_told_from_the_order(tmp_path: Path) -> None:
    assert said(tmp_path, changed(1, "id=", "expect_exit=1, id=")) == [
        (
            3,
            (
                "the recording of block rules is stale: one of its options has changed (expect_exit=,"
                " until=, timeout=, bind= or netns=); stale with it are 3 recordings behind it,"
                " as each rests on those before"
            ),
        )
    ]


def test_the_order_is_told_from_an_option(tmp_path: Path) -> None:
    """One block that stands elsewhere is one cause, though three have others before them."""
    ((_, message),) = said(tmp_path, [*BLOCKS[:1], *BLOCKS[2:4], BLOCKS[1], BLOCKS[4]])
    assert message == (
        "the recording of block ping is stale: it stood right behind rules when it was recorded,"
        " and now stands behind addresses; stale with it are 3 recordings behind it, as each rests"
        " on those before"
    )


def test_a_block_that_is_gone_is_named(tmp_path: Path) -> None:
    (_, moved), (_, unused) = said(tmp_path, [*BLOCKS[:1], *BLOCKS[2:]])
    assert "ping is stale: it stood right behind rules when it was recorded" in moved
    assert unused == "recording rules belongs to no block of the page"


def test_the_front_matter_is_named_where_only_it_or_the_first_block_can_be_why(
    tmp_path: Path,
) -> None:
    ((line, message),) = said(tmp_path, BLOCKS, HEAD.replace("nodes: 2", "nodes: 3"))
    assert line == 1
    assert "block addresses is stale: lab:, setup:, cleanup: or manifests: of the page's" in message
    assert "front matter has changed, or one of its options has changed (expect_exit=" in message
    assert "stale with it are 4 recordings behind it" in message


SETUP = "setup: [{node: node0, run: 'ip link add br0 type bridge'}]\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nodes: 2", "nodes: 3", "lab: of the page's front matter has changed"),
        ("br0", "br1", "setup: of the page's front matter has changed"),
        (
            SETUP,
            "cleanup: [{node: node0, run: 'true'}]\n",
            "setup: and cleanup: of the page's front matter have changed",
        ),
        ("node0, run", "node1, run", "setup: of the page's front matter has changed"),
    ],
)
def test_the_part_of_the_front_matter_that_was_edited_is_named(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    head = HEAD.replace("lab:", f"{SETUP}lab:", 1)
    assert old in head
    body = "".join(BLOCKS)
    ((_, message),) = _said_with_parts(tmp_path, head, head.replace(old, new), body)
    assert message.startswith(f"the recording of block addresses is stale: {words}; stale with")
    both = body.replace('id="addresses"', 'timeout=9, id="addresses"')
    ((_, message),) = _said_with_parts(tmp_path, head, head.replace(old, new), both)
    assert f"is stale: {words}, or one of its options has changed (" in message
    ((_, message),) = _said_with_parts(tmp_path, head, head, both)
    assert "block addresses is stale: one of its options has changed (" in message
    assert "front matter" not in message


def _said_with_parts(
    folder: Path, head: str, edited: str, body: str
) -> list[tuple[int | None, str]]:
    was = page_of(folder, "".join(BLOCKS), head)
    start = {"all": was.start, **hashes.parts(was)}
    now = page_of(folder, body, edited)
    errors = staleness.differences(now, recorded(was), "guide record page", start)
    return [(error.line, error.message) for error in errors]


TRACE = """{{ trace(["node0/eth1", "node1/eth1", "node1/br0"], id="way", during="ping", title="T",
  packets=2, filter="icmp") }}

"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "packets=2",
            "packets=3",
            (
                "3 recordings of trace way are stale: way-node0-eth1 was recorded for"
                " `tcpdump -nn -e -i eth1 -c 2 icmp`; stale with it is 1"
            ),
        ),
        (
            "title=",
            "timeout=9, title=",
            (
                "3 recordings of trace way are stale: one of its options has changed (during=, closed="
                " or timeout=); stale with it is 1"
            ),
        ),
        (
            '"node1/br0"',
            '("node1/br0", "arp")',
            (
                "the recording of block way-node1-br0 is stale: it was recorded for"
                " `tcpdump -nn -e -i br0 -c 2 icmp`; stale with it is 1"
            ),
        ),
    ],
)
def test_an_edit_of_a_trace_is_one_cause_whatever_the_number_of_its_taps(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    blocks = [*BLOCKS[:4], TRACE, BLOCKS[4]]
    held = recorded(page_of(tmp_path, "".join(blocks)))
    edited = page_of(tmp_path, "".join([*blocks[:4], TRACE.replace(old, new), blocks[5]]))
    messages = [error.message for error in staleness.differences(edited, held, "fix")]
    assert len(messages) == 1
    assert messages[0].startswith(words)


def test_each_edit_of_its_own_is_said_on_one_page(tmp_path: Path) -> None:
    """The list is whole: an edit below a stale block is not found after the next run only."""
    blocks = changed(1, "ip rule", "ip -4 rule")
    blocks[4] = blocks[4].replace("id=", "timeout=9, id=")
    messages = said(tmp_path, blocks)
    assert [line for line, _ in messages] == [3, 9]
    assert "rules is stale: it was recorded for `ip rule`; stale with it are 2" in messages[0][1]
    assert "known is stale: one of its options has changed" in messages[1][1]


def test_many_new_blocks_are_one_error(tmp_path: Path) -> None:
    new = [f'{{{{ run("node0", "true", id="new-{number}") }}}}\n\n' for number in range(21)]
    ((line, message),) = said(tmp_path, [*BLOCKS[:2], *new, *BLOCKS[2:]])
    assert line == 5
    assert message == (
        "21 blocks have no recording: new-0, new-1, new-2, new-3, new-4, new-5, new-6, new-7"
        " and 13 more; stale with it are 3 recordings behind it, as each rests on those before"
    )


@pytest.mark.parametrize(
    ("name", "block"), [("rules", "policy"), ("addresses", None), ("ping", None), ("nope", None)]
)
def test_a_renamed_block_is_known_by_its_command(
    tmp_path: Path, name: str, block: str | None
) -> None:
    held = recorded(page_of(tmp_path, "".join(BLOCKS)))
    edited = page_of(tmp_path, "".join(changed(1, 'id="rules"', 'id="policy"')))
    found = staleness.renamed(edited, held, name)
    assert (found and found.id) == block
