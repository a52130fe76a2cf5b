"""`guide upgrade` on real labs: to the versions that the guide has, and interrupted."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground.places import CHECKOUT
from macros.lab import state
from macros.upgrade import journal
from tests.lab.conftest import GUIDE, PREFIX

NAME = f"{PREFIX}u"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the guide, in which an edition may come to be."""
    for name in ("docs", "recordings"):
        shutil.copytree(CHECKOUT / name, tmp_path / name)
    shutil.copy(CHECKOUT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return tmp_path


def _words() -> list[str]:
    kubernetes = guide_of_checkout().edition.versions["Kubernetes"]
    pages = ["--page", "index", "--page", "lab"]
    return [
        *GUIDE,
        "upgrade",
        f"kubernetes=v{kubernetes}",
        *pages,
        "--name",
        NAME,
        "--edition",
        "new",
    ]


def _upgrade() -> subprocess.CompletedProcess[str]:
    return subprocess.run(_words(), capture_output=True, text=True, check=False, timeout=500)


def test_to_the_same_versions_nothing_changes(checkout: Path) -> None:
    done = _upgrade()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing changed on 2 pages" in done.stdout
    base = checkout / "recordings" / guide_of_checkout().edition_name
    for page in ("index", "lab"):
        files = {path.name for path in (base / page).iterdir()} - {"page.yml", "SHA256SUMS"}
        new = checkout / "recordings/new" / page
        assert all((new / name).read_bytes() == (base / page / name).read_bytes() for name in files)
    assert not [name for name in state.names() if name.startswith(NAME)]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_it_leaves_no_lab_for_long_and_goes_on(
    checkout: Path, ending: signal.Signals
) -> None:
    running = subprocess.Popen(_words(), stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    while "is up" not in (line := running.stderr.readline()):
        assert line, "it ended before its lab was up"
    time.sleep(1)
    os.kill(running.pid, ending)
    running.wait(60)
    left = [name for name in state.names() if name.startswith(NAME)]
    assert bool(left) == (ending == signal.SIGKILL)
    assert journal.labs() == left
    done = _upgrade()
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [name for name in state.names() if name.startswith(NAME)]
    assert (checkout / "recordings/new/index").is_dir()
