"""`guide lab prepare` and its `--undo`, on a machine that really answers."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import lab_choice
from macros.cli.lab_prepare import prepare
from macros.follow import following, lab_in_use
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, PageRecording
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.plan import planner
from macros.record import known_state

HEAD = """\
---
title: T
lab:
  nodes: 2
setup:
  - node: node0
    run: echo done >>{folder}/prepared{failing}
cleanup:
  - node: node1
    run: rm -f {folder}/prepared
---
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine that runs the tests is no lab node; tests/lab checks states on real ones."""
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def planned(tmp_path: Path, failing: str = "") -> Page:
    source = tmp_path / "page.md"
    head = HEAD.format(folder=tmp_path, failing=failing)
    source.write_text(head + '{{ run("node0", "true", id="a") }}\n', encoding="utf-8")
    return planner.plan_page(tmp_path, source)


def test_a_lab_is_prepared_once_and_put_back(tmp_path: Path, local_lab: Lab) -> None:
    page = planned(tmp_path)
    assert following.prepare(local_lab, page)
    assert not following.prepare(local_lab, page)
    assert (tmp_path / "prepared").read_text() == "done\n"
    assert lab_in_use.of_page(local_lab) == "page"
    following.undo(local_lab, page)
    assert not (tmp_path / "prepared").exists()
    assert lab_in_use.of_page(local_lab) == ""


def test_what_fails_half_way_is_cleaned_up(tmp_path: Path, local_lab: Lab) -> None:
    with pytest.raises(GuideError, match="setup failed with exit code 3"):
        following.prepare(local_lab, planned(tmp_path, "; exit 3"))
    assert not (tmp_path / "prepared").exists()
    assert lab_in_use.of_page(local_lab) == ""


def test_a_page_that_is_ended_by_a_signal_is_cleaned_up(
    tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = ("setsid", "-wc", "bash", "--norc", "--noprofile")
    monkeypatch.setattr(ssh, "login", lambda _lab, _node: shell)
    prepared = []

    def on_block(_block: Block) -> None:
        prepared.append((tmp_path / "prepared").read_text())
        signal.raise_signal(signal.SIGTERM)

    page = planned(tmp_path)
    nothing = PageRecording(page.key, tmp_path, "", "local", (), {})
    with pytest.raises(SystemExit):
        following.follow(local_lab, page, nothing, on_block)
    assert prepared == ["done\n"]
    assert not (tmp_path / "prepared").exists()
    assert lab_in_use.of_page(local_lab) == ""


def test_a_lab_that_is_not_fresh_is_left_alone(
    tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(_lab: Lab, _page: Page) -> None:
        raise GuideError("node0 is not as it was created: + link br0")

    monkeypatch.setattr(known_state, "enter", changed)
    with pytest.raises(GuideError, match="not as it was created"):
        following.prepare(local_lab, planned(tmp_path))
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["docker"], "in use for page by-hand, which was not undone"),
        (["docker", "--undo"], "in use for page by-hand, not docker"),
        (["services"], "the page needs 3 nodes and a client outside with Kubernetes"),
    ],
)
def test_another_pages_lab_and_the_wrong_lab_are_refused(
    words: list[str], message: str, local_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lab_in_use.begin(local_lab, replace(planned(tmp_path), key="by-hand"))
    monkeypatch.setattr(lab_choice, "find", lambda _name: replace(local_lab, versions={}))
    result = CliRunner().invoke(prepare, words)
    assert isinstance(result.exception, GuideError)
    assert message in result.exception.message
    assert result.exception.fix
