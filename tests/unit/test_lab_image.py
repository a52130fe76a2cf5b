"""The image `hello:1` is what `docker load` reads (docker-archive)."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from macros.lab.image import write_hello

BUSYBOX = b"\x7fELF stands for the program"


@pytest.fixture
def archive(tmp_path: Path) -> tarfile.TarFile:
    write_hello(BUSYBOX, tmp_path / "hello.tar")
    return tarfile.open(tmp_path / "hello.tar")


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(name)
    assert content is not None
    return content.read()


def _json(archive: tarfile.TarFile, name: str) -> Any:
    return json.loads(_read(archive, name))


def test_the_manifest_names_its_configuration_and_its_layer(archive: tarfile.TarFile) -> None:
    (manifest,) = _json(archive, "manifest.json")
    assert manifest["RepoTags"] == ["hello:1"]
    described = _read(archive, manifest["Config"])
    assert manifest["Config"] == f"{hashlib.sha256(described).hexdigest()}.json"
    configuration = json.loads(described)
    layers = [hashlib.sha256(_read(archive, name)).hexdigest() for name in manifest["Layers"]]
    assert configuration["rootfs"] == {
        "type": "layers",
        "diff_ids": [f"sha256:{digest}" for digest in layers],
    }
    assert configuration["os"] == "linux"


def test_the_layer_has_the_program_and_its_names(archive: tarfile.TarFile) -> None:
    (manifest,) = _json(archive, "manifest.json")
    (layer,) = manifest["Layers"]
    with tarfile.open(fileobj=io.BytesIO(_read(archive, layer))) as root:
        assert _read(root, "bin/busybox") == BUSYBOX
        for name in ("bin/busybox", "bin/hello", "www/cgi-bin/index.cgi"):
            assert root.getmember(name).mode == 0o755
        for applet in ("sh", "wget", "httpd", "ip", "ping", "sleep"):
            assert root.getmember(f"bin/{applet}").linkname == "busybox"
        assert {member.uid for member in root} | {member.gid for member in root} == {0}


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_hello(BUSYBOX, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
