"""Sentences of a review: each value of a sentence is its own block's, and each sentence once."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.compare import lines
from macros.compare.change import said
from macros.compare.quoted import with_values
from macros.compare.sentences import Quoted, quotes
from macros.ground.model import Recording
from macros.review import item_words
from macros.review.items import Item, item_of, items
from macros.review.prose import Prose

PAGE = r"""---
title: WireGuard
---
Before, it was {{ value("learned", "re:endpoint: (\\S+)") }}; now it is
{{ expect("roamed", "re:endpoint: (\\S+)", differs_from=("learned", "re:endpoint: (\\S+)")) }}.
Nobody told node1. {{ expect("roamed", "re:listening port: (\\d+)", equals=51820, show=false) }}
"""
# As `wg show wg0` printed it for an author's page; the keys are those of a lab.
SHOWN = """\
interface: wg0
  listening port: {port}
  private key: (hidden)
  public key: t1xcgjUl2k55+krQ7FApvrCbR7rkbWBOAbBTBsd2aEs=

peer: bZAHsJGkCtOQ6Zqg3sOU1XyebI9X2tDr66VV3kYVx3Q=
  endpoint: {endpoint}
  allowed ips: 10.66.0.1/32
  latest handshake: 8 seconds ago
  transfer: 660 B received, 604 B sent
"""
FIRST, MOVED, FURTHER = (f"192.168.56.10:{port}" for port in (51820, 51999, 52000))


def shown(block: str, endpoint: str, port: int = 51820) -> Recording:
    return Recording(
        id=block,
        node="node1",
        command="wg show wg0",
        ran="wg show wg0",
        exit=0,
        plan="",
        bound={},
        text=SHOWN.format(endpoint=endpoint, port=port),
    )


def told(tmp_path: Path, old: list[Recording], new: list[Recording]) -> list[str]:
    """The lines below an item about both blocks, without where they stand."""
    source = tmp_path / "page.md"
    source.write_text(PAGE, encoding="utf-8")
    sides = [{block.id: block for block in blocks} for blocks in (old, new)]
    by_block: dict[tuple[str, str], list[Quoted]] = {}
    for quote in quotes(source, "page"):
        by_block.setdefault(("page", quote.block), []).append(
            with_values(quote, sides[0], sides[1])
        )
    values = item_words.values_of(tmp_path, lambda _: sides[0], lambda _: sides[1])
    return [line.split("page.md:")[1] for line in Prose(by_block, values).lines(item())]


def item() -> Item:
    changes = [
        said("text", block, "line changed: a -> b", "a", "b") for block in ("learned", "roamed")
    ]
    return item_of(
        "page", "it", [replace(each, page="page", block=each.subject) for each in changes]
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ((FIRST, MOVED), (FIRST, FURTHER), f"{FIRST}; now it is {MOVED} -> {FURTHER}."),
        ((FIRST, MOVED), (MOVED, MOVED), f"{FIRST} -> {MOVED}; now it is {MOVED}."),
        (
            (FIRST, MOVED),
            (MOVED, FURTHER),
            f"{FIRST} -> {MOVED}; now it is {MOVED} -> {FURTHER}.",
        ),
    ],
)
def test_each_value_of_a_sentence_is_that_of_its_block(
    tmp_path: Path, old: tuple[str, str], new: tuple[str, str], words: str
) -> None:
    sides = [[shown("learned", side[0]), shown("roamed", side[1])] for side in (old, new)]
    assert told(tmp_path, *sides) == [f"4 Before, it was {words}"]


def test_a_claim_that_is_not_shown_stands_behind_its_sentence(tmp_path: Path) -> None:
    old = [shown("learned", FIRST), shown("roamed", MOVED)]
    new = [shown("learned", FIRST), shown("roamed", MOVED, port=51999)]
    assert told(tmp_path, old, new) == [
        r"6 Nobody told node1.  (roamed re:listening port: (\d+): 51820 -> 51999)"
    ]


def test_a_sentence_is_told_below_the_change_that_has_its_values(tmp_path: Path) -> None:
    old, new = (
        {"learned": shown("learned", FIRST), "roamed": shown("roamed", endpoint, port)}
        for endpoint, port in ((MOVED, 51820), (FURTHER, 53))
    )
    source = tmp_path / "page.md"
    source.write_text(PAGE, encoding="utf-8")
    by_block = {("page", "roamed"): [with_values(one, old, new) for one in quotes(source, "page")]}
    values = item_words.values_of(tmp_path, lambda _: old, lambda _: new)
    changes = [
        replace(change, page="page", block="roamed")
        for change in lines.compare(old["roamed"].text, new["roamed"].text)
    ]
    prose = Prose(by_block, values, {}, {("page", "roamed"): changes})
    port, endpoint = items(changes)
    assert "endpoint" in endpoint.what
    assert [line.partition("page.md:")[2][:8] for line in prose.lines(endpoint)] == ["4 Before"]
    assert [line.partition("page.md:")[2][:8] for line in prose.lines(port)] == ["6 Nobody"]
    # What no change has stands below all of them.
    other = Prose(by_block, values, {}, {("page", "roamed"): []})
    assert len(list(other.lines(item()))) == 2


def test_what_did_not_change_is_not_told(tmp_path: Path) -> None:
    same = [shown("learned", FIRST), shown("roamed", MOVED)]
    assert told(tmp_path, same, same) == []
