"""What a page declares for settling: choices, and counters that are facts."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Block
from macros.plan.planner import plan_page
from macros.settle import folder as settle_page
from macros.store import form
from tests.unit import settle_support
from tests.unit.settle_support import recording, write

# Three replicas behind a Service, and who answered six requests; flannel, Kubernetes 1.36.
PODS = (
    "NAME      READY   STATUS    RESTARTS   AGE     IP          NODE\n"
    "hello-0   1/1     Running   0          5m20s   10.42.0.5   node0\n"
    "hello-1   1/1     Running   0          4m39s   10.42.1.2   node1\n"
    "hello-2   1/1     Running   0          4m10s   10.42.2.2   node2\n"
)
OLD = "Hello from hello-0, 10.42.0.5\nHello from hello-1, 10.42.1.2\n"
CHOICE = r"Hello from (\S+), (\S+)"
COUNTS = "Chain KUBE-SVC (1 references)\n[3:180] -A KUBE-SVC -j KUBE-SEP\n"


def settled(tmp_path: Path, old: str, new: str, *, choice: str = "", facts: str = "") -> str:
    block = Block(
        "page", "a", 1, "run", "node0", "true", choice=choice, facts=(facts,) if facts else ()
    )
    page = replace(settle_support.page(), blocks=(block,))
    count = len(list(tmp_path.iterdir()))
    sides = [
        write(tmp_path / f"{name}{count}", [recording("a", text), recording("pods", PODS)])
        for name, text in (("old", old), ("new", new))
    ]
    out = tmp_path / f"out{count}"
    out.mkdir()
    settle_page.settle(page, sides[0], sides[1], out, {})
    return form.read(out / "a.txt", "").text


def test_another_of_the_replicas_may_answer(tmp_path: Path) -> None:
    new = "Hello from hello-2, 10.42.2.2\nHello from hello-0, 10.42.0.5\n"
    assert settled(tmp_path, OLD, new) == new, "undeclared, it is a fact"
    assert settled(tmp_path, OLD, new, choice=CHOICE) == OLD


def test_how_often_each_was_chosen_is_part_of_the_choice(tmp_path: Path) -> None:
    old = "     11 hello from hello-0\n      8 hello from hello-1\n"
    new = "      9 hello from hello-0\n     10 hello from hello-1\n"
    assert settled(tmp_path, old, new, choice=r"^ *(\d+) hello from") == old
    assert settled(tmp_path, old, new.replace("-1", "-3"), choice=r"^ *(\d+) hello from") != old


@pytest.mark.parametrize(
    "new",
    [
        "Hello from hello-2, 10.42.1.2\nHello from hello-0, 10.42.0.5\n",  # not its address
        "Hello from hello-3, 10.42.1.3\nHello from hello-0, 10.42.0.5\n",  # no such pod
        "Hello from hello-2, 10.42.2.2\n",
        "Hello you from hello-2, 10.42.2.2\nHello from hello-0, 10.42.0.5\n",
    ],
)
def test_what_is_not_there_to_be_chosen_is_shown(tmp_path: Path, new: str) -> None:
    assert settled(tmp_path, OLD, new, choice=CHOICE) != OLD


def test_counters_are_facts_where_the_page_says_so(tmp_path: Path) -> None:
    new = COUNTS.replace("3:180", "4:240")
    assert settled(tmp_path, COUNTS, new) == COUNTS
    assert settled(tmp_path, COUNTS, new, facts="counter") == new
    assert settled(tmp_path, COUNTS, COUNTS.replace("3:180", "0:0")) != COUNTS


def planned(tmp_path: Path, options: str, front: str = "") -> Block:
    source = tmp_path / "page.md"
    source.write_text(
        f"---\ntitle: T\nlab:\n  nodes: 1\n{front}---\n"
        f'{{{{ run("node0", "true", id="a"{options}) }}}}\n',
        encoding="utf-8",
    )
    return plan_page(tmp_path, source).blocks[0]


def test_declaring_makes_no_recording_stale(tmp_path: Path) -> None:
    plain = planned(tmp_path, "")
    declared = planned(tmp_path, ', choice="re:from (x)", facts="counters"')
    assert declared.choice == "from (x)"
    assert declared.facts == ("counter",)
    assert declared.plan == plain.plan
    whole = planned(tmp_path, "", "facts: counters\n")
    assert whole.facts == ("counter",)
    assert whole.plan == plain.plan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (', choice="from x"', "has no group"),
        (', choice="from (x"', "is not a regular expression"),
        (', facts="times"', "facts: 'times', known: counters"),
    ],
)
def test_a_wrong_declaration_names_page_and_line(
    tmp_path: Path, options: str, message: str
) -> None:
    with pytest.raises(GuideError) as caught:
        planned(tmp_path, options)
    assert message in caught.value.message
    assert caught.value.line == 6
