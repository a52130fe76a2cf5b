"""What a page says and does only with some versions: the plan, the recorder's pages, the site's."""

from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Page, Recording
from macros.plan import planner
from macros.site.claims_check import expand
from macros.store import form, sums, writer
from macros.store.guide import Guide

HEAD = "---\ntitle: A page\nversions: [Docker]\nlab:\n  nodes: 1\n---\n"
BODY = """
{{ run("node0", "echo one", id="one") }}
{% call only("Docker >= 28") %}
Docker is new.

{{ run("node0", "echo new", id="new") }}
{% endcall %}
{% call only("Docker < 28") %}
Docker is old.

{{ run("node0", "echo old", id="old") }}
{% endcall %}
{{ run("node0", "echo two", id="two", highlight=when("Docker >= 28", ["two"])) }}

It is {{ when("Docker >= 28", "new", "old") }}.
"""
NEW, OLD = {"Docker": "28.5.2"}, {"Docker": "26.1.5"}


def planned(tmp_path: Path, body: str = BODY) -> Page:
    (tmp_path / "docs").mkdir(exist_ok=True)
    path = tmp_path / "docs" / "page.md"
    path.write_text(HEAD + body, encoding="utf-8")
    return planner.plan_page(tmp_path / "docs", path)


def ids(page: Page) -> list[str]:
    return [block.id for block in page.blocks]


def test_a_plan_has_all_blocks_and_versions_choose_among_them(tmp_path: Path) -> None:
    page = planned(tmp_path)
    assert ids(page) == ["one", "new", "old", "two"]
    assert [block.only for block in page.blocks] == ["", "Docker >= 28", "Docker < 28", ""]
    assert ids(planner.for_versions(page, NEW)) == ["one", "new", "two"]
    assert ids(planner.for_versions(page, OLD)) == ["one", "old", "two"]
    assert ids(planner.for_versions(page, {})) == ["one", "new", "two"], "newer than any"


def test_what_is_for_other_versions_makes_no_recording_stale(tmp_path: Path) -> None:
    plain = BODY.partition("{% call only")[0] + BODY.rpartition("{% endcall %}")[2]
    without = planned(tmp_path, plain).blocks
    old_only = BODY.replace('{% call only("Docker >= 28") %}', '{% call only("Docker >= 99") %}')
    page = planned(tmp_path, old_only)
    left = planner.for_versions(page, {"Docker": "50"}).blocks
    assert [block.plan for block in left] == [block.plan for block in without]
    # What does run there counts for all that comes after it.
    more = planner.for_versions(planned(tmp_path), NEW).blocks
    assert more[0].plan == without[0].plan
    assert more[-1].plan != without[-1].plan


def test_a_condition_that_does_not_read_is_an_error_of_its_line(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match="'Docker 28' is not a condition") as caught:
        planned(tmp_path, '\n\n{% call only("Docker 28") %}x{% endcall %}\n')
    assert caught.value.line == 9


def test_a_capture_is_run_where_its_trigger_is(tmp_path: Path) -> None:
    body = """
{% call only("Docker >= 28") %}{{ run("node0", "true", id="trigger") }}{% endcall %}
{{ capture("node0", "eth1", id="wire", during="trigger", packets=1) }}
"""
    with pytest.raises(GuideError, match="which runs only for Docker >= 28"):
        planned(tmp_path, body)


def recorded(tmp_path: Path, name: str, versions: dict[str, str], base: str = "") -> Guide:
    """An edition in which every block printed its own id."""
    page = planner.for_versions(planned(tmp_path), versions)
    folder = tmp_path / "recordings" / name
    (folder / page.key).mkdir(parents=True)
    for block in page.blocks:
        form.write(
            folder / page.key,
            Recording(
                block.id, "node0", block.command, block.command, 0, block.plan, {}, f"{block.id}\n"
            ),
        )
    (folder / page.key / "page.yml").write_text(
        form.dump_yaml({"recorded": "2026-11-23T04:05:06Z", "lab": "uml", "nodes": ["node0"]}),
        encoding="utf-8",
    )
    sums.write(folder / page.key)
    writer.write_edition(folder, lab="uml", base=base, versions=versions)
    return Guide(tmp_path / "docs", tmp_path / "recordings", name)


def test_each_edition_is_read_as_its_versions_have_it(tmp_path: Path) -> None:
    new = recorded(tmp_path, "new", NEW)
    old = recorded(tmp_path, "old", OLD, base="new")
    source = tmp_path / "docs" / "page.md"
    for guide, told, not_told in ((new, "new", "old"), (old, "old", "new")):
        assert list(guide.problems()) == []
        text = expand(guide, source)
        assert f"Docker is {told}." in text
        assert f"Docker is {not_told}." not in text
        assert f"It is {told}." in text
    assert new.others == ("old",)
    assert new.of_edition("old").pages.keys() == old.pages.keys()


def test_an_edition_with_a_base_need_not_have_every_page(tmp_path: Path) -> None:
    new = recorded(tmp_path, "new", NEW)
    old = recorded(tmp_path, "old", OLD, base="new")
    (tmp_path / "docs" / "other.md").write_text(
        HEAD + '{{ run("node0", "true", id="it") }}', encoding="utf-8"
    )
    again = Guide(new.docs, new.recordings, "new")
    assert [str(error) for error in again.problems() if "other.md" in str(error)]
    partial = Guide(old.docs, old.recordings, "old")
    assert list(partial.problems()) == []
    assert [path.name for path in partial.sources] == ["page.md"]


def test_a_stale_page_of_an_edition_is_an_error_there_too(tmp_path: Path) -> None:
    recorded(tmp_path, "new", NEW)
    old = recorded(tmp_path, "old", OLD, base="new")
    planned(tmp_path, BODY.replace("echo old", "echo older"))
    problems = [str(error) for error in Guide(old.docs, old.recordings, "old").problems()]
    assert len(problems) == 1
    assert "block old is stale: it was recorded for `echo old`" in problems[0]
    assert list(Guide(old.docs, old.recordings, "new").problems()) == []
