"""What an author meets besides pages: names of pages, labs that do not answer, closed terminals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import lab_commands, option_list
from macros.ground.errors import GuideError
from macros.ground.model import Answer
from macros.ground.places import CHECKOUT
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.plan import option_schema, planner
from macros.plan.signatures import MACROS
from macros.record import known_state
from macros.review import causes
from tests.unit.test_record_page import Checkout


def guide(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from macros.cli import main; main()", *words],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip


def test_a_page_has_a_name_that_is_an_address(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: T\nextra: {edition: now}\n", encoding="utf-8")
    done = guide(tmp_path, "new", "Bad Name/x")
    assert done.returncode == 1
    assert "fix:     guide new bad-name/x" in done.stderr
    assert not (tmp_path / "docs").exists()
    done = guide(tmp_path, "new", "deep/good-name")
    assert done.returncode == 0
    assert "add `- Good name: deep/good-name.md` to nav: in mkdocs.yml" in done.stdout


def test_a_node_that_runs_and_does_not_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_lab: Lab, node: str, _command: str, **_: object) -> Answer:
        if node == "node1":
            raise GuideError("lost")
        return Answer(b"", 255 if node == "node2" else 0)

    monkeypatch.setattr(ssh, "run", run)
    lab = Lab("a", "uml", ("node0", "node1", "node2"), Path(), "1", {})
    assert lab_commands._silent(lab) == ["node1", "node2"]


def test_a_missing_list_of_causes_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match="says why each change is there") as caught:
        causes.read(tmp_path / "2027.yml")
    assert "old: and new:" in str(caught.value.fix)


def test_a_terminal_that_is_closed_ends_a_command_as_ctrl_c_does(tmp_path: Path) -> None:
    script = (
        "import click, time, macros.cli as c\n"
        "@c.cli.command()\n"
        "def wait():\n"
        f"  import pathlib, tempfile\n"
        f"  with tempfile.TemporaryDirectory(dir={str(tmp_path)!r}):\n"
        "    print('ready', flush=True); time.sleep(30)\n"
        "c._Lazy.get_command = lambda self, ctx, name: wait\n"
        "import sys; sys.argv = ['guide', 'wait']; c.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert list(tmp_path.iterdir())
        child.send_signal(signal.SIGHUP)
        assert child.wait(20) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Checkout(tmp_path, local_lab)


HEAD = "---\ntitle: T\nlab:\n  nodes: 1\n{}---\n"


def test_a_command_that_there_is_not_is_not_waited_for(checkout: Checkout) -> None:
    checkout.write('{{ run("node0", "no-such-program", id="a", until="x") }}\n', HEAD.format(""))
    began = time.monotonic()
    with pytest.raises(GuideError, match="runs a command that does not exist") as caught:
        checkout.record()
    assert time.monotonic() - began < 10
    assert caught.value.line == 6


def test_a_failing_cleanup_is_named_with_its_line_after_a_failure_too(checkout: Checkout) -> None:
    head = HEAD.format("cleanup:\n  - {node: node0, run: 'true'}\n  - {node: node0, run: exit 4}\n")
    checkout.write('{{ run("node0", "true", id="a") }}\n', head)
    with pytest.raises(GuideError, match="cleanup failed with exit code 4") as caught:
        checkout.record()
    assert (caught.value.line, caught.value.command) == (7, "exit 4")
    assert "guide lab reset" in str(caught.value.fix)
    checkout.write('{{ run("node0", "exit 3", id="a") }}\n', head)
    with pytest.raises(GuideError) as caught:
        checkout.record()
    first, second = caught.value.all
    assert "ended with exit code 3" in first.message
    assert second.message.startswith("after this the cleanup failed too, with exit code 4")
    assert second.line == 7


def test_a_new_page_is_planned_as_it_is_for_the_lab_that_the_manual_starts(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: T\nextra: {edition: now}\n", encoding="utf-8")
    assert guide(tmp_path, "new", "mine").returncode == 0
    page = planner.plan_page(tmp_path / "docs", tmp_path / "docs" / "mine.md")
    assert (
        f"guide lab up{page.lab_options} " in (CHECKOUT / "docs/reference/writing.md").read_text()
    )
    text = page.source.read_text(encoding="utf-8")
    assert text.index("{{ prepared() }}") < text.index("{{ run(") < text.index("{{ undo() }}")


@pytest.mark.parametrize("name", [*MACROS, *option_schema.KEYS])
def test_the_options_of_everything_can_be_read_in_a_terminal(name: str) -> None:
    done = CliRunner().invoke(option_list.options, name.split())
    assert done.exit_code == 0
    for row in option_schema.rows(name):
        assert f"\n{row.name:<14}  {row.kind}" in done.output
        assert " ".join(row.words.split()) in " ".join(done.output.split())
    assert max(map(len, done.output.splitlines())) <= 100
    assert f"  {name} " in CliRunner().invoke(option_list.options).output


def test_a_macro_that_there_is_not_is_said_with_the_nearest() -> None:
    done = CliRunner().invoke(option_list.options, ["rnu"])
    assert "did you mean run?" in str(done.exception)
