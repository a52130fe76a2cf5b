"""A page of an edition quotes what that has not recorded: its base answers for it."""

import re
import shutil
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.plan import planner
from macros.site import claims_check
from macros.store import form, sums
from macros.store.guide import Guide
from tests.unit.test_build_editions import build, html, site
from tests.unit.test_plan_only import HEAD, NEW, OLD, recorded

__all__ = ["site"]

QUOTES = """
# Quotes

{{ run("node0", "echo own", id="own") }}

It says {{ expect("page:one", "re:(.+)", equals="one") }}, and here {{ value("own", "re:(.+)") }}.
"""


def _quoting(folder: Path, edition: str) -> None:
    """A second page in that edition, which quotes the first."""
    path = folder / "docs/quotes.md"
    path.write_text(HEAD + QUOTES, encoding="utf-8")
    page = planner.plan_page(folder / "docs", path)
    into = folder / "recordings" / edition / "quotes"
    into.mkdir(parents=True)
    (block,) = page.blocks
    made = Recording("own", "node0", "echo own", "echo own", 0, block.plan, {}, f"{edition}\n")
    form.write(into, made)
    meta = {"recorded": "2026-11-23T04:05:06Z", "lab": "uml", "nodes": ["node0"]}
    (into / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8")
    sums.write(into)
    sums.write(into.parent)


def _without_first(folder: Path, edition: str) -> None:
    """As if that edition had not recorded the first page."""
    shutil.rmtree(folder / "recordings" / edition / "page")
    sums.write(folder / "recordings" / edition)


def test_what_an_edition_lacks_its_base_answers_for(tmp_path: Path) -> None:
    recorded(tmp_path, "new", NEW)
    recorded(tmp_path, "old", OLD, base="new")
    for edition in ("new", "old"):
        _quoting(tmp_path, edition)
    _without_first(tmp_path, "old")
    old = Guide(tmp_path / "docs", tmp_path / "recordings", "old")
    assert old.pages.keys() == {"quotes"}
    assert list(old.problems()) == []
    assert "It says" in claims_check.expand(old, tmp_path / "docs/quotes.md")
    assert old.holder("page").edition_name == "new"
    assert old.holder("quotes") is old
    with pytest.raises(GuideError, match="page page has no block 'nope'; it has one, new, two"):
        old.find("page:nope", "quotes")
    with pytest.raises(GuideError, match="there is no page 'nowhere' with blocks"):
        old.find("nowhere:one", "quotes")


def test_an_edition_without_a_base_quotes_nothing_of_others(tmp_path: Path) -> None:
    recorded(tmp_path, "new", NEW)
    recorded(tmp_path, "old", OLD)
    guide = Guide(tmp_path / "docs", tmp_path / "recordings", "old")
    assert guide.base is None
    assert guide.holder("nowhere") is guide


def test_a_page_that_quotes_is_built_in_an_edition_that_lacks_the_quoted_one(site: Path) -> None:
    for edition in ("new", "old"):
        _quoting(site, edition)
    _without_first(site, "old")
    settings = (site / "mkdocs.yml").read_text(encoding="utf-8")
    (site / "mkdocs.yml").write_text(
        settings.replace("[index.md, page.md]", "[index.md, page.md, quotes.md]"), encoding="utf-8"
    )
    done = build(site)
    assert done.returncode == 0, done.stderr
    text = re.sub(r"<[^>]+>", "", html(site, "editions/old/quotes"))
    assert "It says one, and here old." in text
    assert not (site / "site/editions/old/page").exists()
