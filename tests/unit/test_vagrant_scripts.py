"""The Vagrantfile and its scripts, as far as they can be tried without machines."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from macros.store import reader

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
LOCK = SCRIPTS / "vagrant" / "k3s.lock"


def _run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)), cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
    )  # fmt: skip


def _shell_scripts() -> list[Path]:
    """Everything below scripts/ that a shell runs, whatever its name."""
    return [
        path
        for path in sorted(SCRIPTS.rglob("*"))
        if path.is_file() and re.match(rb"#!.*\b(ba)?sh\b", path.read_bytes()[:40])
    ]


@pytest.mark.parametrize("script", _shell_scripts(), ids=lambda each: str(each.relative_to(ROOT)))
def test_shellcheck_finds_nothing(script: Path) -> None:
    checked = _run(Path(sys.executable).parent / "shellcheck", script)
    assert checked.returncode == 0, checked.stdout


def test_the_scripts_of_vagrant_are_among_those() -> None:
    names = {script.name for script in _shell_scripts()}
    assert {"guide-node", "container-init", "container-sysctl", "k3s-node.sh"} <= names


@pytest.mark.skipif(shutil.which("vagrant") is None, reason="no vagrant on this machine")
def test_vagrant_finds_the_vagrantfile_valid() -> None:
    words = {"VAGRANT_CHECKPOINT_DISABLE": "1", "NODES": "4", "CNI": "calico", "K3S_EXTRAS": "1"}
    checked = _run("vagrant", "validate", "--ignore-provider", **words)
    assert checked.returncode == 0, checked.stdout
    assert "validated successfully" in checked.stdout


@pytest.mark.skipif(shutil.which("vagrant") is None, reason="no vagrant on this machine")
def test_a_word_that_the_vagrantfile_does_not_know_is_named() -> None:
    checked = _run("vagrant", "validate", VAGRANT_CHECKPOINT_DISABLE="1", CNI="cilium")
    assert checked.returncode != 0
    assert "CNI=cilium: one of flannel, flannel-host-gw, calico, none" in checked.stdout


class Release:
    """A release of k3s that is two small files, in a folder that curl reads as file://."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "release"
        self.folder.mkdir()
        self.artifacts = folder / "artifacts" / "k3s"
        self.lock = folder / "k3s.lock"
        self.files = {"k3s": b"the program", "k3s-airgap-images-amd64.tar.zst": b"the images"}
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)
        self.sums = {n: hashlib.sha256(c).hexdigest() for n, c in self.files.items()}
        listed = "".join(f"{value}  {name}\n" for name, value in self.sums.items())
        (self.folder / "sha256sum-amd64.txt").write_text(listed, encoding="ascii")
        self.pin("k3s")

    def pin(self, *names: str, **wrong: str) -> None:
        sums = {**{name: self.sums[name] for name in names}, **wrong}
        text = "version v1.36.3+k3s1\n" + "".join(f"{v}  {n}\n" for n, v in sums.items())
        self.lock.write_text(text, encoding="ascii")

    def do(self, verb: str, release: str | None = None) -> subprocess.CompletedProcess[str]:
        return _run(
            SCRIPTS / "vagrant" / "k3s.sh", verb, K3S_ARCH="amd64", K3S_LOCK=str(self.lock),
            GUIDE_ARTIFACTS=str(self.artifacts.parent), K3S_RELEASE=release or f"file://{self.folder}",
        )  # fmt: skip


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release(tmp_path)


def test_k3s_is_downloaded_and_checked(release: Release) -> None:
    done = release.do("fetch")
    assert done.returncode == 0, done.stdout
    program = release.artifacts / "k3s"
    assert program.read_bytes() == b"the program"
    assert os.access(program, os.X_OK)


def test_k3s_that_is_there_is_used_without_a_network(release: Release) -> None:
    release.artifacts.mkdir(parents=True)
    (release.artifacts / "k3s").write_bytes(b"the program")
    done = release.do("fetch", release="file:///nowhere")
    assert done.returncode == 0, done.stdout


def test_a_file_that_is_not_the_pinned_one_is_refused(release: Release) -> None:
    release.artifacts.mkdir(parents=True)
    (release.artifacts / "k3s").write_bytes(b"another program")
    done = release.do("fetch")
    assert done.returncode == 1
    assert "is not that of v1.36.3+k3s1" in done.stdout
    assert release.sums["k3s"] in done.stdout


def test_a_download_that_is_not_the_pinned_one_is_refused(release: Release) -> None:
    (release.folder / "k3s").write_bytes(b"another program")
    done = release.do("fetch")
    assert done.returncode == 1
    assert "is not that of v1.36.3+k3s1" in done.stdout
    assert not (release.artifacts / "k3s").exists()


def test_k3s_that_cannot_be_had_is_named_with_version_and_sum(release: Release) -> None:
    done = release.do("fetch", release="file:///nowhere")
    assert done.returncode == 1
    assert "there is no artifacts/k3s/k3s" in done.stdout
    assert f"k3s of k3s v1.36.3+k3s1, sha256 {release.sums['k3s']}" in done.stdout
    assert "KUBERNETES=0" in done.stdout
    assert list(release.artifacts.iterdir()) == []


def test_images_without_a_sum_are_not_trusted(release: Release) -> None:
    release.artifacts.mkdir(parents=True)
    images = release.artifacts / "k3s-airgap-images-amd64.tar.zst"
    images.write_bytes(b"the images")
    done = release.do("fetch")
    assert done.returncode == 1
    assert "k3s.sh lock" in done.stdout
    assert release.do("lock").returncode == 0
    assert release.do("fetch").returncode == 0
    images.write_bytes(b"other images")
    assert release.do("fetch").returncode == 1


def test_a_lock_that_contradicts_the_release_is_said(release: Release) -> None:
    release.pin(k3s="0" * 64)
    done = release.do("lock")
    assert done.returncode == 1
    assert f"the release says {release.sums['k3s']}, the lock {'0' * 64}" in done.stdout


def test_the_page_and_an_edition_have_the_version_of_the_lock() -> None:
    version = LOCK.read_text(encoding="utf-8").partition("\nversion ")[2].split()[0]
    recorded = {
        f"v{reader.edition(path.parent, path.name).versions.get('Kubernetes')}": path.name
        for path in (ROOT / "recordings").iterdir()
    }
    edition = recorded[version.partition("+")[0]]
    assert f"`--edition {edition}`" in (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    assert f"is {version}, pinned" in (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
