"""How far an upgrade is: plain lines where there is no terminal, a bar for each lab where there is."""

import io

import pytest
from rich.console import Console

from macros.cli.settings import guide_of_checkout
from macros.upgrade import display, lab_tasks
from macros.upgrade.display import Display
from macros.upgrade.events import Event, Failure


def shown(events: list[Event], *, terminal: bool = False) -> str:
    page = guide_of_checkout().planned["lab"]
    (task,) = lab_tasks.tasks(
        [page], kubernetes="v1.36.3", suite="sid", at_once=1, names=["up-1"], seconds={}
    )
    out = io.StringIO()
    told = Display(Console(file=out, force_terminal=terminal, width=100))
    with told.shown():
        for event in events:
            told.on(task, Event.read(event.line()))
    return out.getvalue()


EVENTS = [
    Event("step", what="lab up-1: waiting for SSH"),
    Event("lab", seconds=6.7),
    Event("block", "lab", what="node0 addresses"),
    Event("block", "lab", what="node1 addresses"),
    Event("page", "lab", seconds=3.5, changed=True),
    Event("page", "index", seconds=1.5),
]


def test_lines_say_each_step_lab_and_page() -> None:
    assert shown(EVENTS).splitlines() == [
        "lab up-1: waiting for SSH",
        "lab up-1 is up in 6.7 s",
        "lab: recorded in 3.5 s",
        "index: recorded, unchanged in 1.5 s",
    ]


def test_a_long_page_says_now_and_then_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_OFTEN", -1.0)
    blocks = len(guide_of_checkout().planned["lab"].blocks)
    assert f"lab: 2 of {blocks} blocks, now node1 addresses" in shown(EVENTS)


def test_a_terminal_has_a_bar_and_the_lines_that_stay() -> None:
    text = shown(EVENTS, terminal=True)
    assert "up-1: lab node1 addresses" in text
    assert "lab: recorded in 3.5 s" in text


def test_what_is_not_recorded_is_said_at_once_in_a_line() -> None:
    failure = Failure("block hello ended with exit code 1, expected 0: no\nmore of it")
    text = shown([Event("failed", "lab", failure=failure), Event("no lab", failure=failure)])
    assert text.splitlines() == [
        "lab: not recorded: block hello ended with exit code 1, expected 0: no",
        "lab up-1 (lab): not recorded: block hello ended with exit code 1, expected 0: no",
    ]
