"""The scripts on an image with busybox's programs, as the default one has: Alpine without coreutils.

Here stand-ins refuse what busybox refuses: options that are not in the lists that getopt32() gets in
coreutils/stat.c, editors/sed.c and coreutils/timeout.c of busybox 1.37.
"""

import base64
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


@pytest.mark.parametrize("small", [False, True], ids=["GNU", "busybox"])
def test_captures_of_one_node_do_not_cut_each_others_lines(path: str, *, small: bool) -> None:
    """They write into one pipe at the same time."""
    of_eth0, of_eth1 = (f"{letter * 56}\n" * 3000 for letter in "ab")
    folder = Path(path.partition(":")[0])
    # The interface is the word behind -i; a moment passes between blocks, as between packets.
    (folder / "tcpdump").write_text(
        "#!/bin/bash\ncase $* in *eth0*) of=a;; *) of=b;; esac\n"
        'line=$(printf "%056d" 0 | tr 0 $of)\n'
        'for _ in {1..300}; do for _ in {1..10}; do echo "$line"; done; done\n'
    )
    asked = {
        "PATH": path if small else f"{folder / 'own'}:{os.environ['PATH']}", "LONGEST": "60",
        "WANTED": "1\t-none-\teth0\tarp\n2\t-none-\teth1\tarp", "DROPS": "true",
    }  # fmt: skip
    (folder / "own").mkdir()
    shutil.copy(folder / "tcpdump", folder / "own")
    script = (SCRIPTS / "node" / "listen.sh").read_text()
    done = subprocess.run(
        ["bash", "-c", script], env=asked, capture_output=True, check=True, timeout=50
    )
    lines = [line.split(b" ") for line in done.stdout.splitlines()]
    assert {len(line) for line in lines} == {2}
    for number, whole in ((b"1", of_eth0), (b"2", of_eth1)):
        text = b"\n".join(line[1] for line in lines if line[0] == number)
        assert base64.b64decode(text) == whole.encode()
