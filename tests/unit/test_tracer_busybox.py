"""The scripts on an image with busybox's programs, as the default one has: Alpine without coreutils.

Here stand-ins refuse what busybox refuses: options that are not in the lists that getopt32() gets in
coreutils/stat.c, editors/sed.c and coreutils/timeout.c of busybox 1.37.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from macros.ground.places import SCRIPTS
from macros.tracer import node_look

_REFUSED = {"stat": "--*", "sed": "-u", "timeout": "--*"}
_ALWAYS = {"timeout": "--foreground "}
"""What they do: busybox's timeout makes no process group of its own."""
_TCPDUMP = "#!/bin/sh\necho packets\necho listening on eth0 >&2\nexec sleep 30\n"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """$PATH with such programs first, and a tcpdump."""
    for tool, refused in _REFUSED.items():
        real = shutil.which(tool)
        words = f'case $1 in {refused}) echo "{tool}: unrecognized option: $1" >&2; exit 1;; esac'
        (tmp_path / tool).write_text(
            f'#!/bin/bash\n{words}\nexec {real} {_ALWAYS.get(tool, "")}"$@"\n'
        )
    (tmp_path / "tcpdump").write_text(_TCPDUMP)
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def test_the_observer_finds_namespaces(path: str) -> None:
    asked = "stat --dereference --format '%i %n' /proc/self/ns/net"
    observe = (SCRIPTS / "node" / "observe.sh").read_text()
    assert "stat --dereference --format '%i %n'" in observe
    for script, good in ((asked, False), (f"{node_look.STAT}\n{asked}", True)):
        done = subprocess.run(
            ["bash", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0, "/proc/self/ns/net" in done.stdout) == (good, good)


def test_captures_are_numbered_and_end(path: str) -> None:
    script = (SCRIPTS / "node" / "listen.sh").read_text()
    asked = {
        "PATH": path, "LONGEST": "60", "WANTED": "1\t-none-\teth0\tarp\n2\t-none-\teth1\tarp",
        "DROPS": "echo listening on drops >&2; exec sleep 30",
    }  # fmt: skip
    with subprocess.Popen(
        ["bash", "-c", script], env=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        said = {running.stderr.readline().strip() for _ in range(3)}
        assert said == {"0 listening on drops", "1 listening on eth0", "2 listening on eth0"}
        running.terminate()
        printed, _ = running.communicate(timeout=10)
    assert sorted(printed.splitlines()) == ["1 cGFja2V0cwo=", "2 cGFja2V0cwo="]
