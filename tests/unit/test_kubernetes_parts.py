"""What the cache keeps of clusters' parts, and how their secrets are renewed."""

import os
from pathlib import Path

import pytest

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.lab import paths, tools
from macros.lab.kubernetes import compilation, parts, pki

DAY = 86_400


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    paths.cache().joinpath("kubernetes").mkdir(parents=True)
    return paths.cache()


def _parts(cache: Path, name: str, age: int) -> Path:
    folder = cache / "kubernetes" / name
    folder.mkdir()
    os.utime(folder, (1e9 - age * DAY, 1e9 - age * DAY))
    return folder


def test_old_parts_go_but_not_those_that_a_lab_runs_on_or_another_version(cache: Path) -> None:
    current = _parts(cache, "parts-v1.36.3-now", 0)
    before = _parts(cache, "parts-v1.36.3-before", 1)
    old = _parts(cache, "parts-v1.36.3-old", 2)
    used = _parts(cache, "parts-v1.36.3-used", 3)
    other = _parts(cache, "parts-v1.34.4-other", 9)
    lab = paths.labs() / "guide"
    lab.mkdir(parents=True)
    (lab / "lab.json").write_text(f'{{"rootfs": "{used}/disk.ext4"}}', encoding="utf-8")
    parts._prune("v1.36.3", current)
    assert [path.is_dir() for path in (current, before, old, used, other)] == [
        True, True, False, True, True,
    ]  # fmt: skip


def test_parts_are_found_without_a_compiler_and_the_newest_of_two_serve(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a machine that was given the cache: no program at all is in its PATH."""
    monkeypatch.setattr(tools, "search_path", lambda: str(tmp_path / "empty"))
    with pytest.raises(GuideError, match="built with the compiler"):
        compilation.compiler()
    version = suites.KUBERNETES
    with pytest.raises(GuideError, match="not built, or their inputs have changed"):
        parts.found(version)
    old, new = (parts.folder(version, compiler) for compiler in ("go1.26.8", "go1.26.9 X:a"))
    for folder, seconds in ((old, 1), (new, 2), (old.with_name(f"{old.name}.new"), 3)):
        folder.mkdir()
        os.utime(folder, (seconds, seconds))
    assert parts.found(version) == new
    assert new.parent == cache / "kubernetes"
    os.utime(old, (4, 4))
    assert parts.found(version) == old
    with pytest.raises(GuideError, match="are not built"):
        parts.found("v1.34.4")


@pytest.mark.usefixtures("cache")
def test_parts_of_other_inputs_are_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts.folder(suites.KUBERNETES, "go1.26.8").mkdir()
    assert parts.found(suites.KUBERNETES)
    other = tmp_path / "node"
    other.mkdir()
    (other / "kubelet.yaml").write_text("other settings", encoding="utf-8")
    monkeypatch.setattr(parts, "NODE", other)
    with pytest.raises(GuideError, match="their inputs have changed"):
        parts.found(suites.KUBERNETES)


def test_secrets_are_made_once_and_again_when_they_are_old(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def write(_kubeadm: Path, into: Path, _version: str, nodes: int) -> None:
        into.mkdir()
        made.append(nodes)

    monkeypatch.setattr(pki, "write", write)
    first = pki.kept(Path("kubeadm"), "v1.36.3")
    assert pki.kept(Path("kubeadm"), "v1.36.3") == first
    assert made == [pki.MOST_NODES]
    old = first.stat().st_mtime - 91 * DAY
    os.utime(first, (old, old))
    assert pki.kept(Path("kubeadm"), "v1.36.3") == first
    assert len(made) == 2
    assert not list((cache / "kubernetes").glob("*.new"))
