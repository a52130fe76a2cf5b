"""The images of a cluster: docker-archives of the same bytes each time, with what they need."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab.kubernetes import images

STATUS = """\
Package: curl
Depends: libc6 (>= 2.34), libcurl4t64 (= 8.23.0-1) | other

Package: libc6
Depends: libgcc-s1

Package: libcurl4t64
Pre-Depends: libc6

Package: libgcc-s1
Depends: systemd

Package: systemd
"""


def _layer(archive: Path) -> tarfile.TarFile:
    with tarfile.open(archive) as outer:
        manifest = json.loads(outer.extractfile("manifest.json").read())  # type: ignore[union-attr]
        config = outer.extractfile(manifest[0]["Config"]).read()  # type: ignore[union-attr]
        layer = outer.extractfile(manifest[0]["Layers"][0]).read()  # type: ignore[union-attr]
    assert hashlib.sha256(config).hexdigest() + ".json" == manifest[0]["Config"]
    (diff,) = json.loads(config)["rootfs"]["diff_ids"]
    assert diff == f"sha256:{hashlib.sha256(layer).hexdigest()}"
    return tarfile.open(fileobj=io.BytesIO(layer))


def test_pause_is_one_program_and_always_the_same_bytes(tmp_path: Path) -> None:
    images.write_pause(b"program", tmp_path / "a.tar")
    images.write_pause(b"program", tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    layer = _layer(tmp_path / "a.tar")
    assert layer.getmember("bin/sleep").mode == 0o755
    assert layer.getnames() == ["bin", "bin/sleep", "etc", "etc/passwd"]


def test_coredns_carries_its_version(tmp_path: Path) -> None:
    images.write_coredns(b"program", "v1.14.7", tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as outer:
        manifest = json.loads(outer.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert manifest[0]["RepoTags"] == ["coredns:v1.14.7"]
    assert _layer(tmp_path / "a.tar").getmember("coredns").mode == 0o755


def test_a_package_brings_what_it_depends_on_and_no_init() -> None:
    assert images.closure(STATUS, ["curl"]) == ["curl", "libc6", "libcurl4t64", "libgcc-s1"]


def test_a_package_that_the_root_file_system_lacks_is_named() -> None:
    with pytest.raises(GuideError, match="lacks tcpdump"):
        images.closure(STATUS, ["curl", "tcpdump"])


def test_programs_and_libraries_are_kept_and_papers_are_not() -> None:
    assert images.kept("/usr/bin/curl")
    assert images.kept("/usr/lib/x86_64-linux-gnu/libc.so.6")
    assert not images.kept("/usr/share/doc/curl/copyright")
    assert not images.kept("/usr/lib/systemd/system/x.service")
