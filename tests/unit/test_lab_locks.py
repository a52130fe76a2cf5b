"""Locks on files: one holder at a time, and none of them left behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from macros.errors import GuideError
from macros.lab.locks import locked

_COUNT = """
import sys, time
from pathlib import Path
from macros.lab.locks import locked
lock, number = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(25):
    with locked(lock, None, passing=True):
        value = int(number.read_text())
        time.sleep(0.001)
        number.write_text(str(value + 1))
"""


def test_a_second_holder_is_told_so(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "one.lock", None),
        pytest.raises(GuideError, match="busy"),
        locked(tmp_path / "one.lock", "busy"),
    ):
        pass


def test_a_released_lock_is_free_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "one.lock", "busy"):
            pass


def test_a_passing_lock_leaves_no_file(tmp_path: Path) -> None:
    with locked(tmp_path / "one.lock", "busy", passing=True):
        assert (tmp_path / "one.lock").exists()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_is_removed_when_released_still_lets_in_one_at_a_time(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", _COUNT, str(tmp_path / "one.lock"), str(number)]
    rivals = [subprocess.Popen(command) for _ in range(3)]
    assert [each.wait() for each in rivals] == [0, 0, 0]
    assert number.read_text() == "75"
