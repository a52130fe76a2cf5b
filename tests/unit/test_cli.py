"""The command line as a person meets it, run as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from macros.ground.places import CHECKOUT as ROOT


def guide(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from macros.cli import main; main()", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("command", ["lab", "record", "check", "doctor", "new"])
def test_every_command_explains_itself(command: str) -> None:
    overview = guide("--help")
    assert overview.returncode == 0
    assert f"  {command} " in overview.stdout
    done = guide(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_without_a_lab_recording_says_how_to_get_one(tmp_path: Path) -> None:
    done = guide("record", XDG_CACHE_HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "guide lab up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_that_does_not_exist_is_answered_with_those_that_do() -> None:
    done = guide("record", "dokcer")
    assert done.returncode == 1
    assert "no page 'dokcer'" in done.stderr
    assert "lab" in done.stderr.partition("one of:")[2]


def test_wrong_usage_has_an_exit_code_of_its_own() -> None:
    done = guide("record", "--no-such-option")
    assert done.returncode == 2
    assert "no-such-option" in done.stderr


def test_check_finds_nothing_amiss_in_this_checkout() -> None:
    done = guide("check")
    assert done.returncode == 0, done.stderr
    assert "all recorded, fresh, untouched" in done.stdout


def test_check_of_a_missing_edition_fails_in_words_and_in_json() -> None:
    words = guide("check", "--edition", "1999-01")
    assert words.returncode == 1
    assert "there is no edition '1999-01'" in words.stderr
    data = guide("check", "--edition", "1999-01", "--json")
    assert data.returncode == 1
    problems = json.loads(data.stdout)["problems"]
    assert problems[0]["message"].startswith("there is no edition")
    assert problems[0]["fix"].startswith("guide record")


def test_no_colour_where_there_is_no_terminal() -> None:
    done = guide("check", "--edition", "1999-01")
    assert "\x1b" not in done.stderr + done.stdout


def test_checking_needs_nothing_that_only_linux_has() -> None:
    script = (
        "import sys\n"
        "for name in ('sh', 'fcntl', 'pty', 'termios'): sys.modules[name] = None\n"
        "from macros.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
