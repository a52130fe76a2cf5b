"""Editions in the site: a real build of a small guide that has been recorded with two versions."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from macros.ground.places import CHECKOUT as ROOT
from macros.site import edition_links
from macros.store.guide import Guide
from tests.unit.test_plan_only import BODY, NEW, OLD, planned, recorded

TEXT = f"""
# A page

See [home](index.md#here) and [this](page.md).
{BODY}"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A guide of two editions, to be built."""
    monkeypatch.setattr("tests.unit.test_plan_only.BODY", TEXT)
    monkeypatch.setattr("tests.unit.test_plan_only.planned", lambda path: planned(path, TEXT))
    recorded(tmp_path, "new", NEW)
    recorded(tmp_path, "old", OLD, base="new")
    (tmp_path / "docs" / "index.md").write_text("# Home\n\n## Here\n", encoding="utf-8")
    (tmp_path / "macros").symlink_to(ROOT / "macros")
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: T\ntheme: {name: mkdocs}\nstrict: true\nextra:\n  edition: new\n"
        f"  recordings: {tmp_path}/recordings\nnav: [index.md, page.md]\n"
        "plugins:\n  search: {}\n  macros:\n    module_name: macros\n"
        "    on_error_fail: true\n    on_undefined: strict\n"
        "hooks: [macros/site/hooks.py]\n",
        encoding="utf-8",
    )
    return tmp_path


def build(site: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q"],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
    )


def html(site: Path, address: str) -> str:
    return (site / "site" / address / "index.html").read_text(encoding="utf-8")


def choice(text: str) -> list[tuple[str, bool, str]]:
    """The editions offered: address, whether it is this one, and what it is called."""
    nav = re.search(r'<nav class="editions".*?</nav>', text)
    assert nav is not None
    assert "This page in edition" in nav[0]
    match = re.findall(r'<a href="([^"]*)"( aria-current="page")?><b>(.*?)</a>', nav[0])
    return [(href, bool(here), re.sub(r"<[^>]+>", "", words)) for href, here, words in match]


def test_a_page_stands_in_both_editions_and_each_leads_to_the_other(site: Path) -> None:
    done = build(site)
    assert done.returncode == 0, done.stderr
    new, old = html(site, "page"), html(site, "editions/old/page")
    assert choice(new) == [
        ("index.html", True, "new Docker 28.5.2"),
        ("../editions/old/page/index.html", False, "old Docker 26.1.5"),
    ]
    assert choice(old) == [
        ("../../../page/index.html", False, "new Docker 28.5.2"),
        ("index.html", True, "old Docker 26.1.5"),
    ]
    assert "Docker is new." in new
    assert "Docker is old." not in new
    assert "Docker is old." in old
    assert "recorded 2026-11-23 · Docker 26.1.5" in old
    assert "<title>A page (old) - T</title>" in old
    assert 'class="editions"' not in (site / "site" / "index.html").read_text(encoding="utf-8")
    # Links stay in the edition where it has the page, and lead out of it where not.
    assert re.findall(r'<a href="([^"]*)">(?:home|this)</a>', old) == ["../../../#here", "./"]


def test_another_edition_can_be_the_one_that_is_shown(site: Path) -> None:
    assert build(site, EDITION="old").returncode == 0
    assert "Docker is old." in html(site, "page")
    assert "Docker is new." in html(site, "editions/new/page")


def test_what_the_edition_shown_has_not_recorded_is_shown_from_its_base(site: Path) -> None:
    shutil.rmtree(site / "recordings" / "old" / "page")
    done = build(site, EDITION="old")
    assert done.returncode == 0, done.stderr
    new = html(site, "page")
    assert "Docker is new." in new
    assert choice(new) == [("index.html", True, "new Docker 28.5.2")]
    assert not (site / "site" / "editions").exists(), "it stands at one address"


def test_a_page_that_needs_what_an_edition_lacks_is_shown_from_the_one_that_has_it() -> None:
    guide = Guide(ROOT / "docs", ROOT / "recordings", "2026-11")
    assert guide.holder("calico").edition_name == "2026-11-kubernetes-1.36"
    assert guide.holder("flannel") is guide
    assert guide.beside("2026-11-kubernetes-1.34").holder("calico") is guide.holder("calico")
    assert ROOT / "docs" / "calico.md" not in guide.sources
    assert ROOT / "docs" / "calico.md" in guide.beside("2026-11-kubernetes-1.36").sources
    assert ROOT / "docs" / "tested.md" in guide.sources, "a page without blocks"


def test_a_stale_recording_of_any_edition_fails_the_build(site: Path) -> None:
    planned(site, TEXT.replace("echo old", "echo older"))
    done = build(site)
    assert done.returncode == 1
    assert "block old is stale" in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](other.md)", "[a](../../other.md)"),
        ("[a](here.md#b-x)", "[a](here.md#b-x)"),
        ("[a](sub/there.md) [b](lone.md)", "[a](sub/there.md) [b](../../lone.md)"),
        ("[a]: other.md", "[a]: ../../other.md"),
        ("[a](https://x.test/a.md)", "[a](https://x.test/a.md)"),
        ("[a](#b-x) [c](/a.md) `(other.md)`", "[a](#b-x) [c](/a.md) `(other.md)`"),
    ],
)
def test_links_of_a_page_are_those_of_its_edition(text: str, expected: str) -> None:
    held = {"here.md", "sub/there.md"}
    assert edition_links.relinked(text, "old", "page.md", held.__contains__) == expected


def test_one_edition_is_no_choice() -> None:
    offered = edition_links.Offered("new", "page.html", {"Docker": "28"}, here=True)
    assert edition_links.choice([offered], "changes.html", "new") == ""
    other = edition_links.choice([offered], "changes.html", "newer")
    assert choice(other) == [("page.html", True, "new Docker 28")], "it is not of the one shown"


def test_versions_that_are_the_same_do_not_tell_editions_apart() -> None:
    offered = [
        edition_links.Offered("new", "a.html", {"Docker": "28", "Linux": "7"}, here=True),
        edition_links.Offered("old", "b.html", {"Docker": "26", "Linux": "7"}, here=False),
    ]
    text = edition_links.choice(offered, "changes.html", "new")
    assert "Linux" not in text
    assert '<a href="changes.html">What changed</a>' in text
    same = [edition_links.Offered(name, "a.html", {"Docker": "28"}, here=False) for name in "ab"]
    assert "><b>a</b></a>" in edition_links.choice(same, "", "a")
