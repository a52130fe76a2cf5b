"""What the cache keeps of clusters' parts, and how their secrets are renewed."""

import os
from pathlib import Path

import pytest

from macros.lab import paths
from macros.lab.kubernetes import parts, pki

DAY = 86_400


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    paths.cache().joinpath("kubernetes").mkdir(parents=True)
    return paths.cache()


def _parts(cache: Path, name: str, age: int) -> Path:
    place = cache / "kubernetes" / name
    place.mkdir()
    os.utime(place, (1e9 - age * DAY, 1e9 - age * DAY))
    return place


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
    assert [each.is_dir() for each in (current, before, old, used, other)] == [
        True, True, False, True, True,
    ]  # fmt: skip


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
