"""What may come one way or another is no change where a page says so, and a fact elsewhere."""

from pathlib import Path

import pytest

from macros.compare import editions
from macros.compare.editions import Purpose
from macros.ground.model import PageRecording
from tests.unit.settle_support import recording

PODS = (
    "NAME      READY   STATUS    RESTARTS   AGE     IP          NODE\n"
    "hello-0   1/1     Running   0          5m20s   10.42.0.5   node0\n"
    "hello-1   1/1     Running   0          4m39s   10.42.1.2   node1\n"
    "hello-2   1/1     Running   0          4m10s   10.42.2.2   node2\n"
)
OLD = "Hello from hello-0, 10.42.0.5\nHello from hello-1, 10.42.1.2\nDone.\n"
CHOICE = r"Hello from (\S+), (\S+)"


def told(old: str, new: str, choice: str = "") -> list[str]:
    """What differs between two answers of a block beside the list of pods."""
    pages = [
        PageRecording(
            "page", Path(), "", "uml", ("node0",),
            {"a": recording("a", text), "pods": recording("pods", PODS)},
        )
        for text in (old, new)
    ]  # fmt: skip
    keeps = {("page", "a"): Purpose(choice=choice)}
    return [change.what for change in editions.pages(pages[0], pages[1], keeps=keeps)]


@pytest.mark.parametrize(
    "new",
    [
        "Hello from hello-1, 10.42.1.2\nHello from hello-0, 10.42.0.5\nDone.\n",  # moved
        "Hello from hello-2, 10.42.2.2\nHello from hello-2, 10.42.2.2\nDone.\n",  # others
    ],
)
def test_another_choice_is_no_change_where_it_is_declared(new: str) -> None:
    assert told(OLD, new, CHOICE) == []
    assert told(new, OLD, CHOICE) == []
    assert told(OLD, new), "undeclared, it is a fact"


@pytest.mark.parametrize(
    ("new", "what"),
    [
        (
            "Hello from hello-1, 10.42.0.5\nHello from hello-1, 10.42.1.2\nDone.\n",  # not its own
            [
                "line changed: Hello from hello-0, 10.42.0.5 -> Hello from hello-1, 10.42.0.5",
            ],
        ),
        (
            "Hello from hello-1, 10.42.1.2\nHello from hello-0, 10.42.0.5\nFailed.\n",
            ["line changed: Done. -> Failed."],
        ),
        (
            "Hello from hello-1, 10.42.1.2\nDone.\n",
            ["line gone: Hello from hello-1, 10.42.1.2"],
        ),
    ],
)
def test_what_is_no_choice_is_told(new: str, what: list[str]) -> None:
    assert told(OLD, new, CHOICE) == what


def test_how_often_each_was_chosen_is_part_of_the_choice() -> None:
    old = "     11 hello from hello-0\n      8 hello from hello-1\n"
    new = "      9 hello from hello-0\n     10 hello from hello-1\n"
    assert told(old, new, r"^ *(\d+) hello from") == []
    assert told(old, new)
