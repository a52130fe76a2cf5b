"""The whole way through MkDocs: a real build of a small guide, recorded over SSH."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from macros.ground.places import CHECKOUT
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import recording
from macros.record import known_state
from macros.store import sums

PAGE = """---
title: T
lab:
  nodes: 1
---

# T

A sentence.

{{ run("node0", "echo 192.168.56.10 answers", id="one", explain={"answers": "It is *there*."}) }}

{% call run("node0", id="nasty") %}{% raw %}
printf '</pre><script>alert(1)</script> {{ 7*7 }} **bold** <b>&amp;'
{% endraw %}{% endcall %}

The address is {{ expect("one", "re:^(\\\\S+)", equals="192.168.56.10") }}.
"""


class Site:
    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder
        self.lab = lab
        self.page = folder / "docs" / "page.md"
        self.page.parent.mkdir()
        self.page.write_text(PAGE, encoding="utf-8")
        (folder / "docs" / "index.md").write_text("# Home\n", encoding="utf-8")
        (folder / "macros").symlink_to(CHECKOUT / "macros")
        (folder / "mkdocs.yml").write_text(
            "site_name: T\ntheme: {name: mkdocs}\nextra:\n  edition: now\n"
            "plugins:\n  search: {}\n  macros:\n    module_name: macros\n"
            "    on_error_fail: true\n    on_undefined: strict\n"
            "hooks: [macros/site/hooks.py]\n",
            encoding="utf-8",
        )

    def record(self) -> None:
        recording.record(
            self.lab,
            planner.plan_pages(self.folder / "docs"),
            self.folder / "recordings",
            "now",
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )

    def build(self, start: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Build it, from its own folder or, naming its mkdocs.yml, from another one."""
        named = [] if start is None else ["-f", str(self.folder / "mkdocs.yml")]
        return subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "-q", *named],
            cwd=start or self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )

    def html(self) -> str:
        return (self.folder / "site" / "page" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Site(tmp_path, local_lab)
    made.record()
    return made


def test_a_build_replays_and_outputs_stay_text(site: Site) -> None:
    done = site.build()
    assert done.returncode == 0, done.stderr
    html = site.html()
    assert "<script>alert(1)" not in html
    assert (
        "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} **bold** &lt;b&gt;&amp;amp;"
        in html
    )
    assert "It is <em>there</em>." in html
    assert re.search(
        r"The address is <code class=\"value\"><span[^>]*>192\.168\.56\.10</span>", html
    )
    assert "xguideslot" not in html
    search = (site.folder / "site" / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "echo 192.168.56.10 answers" in search
    assert "alert(1)&lt;/script&gt; {{ 7*7 }}" not in search


def test_two_builds_are_the_same_bytes(site: Site) -> None:
    assert site.build().returncode == 0
    first = site.html()
    assert site.build().returncode == 0
    assert site.html() == first


def test_a_build_from_elsewhere_is_of_the_project_that_it_names(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mkdocs.yml").write_text("site_name: Another\n", encoding="utf-8")
    done = site.build(elsewhere)
    assert done.returncode == 0, done.stderr
    assert "192.168.56.10 answers" in site.html()
    assert [path.name for path in elsewhere.iterdir()] == ["mkdocs.yml"]
    assert any((site.folder / ".cache" / "guide").iterdir())


def kept_page(site: Site) -> Path:
    (path,) = (site.folder / ".cache" / "guide").glob("page-page.md-*")
    return path


def test_a_page_is_taken_from_an_earlier_build_only_as_long_as_it_rests_on_the_same(
    site: Site,
) -> None:
    assert site.build().returncode == 0
    kept = kept_page(site)
    kept.write_text(kept.read_text().replace("A sentence.", "Taken from the cache."))
    assert site.build().returncode == 0
    assert "Taken from the cache." in site.html()
    (site.folder / "docs" / "index.md").write_text("# Another home\n", encoding="utf-8")
    assert site.build().returncode == 0
    assert "Taken from the cache." in site.html(), "prose of another page changes nothing here"
    site.page.write_text(PAGE.replace("A sentence.", "Another sentence."), encoding="utf-8")
    assert site.build().returncode == 0
    assert "Another sentence." in site.html()
    assert not kept.exists(), "only the newest entry of a page stays"


def test_a_page_is_rendered_again_when_a_recording_or_a_setting_changes(site: Site) -> None:
    assert site.build().returncode == 0
    page = site.folder / "recordings" / "now" / "page"
    file = page / "one.txt"
    file.write_text(file.read_text() + "and more\n", encoding="utf-8")
    sums.write(page)
    assert site.build().returncode == 0
    assert "and more" in site.html()
    before = kept_page(site)
    settings = site.folder / "mkdocs.yml"
    settings.write_text(settings.read_text() + "use_directory_urls: true\n")
    assert site.build().returncode == 0
    assert kept_page(site) != before


def failure(site: Site) -> str:
    done = site.build()
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_a_deleted_recording_fails_the_build_by_name(site: Site) -> None:
    (site.folder / "recordings" / "now" / "page" / "one.txt").unlink()
    reported = failure(site)
    assert "docs/page.md:11: recording" in reported
    assert "one.txt is missing" in reported
    assert "guide record page" in reported


def test_one_changed_byte_fails_the_build_by_name(site: Site) -> None:
    path = site.folder / "recordings" / "now" / "page" / "one.txt"
    path.write_bytes(path.read_bytes().replace(b"answers\n", b"answerz\n"))
    assert "one.txt was changed by hand" in failure(site)


def test_a_changed_command_fails_the_build_by_name(site: Site) -> None:
    site.page.write_text(PAGE.replace("56.10 answers", "56.11 answers"), encoding="utf-8")
    reported = failure(site)
    assert "docs/page.md:11: the recording of block one is stale" in reported
    assert "it was recorded for `echo 192.168.56.10 answers`" in reported


def test_a_claim_that_does_not_hold_fails_the_build_with_its_line(site: Site) -> None:
    site.page.write_text(
        PAGE.replace('equals="192.168.56.10"', 'equals="10.0.0.1"'), encoding="utf-8"
    )
    reported = failure(site)
    assert "docs/page.md:17:19: the page claims that '192.168.56.10' equals '10.0.0.1'" in reported
    assert "Traceback" not in reported


def test_a_note_on_text_that_is_not_there_fails_the_build(site: Site) -> None:
    site.page.write_text(PAGE.replace('{"answers"', '{"asks"'), encoding="utf-8")
    assert "explain: 'asks' is in no line of the output" in failure(site)


def test_a_value_of_an_unknown_block_fails_the_build(site: Site) -> None:
    site.page.write_text(PAGE.replace('expect("one"', 'expect("two"'), encoding="utf-8")
    assert "page page has no block 'two'; it has one, nasty" in failure(site)


def test_a_bound_value_is_used_in_paths_claims_and_notes(site: Site) -> None:
    text = PAGE + (
        '\n{{ run("node0", "echo vethab12 dev vethab12 mac aa", id="two",'
        ' bind={"VETH": "re:^(veth\\\\w+)"}, explain={"dev": "It is $VETH, for $HOME."}) }}\n\n'
        'Its MAC: {{ expect("two", "re:dev $VETH mac (\\\\w+)", equals="aa") }}.'
        '{{ expect("two", "re:($VETH)$", absent=true) }}\n'
    )
    site.page.write_text(text, encoding="utf-8")
    site.record()
    done = site.build()
    assert done.returncode == 0, done.stderr
    assert "It is vethab12, for $HOME." in re.sub(r"<[^>]+>", "", site.html())
    assert 'Its MAC: <code class="value">aa</code>' in site.html()
