"""A block has a paragraph of its own: said before anything runs, at its line, by its name."""

from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground import project
from macros.ground.places import CHECKOUT
from macros.plan import planner
from macros.plan.signatures import MACROS
from macros.site import claims_check
from tests.unit.test_all_errors import HEAD, PING

TABLE = '{{ run("node0", "ip route show table 100", id="hundred") }}\n'


def problems(folder: Path, body: str, head: str = HEAD) -> list[tuple[int | None, int | None, str]]:
    source = folder / "page.md"
    source.write_text(head + body, encoding="utf-8")
    _, errors = planner.attempt(folder, source)
    return [(error.line, error.column, error.message) for error in errors]


def test_text_right_below_a_block_is_said_at_the_block_by_its_id(tmp_path: Path) -> None:
    ((line, column, message),) = problems(tmp_path, f"Text.\n\n  {TABLE}The rule stands alone.\n")
    assert (line, column) == (8, 6)
    assert message == (
        "run 'hundred' stands in the middle of a sentence: beside 'The rule stands alone.'"
    )


@pytest.mark.parametrize(
    ("call", "called"),
    [
        ("undo()", "undo()"),
        ("prepared()", "prepared()"),
        ('topology("a", title="The lab")', "topology 'The lab'"),
        ('packet("a", "arp", title="T")', "packet 'T'"),
        ('packet("a", "arp")', "packet 'a'"),
        ('capture("node0", "eth1", id="a", during="ping", packets=1)', "capture 'a'"),
    ],
)
def test_any_macro_that_prints_a_block_is_named(tmp_path: Path, call: str, called: str) -> None:
    body = f"{PING}\nSee\n{{{{ {call} }}}}\n\nText.\n"
    assert problems(tmp_path, body) == [
        (9, 4, f"{called} stands in the middle of a sentence: beside 'See'")
    ]


def test_of_several_blocks_in_a_paragraph_the_one_beside_the_text_is_said(tmp_path: Path) -> None:
    assert [line for line, _, _ in problems(tmp_path, f"{PING}{TABLE}Text.\n")] == [7]
    assert [line for line, _, _ in problems(tmp_path, f"Text.\n{PING}{TABLE}")] == [7]


def test_each_paragraph_is_said_beside_the_page_s_other_errors(tmp_path: Path) -> None:
    wrong = '{{ run("node7", "true", id="c", untill="x") }}\n'
    found = problems(tmp_path, f"{PING}Text.\n\n{wrong}\n{TABLE}Text.\n")
    assert [(line, message.split()[0]) for line, _, message in found] == [
        (6, "run"),
        (9, "run"),
        (11, "run"),
    ]
    assert "untill=" in found[1][2]


def test_what_stands_as_markdown_has_it_is_right(tmp_path: Path) -> None:
    listed = f"1. First:\n\n    {PING}\n2. Second.\n"
    note = f"!!! note\n    {TABLE}"
    heading = (
        '# A heading\n{{ run("node0", "a", id="below") }}\n{{ run("node0", "b", id="next") }}\n'
    )
    sentence = 'It is {{ value("ping", "received") }} of {{ version("Docker") }}.\n'
    hidden = (
        '{{ run("node0", "c", id="hid", show=false) }}\nText.\n\n{{ observe("node0", id="o") }} T\n'
    )
    body = f"{listed}\n{note}\n{heading}\n{sentence}\n{hidden}"
    assert problems(tmp_path, body) == []


def test_a_block_in_an_item_without_paragraphs_is_said(tmp_path: Path) -> None:
    ((_, _, message),) = problems(tmp_path, f"- {PING}- Second.\n")
    assert message == "run 'ping' has no paragraph of its own"


def test_what_stands_under_a_condition_is_looked_at(tmp_path: Path) -> None:
    body = f'{{% call only("Docker >= 28") %}}\nText\n{PING}\n{{% endcall %}}\n'
    assert [line for line, _, _ in problems(tmp_path, body)] == [8]


@pytest.mark.parametrize("name", ["docker", "faults", "reference/options"])
def test_what_planning_takes_for_a_block_is_one_in_a_build(name: str) -> None:
    """All that real pages print: it is in a sentence as planning has it, or in none."""
    guide = guide_of_checkout(root=CHECKOUT)
    errors, _, renderer = claims_check.page(guide, guide.docs / f"{name}.md")
    assert errors == []
    printed = {
        (slot.written.called.split()[0].removesuffix("()"), slot.inline) for slot in renderer.slots
    }
    assert len(printed) > (name != "reference/options")
    for macro, inline in printed:
        assert ("word" if inline else "block") == MACROS[macro].PRINTS


def test_a_value_is_text_where_a_sentence_goes_on_with_punctuation(tmp_path: Path) -> None:
    """Else Markdown would take a paragraph's second line for what a list defines."""
    sentence = '{{ value("ping", "received") }}: so many came.\n'
    assert problems(tmp_path, f"{PING}\n{sentence}") == []
    assert [line for line, _, _ in problems(tmp_path, f"{PING}{sentence}")] == [6]
    only_values = f'{PING}{{{{ value("ping", "received") }}}}\n'
    assert problems(tmp_path, only_values) == []


def test_an_extension_that_there_is_not_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mkdocs.yml").write_text("markdown_extensions: [nosuch]\n", encoding="utf-8")
    monkeypatch.setattr(project, "root", lambda: tmp_path)
    assert problems(tmp_path, f"{PING}Text.\n") == []
