"""`guide lab build` with its three stages replaced by quick ones: what is kept, what is made."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import build as building
from macros.lab import doctor, inputs, kernel, packages, paths, rootfs
from macros.lab.progress import Progress
from macros.lab.tools import call

QUIET = Progress(Console(quiet=True))


class Stages:
    """Notes which stage ran; a stage can be made to fail half-way."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.failing: dict[str, BaseException] = {}

    def stage(self, name: str, work: Path, out: Path, files: dict[str, str]) -> None:
        self.ran.append(name)
        work.mkdir(parents=True, exist_ok=True)
        (work / "half").write_text("x", encoding="ascii")
        if name in self.failing:
            raise self.failing[name]
        out.mkdir(parents=True)
        for file, text in files.items():
            (out / file).write_text(text, encoding="utf-8")


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stages:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stages = Stages()

    def index(root: Path, _uri: str, _suite: str) -> packages.Apt:
        stages.ran.append("index")
        return packages.Apt(root)

    def base(_apt: object, _locked: object, work: Path, out: Path, _progress: object) -> None:
        stages.stage("base", work, out, {"base.tar": "x"})

    def image(_base: object, work: Path, out: Path, _progress: object) -> None:
        facts = {"packages": {"docker.io": "28.5.2+dfsg4-5"}}
        stages.stage("image", work, out, {"rootfs.ext4": "x", "rootfs.json": json.dumps(facts)})

    def linux(_apt: object, _source: object, work: Path, out: Path, _progress: object) -> None:
        facts = {"release": "7.2.13-guide"}
        stages.stage("kernel", work, out, {"linux": "x", "kernel.json": json.dumps(facts)})

    monkeypatch.setattr(doctor, "require", lambda _purpose: None)
    monkeypatch.setattr(packages, "mirror", lambda: "x:/")
    monkeypatch.setattr(packages, "private_apt", index)
    monkeypatch.setattr(rootfs, "build_base", base)
    monkeypatch.setattr(rootfs, "build_image", image)
    monkeypatch.setattr(kernel, "build", linux)
    return stages


def test_everything_is_made_once_and_then_found(stages: Stages) -> None:
    made = building.build(QUIET)
    assert stages.ran == ["index", "base", "image", "kernel"]
    assert made.versions == {"Debian": "sid", "Linux": "7.2.13", "Docker": "28.5.2"}
    stages.ran.clear()
    assert building.build(QUIET) == made
    assert stages.ran == [], "no stage, and no network"
    assert building.built() == made


