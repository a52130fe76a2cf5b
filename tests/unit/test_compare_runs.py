"""Two real runs: settled, not one change is left between them; then one thing is changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Recording
from tests.unit.compare_support import between
from tests.unit.settle_support import settle
from tests.unit.test_settle_runs import run


def settled(tmp_path: Path, new: list[Recording]) -> list[tuple[Recording, Recording]]:
    settled = settle(tmp_path, run("a"), new)
    return [(recording, settled[recording.id]) for recording in run("a")]


def test_two_machines_made_from_nothing_show_no_change(tmp_path: Path) -> None:
    for was, now in settled(tmp_path, run("b")):
        assert between(was, now) == [], was.command


@pytest.mark.parametrize(
    ("command", "old", "new", "said"),
    [
        ("ip addr", "docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500",
         "docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400", "mtu of docker0 1500 -> 1400"),
        ("iptables-save", "-A DOCKER-FORWARD -j DOCKER-CT\n", "",
         "rule removed from DOCKER-FORWARD: -j DOCKER-CT"),
        ("docker exec client ping -c2 172.17.0.2", "ttl=64", "ttl=63",
         "ttl of answer 0 of ping of 172.17.0.2 64 -> 63"),
        ("docker network inspect bridge", '"EnableIPv6": false', '"EnableIPv6": true',
         "EnableIPv6 of network bridge off -> on"),
    ],
)  # fmt: skip
def test_one_change_among_94_lines_of_noise_is_the_only_one(
    tmp_path: Path, command: str, old: str, new: str, said: str
) -> None:
    last = max(index for index, answer in enumerate(run("b")) if answer.command == command)
    runs = run("b")
    assert old in runs[last].text
    runs[last] = replace(runs[last], text=runs[last].text.replace(old, new, 1))
    answers = [what for was, now in settled(tmp_path, runs) for what in between(was, now)]
    assert answers == [said]
