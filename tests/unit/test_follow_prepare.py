"""`guide lab prepare` and its `--undo`, on a machine that really answers."""

import signal
from collections.abc import Callable
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
from macros.record import known_state, session

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
    run: {cleanup}
---
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine that runs the tests is no lab node; tests/lab checks states on real ones."""
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "check", lambda _lab, _page: {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def planned(tmp_path: Path, failing: str = "", cleanup: str = "") -> Page:
    source = tmp_path / "page.md"
    cleanup = cleanup or f"rm -f {tmp_path}/prepared"
    head = HEAD.format(folder=tmp_path, failing=failing, cleanup=cleanup)
    source.write_text(head + '{{ run("node0", "true", id="a") }}\n', encoding="utf-8")
    return planner.plan_page(tmp_path, source)


def test_a_lab_is_prepared_once_and_put_back(tmp_path: Path, local_lab: Lab) -> None:
    page = planned(tmp_path)
    assert following.prepare(local_lab, page)
    assert not following.prepare(local_lab, page)
    assert (tmp_path / "prepared").read_text() == "done\n"
    assert lab_in_use.of_page(local_lab) == "page"
    assert following.undo(local_lab, page)
    assert not (tmp_path / "prepared").exists()
    assert lab_in_use.of_page(local_lab) == ""
    assert not following.undo(local_lab, page)


class Left:
    """Makes known_state find a difference on node0 for as long as `while_there` exists."""

    def __init__(self, while_there: Path, *differing: str) -> None:
        self.while_there, self.differing = while_there, differing

    def __call__(self, _lab: Lab, page: Page) -> known_state.State:
        if self.while_there.exists():
            told = "; ".join(self.differing)
            error = known_state.ChangedError(
                f"node0 is not as it was created: {told}",
                page=page.source,
                node="node0",
                fix="then record again, cleanup:",
            )
            error.differing = self.differing
            raise error
        return {}


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def made(while_there: str, *differing: str) -> None:
        state = Left(tmp_path / while_there, *differing)
        monkeypatch.setattr(known_state, "enter", state)
        monkeypatch.setattr(known_state, "check", state)

    return made


def test_what_was_typed_by_hand_is_undone_too(
    tmp_path: Path, local_lab: Lab, left: Callable[..., None]
) -> None:
    page = planned(tmp_path, cleanup=f"rm {tmp_path}/gone; rm {tmp_path}/prepared; exit 3")
    (tmp_path / "prepared").write_text("done\n")
    left("prepared", "+ link br0")
    assert following.undo(local_lab, page)
    assert not (tmp_path / "prepared").exists()


def test_steps_that_fail_are_told_where_something_is_left(
    tmp_path: Path, local_lab: Lab, left: Callable[..., None]
) -> None:
    page = planned(tmp_path, cleanup="echo no; exit 3")
    (tmp_path / "prepared").write_text("done\n")
    left("prepared", "+ link br0")
    with pytest.raises(GuideError, match=r"as it was created: \+ link br0") as caught:
        following.undo(local_lab, page)
    first, second = caught.value.all
    assert "exit code 3: no" in second.message
    assert "guide lab reset --name" in (first.fix or "")
    assert "record" not in str(first)
    assert "cleanup:" not in str(first)


@pytest.mark.parametrize(
    ("differing", "message", "fix"),
    [
        (["+ process tcpdump"], "a tcpdump of yours still runs on node0", "end it with Ctrl-C"),
        (
            ["+ process tcpdump (2 of them)", "+ process nc", "+ listening udp port 9000"],
            "a tcpdump and a nc of yours still run on node0",
            "end each with Ctrl-C",
        ),
        (["+ process dockerd", "+ link docker0"], "node0 is not as it was created: ", "lab reset"),
        (["- process cron"], "node0 is not as it was created: ", "lab reset"),
    ],
)
def test_a_program_of_the_readers_own_is_told_from_other_changes(
    differing: list[str],
    message: str,
    fix: str,
    tmp_path: Path,
    local_lab: Lab,
    left: Callable[..., None],
) -> None:
    (tmp_path / "running").touch()
    left("running", *differing)
    page = planned(tmp_path)
    for tried in (following.prepare, following.undo):
        with pytest.raises(GuideError) as caught:
            tried(local_lab, page)
        (error,) = caught.value.all
        assert error.message.startswith(message)
        assert fix in (error.fix or "")
        assert "record" not in (error.fix or "")


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


@pytest.mark.parametrize(
    ("in_use", "said"),
    [("by-hand", "is as it was made; no page is under way"), ("", "nothing to undo: ")],
)
def test_what_undo_did_is_said(
    in_use: str, said: str, local_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if in_use:
        lab_in_use.begin(local_lab, replace(planned(tmp_path), key=in_use))
    monkeypatch.setattr(lab_choice, "find", lambda _name: local_lab)
    monkeypatch.setattr(session, "undo", lambda _lab, _page: [])
    result = CliRunner().invoke(prepare, ["by-hand", "--undo"])
    assert result.exit_code == 0, result.exception
    assert said in result.output
    assert lab_in_use.of_page(local_lab) == ""
