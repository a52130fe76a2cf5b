"""Locks on files: one holder at a time, and none of them left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.locks import locked

_COUNT = """
import sys, time
from pathlib import Path
from macros.ground.locks import locked
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
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    assert number.read_text() == "75"


_HOLD = """
import sys, time
from macros.lab.turns import alone
with alone("one"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_ended_takes_its_lock_with_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, env=environment,
        stderr=subprocess.DEVNULL,
        # A shell that starts the tests in the background has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        holder.stdout.readline()
        locks = tmp_path / "packet-by-packet" / "labs"
        assert [lock.name for lock in locks.iterdir()] == ["one.lock"]
        holder.send_signal(number)
        assert holder.wait(20) != 0
    assert not list(locks.iterdir())