def test_another_suite_has_packages_of_its_own_and_the_same_kernel(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = building.build(QUIET)
    stages.ran.clear()
    read: list[Path] = []

    def read_lock(path: Path) -> tuple[()]:
        read.append(path)
        return ()

    monkeypatch.setattr(packages, "read_lock", read_lock)
    other = building.build(QUIET, suite="trixie")
    assert [path.name for path in read] == ["packages-trixie.lock"]
    assert stages.ran == ["index", "base", "image"]
    assert other.kernel == made.kernel
    assert other.rootfs != made.rootfs
    assert (other.versions["Debian"], made.versions["Debian"]) == ("13", "sid")
    assert building.built().rootfs == made.rootfs, "the first one is kept"


def test_a_suite_that_was_not_built_is_named(stages: Stages) -> None:
    building.build(QUIET)
    assert stages.ran
    with pytest.raises(GuideError, match="is not built") as caught:
        building.built("trixie")
    assert caught.value.fix == "guide lab build --suite trixie"


def test_an_interrupted_build_goes_on_where_it_was(stages: Stages) -> None:
    stages.failing["kernel"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        building.build(QUIET)
    with pytest.raises(GuideError, match="kernel is not built"):
        building.built()
    kept = paths.cache() / "work" / f"kernel-{inputs.keys().kernel}" / "half"
    assert kept.exists()
    stages.failing.clear()
    stages.ran.clear()
    building.build(QUIET)
    assert stages.ran == ["index", "kernel"]


def test_a_changed_input_makes_only_what_depends_on_it(
    stages: Stages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    building.build(QUIET)
    other = tmp_path / "assemble.sh"
    other.write_text("echo another\n", encoding="ascii")
    monkeypatch.setattr(inputs, "ASSEMBLE", other)
    with pytest.raises(GuideError, match="root file system is not built, or its inputs"):
        building.built()
    stages.ran.clear()
    building.build(QUIET)
    assert stages.ran == ["image"]


def test_old_products_go_but_not_the_one_that_a_lab_runs_on(
    stages: Stages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = building.build(QUIET).rootfs.parent
    lab = paths.labs() / "busy"
    lab.mkdir(parents=True)
    (lab / "lab.json").write_text(json.dumps({"rootfs": str(first / "rootfs.ext4")}), "utf-8")
    os.utime(first, (0, 0))
    made = []
    for number in range(5):
        other = tmp_path / "assemble.sh"
        other.write_text(f"echo {number}\n", encoding="ascii")
        monkeypatch.setattr(inputs, "ASSEMBLE", other)
        made.append(building.build(QUIET).rootfs.parent)
        os.utime(made[-1], (number + 1, number + 1))
    assert [path.exists() for path in made] == [False, False, True, True, True], (
        "this one and the two before it"
    )
    assert first.exists()
    assert stages.ran.count("kernel") == 1


def test_a_second_build_at_once_is_refused(stages: Stages) -> None:
    with (
        locked(paths.cache() / "build.lock", "busy"),
        pytest.raises(GuideError, match="another `guide lab build` is running"),
    ):
        building.build(QUIET)
    assert stages.ran == []
    building.build(QUIET)


def test_a_full_disk_is_named_with_where_to_make_room(stages: Stages) -> None:
    stages.failing["base"] = OSError(errno.ENOSPC, "No space left on device", "/somewhere/base.tar")
    with pytest.raises(GuideError, match=r"cannot write /somewhere/base\.tar: No space") as caught:
        building.build(QUIET)
    assert str(paths.cache()) in str(caught.value.fix)


@pytest.mark.parametrize(
    "said",
    ["as: x.o: No space left on device", "E: You don't have enough free space in /x/."],
)
def test_a_program_that_met_a_full_disk_is_understood(said: str, tmp_path: Path) -> None:
    for log in (None, tmp_path / "log"):
        with pytest.raises(GuideError, match="trying failed") as caught:
            call("sh", "-c", f'echo "{said}" >&2; exit 1', what="trying", log=log, fix="other")
        assert said in caught.value.message
        assert "free some room" in str(caught.value.fix)


def test_a_program_that_fails_is_quoted_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match="trying failed") as caught:
        call("sh", "-c", "echo first; echo last >&2; exit 3", what="trying", log=tmp_path / "log")
    assert "    last\n" in caught.value.message
    assert f"whole log: {tmp_path / 'log'}" in caught.value.message
    assert (tmp_path / "log").read_text(encoding="utf-8") == "first\nlast\n"


def test_a_full_disk_is_understood_though_much_was_said_after_it(tmp_path: Path) -> None:
    script = "echo dpkg: No space left on device; seq 100 199; printf %9999d 0; exit 1"
    with pytest.raises(GuideError) as caught:
        call("sh", "-c", script, what="trying", log=tmp_path / "log")
    lines = caught.value.message.splitlines()
    assert lines[1] == "    dpkg: No space left on device"
    assert lines[-3].strip() == "199"
    assert max(map(len, lines)) < 250
    assert "free some room" in str(caught.value.fix)


def test_a_program_that_is_missing_leads_to_the_doctor() -> None:
    with pytest.raises(
        GuideError, match="trying: the program no-such-program is missing"
    ) as caught:
        call("no-such-program", what="trying")
    assert caught.value.fix == "guide doctor"


KILLED = """
import sys
from pathlib import Path
from macros.ground.locks import locked
from macros.lab.tools import call
folder = Path(sys.argv[1])
with locked(folder / "lock", "busy", with_children=True):
    call("sh", "-c", sys.argv[2], what="it", log=folder / "log")
"""


@pytest.fixture
def killed(tmp_path: Path) -> Callable[[str], int]:
    """A build that is killed with SIGKILL while it runs a script; returns the script's number."""

    def start(script: str) -> int:
        words = [sys.executable, "-c", KILLED, str(tmp_path), f"echo $$; {script}"]
        child = subprocess.Popen(words)
        log = tmp_path / "log"
        assert _within(20, lambda: log.exists() and log.read_text("ascii").endswith("\n"))
        child.kill()
        child.wait()
        return int(log.read_text("ascii").split()[0])

    return start


def test_what_a_killed_build_ran_ends_with_it(killed: Callable[[str], int], tmp_path: Path) -> None:
    pid = killed("exec sleep 600")
    assert _within(5, lambda: _gone(pid))
    with locked(tmp_path / "lock", "busy"):
        pass


def test_a_program_that_outlives_a_killed_build_keeps_the_next_one_out(
    killed: Callable[[str], int], tmp_path: Path
) -> None:
    pid = killed("trap '' TERM; while :; do sleep 0.1; done")
    try:
        with pytest.raises(GuideError, match="busy"), locked(tmp_path / "lock", "busy"):
            pass
    finally:
        os.kill(pid, signal.SIGKILL)

    def free() -> bool:
        try:
            with locked(tmp_path / "lock", "busy"):
                return True
        except GuideError:
            return False

    assert _within(5, free)


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
