"""Two real runs of 632 lines, 94 of which differ, and not one of them is a fact."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from macros.ground.model import Recording
from tests.unit.settle_support import DATA, recording, settle

_COMMAND = re.compile(r"(?m)^\$ (.*)\n")


def run(name: str) -> list[Recording]:
    text = (DATA / "two-runs" / f"{name}.txt").read_text(encoding="utf-8")
    pieces = _COMMAND.split(text)[1:]
    return [
        recording(f"b{index:02}", output, command)
        for index, (command, output) in enumerate(zip(pieces[::2], pieces[1::2], strict=True))
    ]


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_nothing_differs_between_two_machines(tmp_path: Path, old: str, new: str) -> None:
    before, after = run(old), run(new)
    assert sum(was.text != now.text for was, now in zip(before, after, strict=True)) > 10
    settled = settle(tmp_path, before, after)
    for answer in before:
        assert settled[answer.id].text == answer.text, answer.command


def _replace(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return change


CHANGES = {
    "an MTU": _replace("mtu 1500", "mtu 1400"),
    "a flag": _replace("<BROADCAST,MULTICAST,UP,LOWER_UP>", "<BROADCAST,MULTICAST,UP>"),
    "an address": _replace("172.17.0.2/16", "172.17.0.4/16"),
    "a MAC in one place": _replace("16:fd:11:2c:d0:2c", "1a:fd:11:2c:d0:2c"),
    "a MAC of another form": _replace(
        'MacAddress": "c6:87:6c:10:ca:bf', 'MacAddress": "02:42:ac:11:00:02'
    ),
    "a state": _replace("REACHABLE", "FAILED"),
    "a TTL": _replace("ttl=64", "ttl=63"),
    "a port": _replace("0.0.0.0:8080", "0.0.0.0:8081"),
    "a policy": _replace(":FORWARD ACCEPT", ":FORWARD DROP"),
    "a counter from zero": _replace("[0:0]", "[1:60]"),
    "a rule removed": lambda text: re.sub(r"(?m)^-A DOCKER .*\n", "", text, count=1),
    "a rule twice": lambda text: re.sub(r"(?m)^(-A DOCKER .*\n)", r"\1\1", text, count=1),
    "rules moved": lambda text: re.sub(
        r"(?m)^(-A DOCKER-FORWARD .*\n)(-A DOCKER-FORWARD .*\n)", r"\2\1", text, count=1
    ),
    "an exit": _replace('"Running": true', '"Running": false'),
    "an entry dropped": lambda text: re.sub(r"(?m)^33:33.* self permanent\n", "", text, count=1),
    "a restart": _replace('"RestartCount": 0', '"RestartCount": 1'),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_among_the_noise_is_shown(tmp_path: Path, what: str) -> None:
    before, after = run("a"), run("b")
    for index, new_answer in enumerate(after):
        try:
            text = CHANGES[what](new_answer.text)
        except AssertionError:
            continue
        if text != new_answer.text:
            after[index] = recording(new_answer.id, text, new_answer.command)
            break
    else:
        pytest.fail("nothing was changed")
    settled = settle(tmp_path, before, after)
    differing = [answer.id for answer in before if settled[answer.id].text != answer.text]
    assert differing
    assert len(differing) <= 2, "all else is as it was"
