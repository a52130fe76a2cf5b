"""`guide doctor`: what is missing, what it is needed for, and how to get it."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli.diagnosis import doctor as command
from macros.ground.errors import GuideError
from macros.lab import doctor
from macros.lab.doctor import Check


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no program that a lab needs."""
    monkeypatch.setattr(doctor, "search_path", lambda: str(tmp_path))


def _set(monkeypatch: pytest.MonkeyPatch, *found: Check) -> None:
    monkeypatch.setattr(doctor, "checks", lambda: list(found))


GOOD = Check("site", "dot", good=True, state="/usr/bin/dot", package="graphviz")
BAD = Check("run", "vde_switch", good=False, state="missing", package="vde-switch")
LOW = Check("run", "memory", good=False, state="1 GiB", fix="end something", needed=False)
IDS = Check("build", "subordinate ids", good=False, state="none", fix="sudo usermod X")


@pytest.mark.usefixtures("bare")
def test_missing_programs_are_named_with_their_packages() -> None:
    failed = {check.what: check for check in doctor.checks() if not check.good}
    for program, package, purpose in (
        ("dot", "graphviz", "site"),
        ("flex", "flex", "build"),
        ("mmdebstrap", "mmdebstrap", "build"),
        ("vde_switch", "vde-switch", "run"),
        ("ssh", "openssh-client", "run"),
    ):
        assert (failed[program].package, failed[program].purpose) == (package, purpose)
    names = doctor.packages(list(failed.values()))
    assert names == sorted(set(names))
    assert {"bison", "uidmap", "vdeplug"} <= set(names)


@pytest.mark.usefixtures("bare")
def test_a_lab_is_not_begun_without_what_it_needs() -> None:
    with pytest.raises(GuideError, match=r"to run a lab .* this machine lacks: ") as caught:
        doctor.require("run")
    assert "vde_switch" in caught.value.message
    assert "flex" not in caught.value.message, "that is needed to build one"
    assert "apt-get install --no-install-recommends" in str(caught.value.fix)


def test_the_command_line_says_all_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GOOD, IDS, BAD)
    done = CliRunner().invoke(command)
    assert done.exit_code == 1
    assert "ok      dot" in done.output
    assert "missing vde_switch" in done.output
    assert "sudo usermod X" in done.output
    assert "apt-get install --no-install-recommends vde-switch\n" in done.output
    assert "graphviz" not in done.output


def test_nothing_missing_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GOOD)
    done = CliRunner().invoke(command)
    assert done.exit_code == 0
    assert "apt-get" not in done.output


def test_what_a_lab_can_do_without_is_said_but_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GOOD, LOW)
    done = CliRunner().invoke(command)
    assert done.exit_code == 0
    assert "low     memory" in done.output
    assert "end something" in done.output
    doctor.require("run")


def test_the_install_command_is_for_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert doctor.install_command(["a", "b"]).startswith("sudo apt-get install")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert doctor.install_command(["a", "b"]).startswith("apt-get install")


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("tester:100000:65536", 65536),
        ("other:100000:65536", 0),
        ("tester:100000:1000\ntester:200000:65536", 65536),
        ("", 0),
    ],
)
def test_subordinate_ids_are_read_for_the_user(tmp_path: Path, line: str, size: int) -> None:
    file = tmp_path / "subuid"
    file.write_text(f"# ranges\n{line}\n" if line else "", encoding="ascii")
    assert doctor._range(file, "tester") == size
    assert doctor._range(tmp_path / "none", "tester") == 0


def test_a_shared_memory_that_cannot_hold_a_node_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "SHARED_MEMORY", tmp_path / "none")
    assert doctor.shared_memory() == 0
    monkeypatch.setattr(doctor, "SHARED_MEMORY", Path("/proc"))  # not writable, noexec
    assert doctor.shared_memory() == 0
    monkeypatch.setattr(doctor, "SHARED_MEMORY", tmp_path)
    assert doctor.shared_memory() > 0
