"""What runs beside the lab: `guide trace`, and nothing else."""

from pathlib import Path

import pytest

from macros.follow.terminals import Terminal
from macros.ground.errors import GuideError
from macros.lab.lab import Lab
from macros.plan import planner
from macros.record import here

LAB = Lab("none-such", "uml", ("node0",), Path(), "i", {})


def _page(tmp_path: Path, command: str, kind: str = "run") -> Path:
    source = tmp_path / "page.md"
    call = f'{{{{ {kind}("here", "{command}", id="a") }}}}'
    source.write_text(f"---\ntitle: T\nlab:\n  nodes: 1\n---\n{call}\n", encoding="utf-8")
    return source


def test_a_trace_is_planned_to_run_here(tmp_path: Path) -> None:
    page = planner.plan_page(tmp_path, _page(tmp_path, "guide trace default/a web"))
    assert [(block.node, block.command) for block in page.blocks] == [
        ("here", "guide trace default/a web")
    ]
    assert page.machines == ("node0",)


@pytest.mark.parametrize("command", ["ip addr", "guide lab down", "guide trace a b | cat", "guide"])
def test_nothing_else_runs_here(tmp_path: Path, command: str) -> None:
    with pytest.raises(GuideError, match="runs `guide trace …` and nothing else") as caught:
        planner.plan_page(tmp_path, _page(tmp_path, command))
    assert caught.value.line == 6


def test_it_asks_the_lab_that_is_recorded_on() -> None:
    answer = here.run(LAB, "guide trace default/a web", timeout=60)
    assert answer.exit == 1
    assert b"none-such" in answer.output


def test_who_follows_a_page_has_a_shell_here_too(tmp_path: Path) -> None:
    terminal = Terminal(here.login(LAB, tmp_path))
    try:
        printed = terminal.run("echo $GUIDE_LAB; pwd -P; guide --version", 60)
    finally:
        terminal.close()
    assert printed.exit == 0
    assert printed.text.startswith(f"none-such\n{tmp_path.resolve()}\n")


def test_one_that_hangs_is_ended() -> None:
    with pytest.raises(GuideError, match=r"it has not ended after 0\.01 s"):
        here.run(LAB, "guide trace default/a web", timeout=0.01)
