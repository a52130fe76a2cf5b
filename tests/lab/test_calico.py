"""A lab with --cni calico whose images are not Calico's: it says so, and leaves nothing behind."""

import io
import tarfile
import time
from pathlib import Path

import pytest
import yaml

from macros.lab import inputs
from macros.lab.kubernetes import images
from tests.lab.conftest import PREFIX, guide, nothing_left
from tests.unit.test_kubernetes_calico import NODE, PROGRAMS, archive, manifest


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like artifacts/calico; its images say of themselves that they are Calico's."""
    (tmp_path / "calico.yaml").write_text(yaml.safe_dump_all(manifest()), encoding="utf-8")
    for name, programs in PROGRAMS.items():
        archive(tmp_path / f"{name.split('/')[2].partition(':')[0]}.tar", name, programs)
    (tmp_path / "calicoctl-linux-amd64").write_bytes(b"\x7fELF")
    monkeypatch.setenv("CALICO_ARTIFACTS", str(tmp_path))
    return tmp_path


def test_an_image_that_is_another_s_is_named_within_a_minute(artifacts: Path) -> None:
    archive(artifacts / "node.tar", NODE, ["bin/busybox"])
    name = f"{PREFIX}c"
    begun = time.monotonic()
    done = guide("lab", "up", "--name", name, "--nodes", "3", "--cni", "calico")
    assert time.monotonic() - begun < 60
    assert done.returncode == 1
    assert "it is not Calico's: it has no calico-node" in done.stdout
    assert nothing_left(name) == []


def test_programs_that_are_not_calico_s_end_the_lab_with_what_the_cluster_says_of_them(
    artifacts: Path,
) -> None:
    """The right names, and in each of them busybox, which knows no such program."""
    with tarfile.open(inputs.keys().base_folder / "base.tar") as base:
        found = base.extractfile("./usr/bin/busybox")
        assert found is not None
        busybox = found.read()
    for image, programs in PROGRAMS.items():
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as files:
            for program in [*programs, "usr/bin/calico-node"]:
                entry = tarfile.TarInfo(program)
                entry.size, entry.mode = len(busybox), 0o755
                files.addfile(entry, io.BytesIO(busybox))
        out = artifacts / f"{image.split('/')[2].partition(':')[0]}.tar"
        images.write_archive(image, layer.getvalue(), {}, out)
    name = f"{PREFIX}d"
    done = guide("lab", "up", "--name", name, "--nodes", "1", "--cni", "calico", timeout=400)
    assert done.returncode == 1
    assert "Calico does not run: container" in done.stdout
    assert "calico-files.md" in done.stdout
    assert nothing_left(name) == []
