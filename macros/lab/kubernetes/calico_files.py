"""Calico's official files, in artifacts/calico/: found, unpacked, and looked at before use.

Either the project's release archive as it is, or, taken out of it, `calico.yaml`, a docker-archive
for each image, and `calicoctl-linux-amd64`. docs/reference/calico-files.md says where they are had.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tarfile
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.ground.files import new_folder
from macros.lab import paths
from macros.lab.progress import Progress

LOCK = paths.SCRIPTS / "calico" / "calico.lock"
_LINES = [line.split() for line in LOCK.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
VERSION = next(words[1] for words in _LINES if words[:1] == ["version"])
ARCHIVE = f"release-v{VERSION}.tgz"
URL = f"https://github.com/projectcalico/calico/releases/download/v{VERSION}/{ARCHIVE}"
CLIENT = "calicoctl-linux-amd64"
_WANTED = ("calico-node.tar", "calico-cni.tar", "calico-kube-controllers.tar", "calico-ctl.tar")
_HELP = "put the files that docs/reference/calico-files.md names into artifacts/calico"
_PATIENCE = 20.0  # seconds of silence after which a download has failed


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the manifest runs: its archive, and what the archive calls it."""

    file: Path
    tag: str


@dataclass(frozen=True, slots=True)
class Files:
    """All that is needed. `images` are by the names that the manifest has for them.

    `client` is calicoctl as a program of its own; where it is not there, `client_image` has it.
    """

    folder: Path
    manifest: tuple[Mapping[str, Any], ...]
    images: Mapping[str, Image]
    client: Path | None
    client_image: Image | None = None

    @property
    def version(self) -> str:
        """The version that the manifest runs: "3.32.1"."""
        node = next(name for name in self.images if _plain(name).startswith("calico/node:"))
        return node.rpartition(":")[2].removeprefix("v")


def place() -> Path:
    """Where the files are looked for: artifacts/calico, or CALICO_ARTIFACTS."""
    own = os.environ.get("CALICO_ARTIFACTS")
    return Path(own) if own else paths.CHECKOUT / "artifacts" / "calico"


def found(progress: Progress | None = None) -> Files:
    """The files, checked: every image is there and holds the programs that the manifest runs in it.

    What is not there is downloaded. GuideError says which file is missing, or is not Calico's.
    """
    folder = place()
    manifest = folder / "calico.yaml"
    if not manifest.is_file():
        archive = folder / ARCHIVE
        if not archive.is_file():
            _download(archive, progress)
        folder = _unpacked(archive)
        manifest = folder / "calico.yaml"
    objects = _read(manifest)
    programs = _programs(objects)
    archives = {tag: file for file in sorted(folder.glob("*.tar")) for tag in _tags(file)}
    images = {}
    for name in sorted(programs):
        own = next((tag for tag in archives if _plain(tag) == _plain(name)), None)
        if own is None:
            has = ", ".join(sorted(archives)) or "no image"
            raise GuideError(f"{folder} lacks the image {name} (it has {has})", fix=_HELP)
        _check(archives[own], name, programs[name])
        images[name] = Image(archives[own], own)
    client = folder / CLIENT
    if client.is_file():
        return Files(folder, objects, images, client)
    own = next((tag for tag in archives if _plain(tag).startswith("calico/ctl:")), None)
    if own is None:
        raise GuideError(f"{folder} has neither {CLIENT} nor the image calico/ctl", fix=_HELP)
    _check(archives[own], own, {"calicoctl"})
    return Files(folder, objects, images, None, Image(archives[own], own))


def _plain(name: str) -> str:
    """An image's name without the registry: `quay.io/calico/node:v3` is `calico/node:v3`."""
    return "/".join(name.split("/")[-2:])


def _read(manifest: Path) -> tuple[Mapping[str, Any], ...]:
    try:
        with manifest.open(encoding="utf-8") as file:
            objects = [item for item in safe_yaml.load_all(file) if item]
    except (safe_yaml.YAMLError, UnicodeDecodeError) as error:
        raise GuideError(f"{manifest} is not YAML: {error}", fix=_HELP) from error
    kinds = {(item.get("kind"), item.get("metadata", {}).get("name")) for item in objects}
    if ("DaemonSet", "calico-node") not in kinds:
        raise GuideError(f"{manifest} has no DaemonSet calico-node: it is not Calico's", fix=_HELP)
    return tuple(objects)


def containers(objects: tuple[Mapping[str, Any], ...]) -> Iterator[dict[str, Any]]:
    """Every container that the manifest runs."""
    for item in objects:
        pod = item.get("spec", {}).get("template", {}).get("spec", {})
        yield from (*pod.get("initContainers", ()), *pod.get("containers", ()))


def _programs(objects: tuple[Mapping[str, Any], ...]) -> dict[str, set[str]]:
    """For each image the programs that the manifest calls in it, by their names alone."""
    wanted: dict[str, set[str]] = {}
    for container in containers(objects):
        calls = [container.get("command")]
        calls += [
            container.get(probe, {}).get("exec", {}).get("command")
            for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        ]
        names = {PurePosixPath(call[0]).name for call in calls if call}
        wanted.setdefault(container["image"], set()).update(names)
    return wanted


def _tags(file: Path) -> list[str]:
    """What a docker-archive calls its images; nothing where it is none."""
    try:
        with tarfile.open(file) as archive:
            member = archive.extractfile("manifest.json")
            images = json.load(member) if member else []
        return [tag for image in images for tag in image.get("RepoTags") or ()]
    except (tarfile.TarError, KeyError, ValueError, OSError):
        return []


def _check(file: Path, name: str, programs: set[str]) -> None:
    """GuideError where an image lacks a program that the manifest calls in it."""
    left = set(programs)
    with tarfile.open(file) as archive:
        described = archive.extractfile("manifest.json")
        layers = json.load(described)[0]["Layers"] if described else []
        for layer in layers:
            if not left:
                return
            inner = archive.extractfile(layer)
            with contextlib.suppress(tarfile.TarError), tarfile.open(fileobj=inner) as files:
                left -= {PurePosixPath(member.name).name for member in files}
    if left:
        raise GuideError(
            f"{file} says that it is {name}, but it is not Calico's: it has no {min(left)},"
            " which the manifest runs in it",
            fix=_HELP,
        )


def _download(archive: Path, progress: Progress | None) -> None:
    if progress:
        progress.step(f"calico: downloading {ARCHIVE}")
    archive.parent.mkdir(parents=True, exist_ok=True)
    new = archive.with_suffix(".new")
    try:
        with urllib.request.urlopen(URL, timeout=_PATIENCE) as answer, new.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except OSError as error:
        new.unlink(missing_ok=True)
        why = getattr(error, "reason", None) or error
        raise GuideError(
            f"Calico is not in {archive.parent}, and {URL} cannot be downloaded: {why}",
            fix=f"put {ARCHIVE} there; docs/reference/calico-files.md says more",
        ) from error
    new.rename(archive)


def _unpacked(archive: Path) -> Path:
    """The cache's copy of what is needed from the release archive."""
    stat = archive.stat()
    folder = paths.cache() / "calico" / f"{VERSION}-{stat.st_size}-{stat.st_mtime_ns}"
    if folder.is_dir():
        return folder
    _sum(archive)
    with new_folder(folder) as new:
        try:
            _unpack(archive, new)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise GuideError(f"{archive} cannot be unpacked: {error}", fix=_HELP) from error
        if not (new / "calico.yaml").is_file():
            message = f"{archive} has no manifests/calico.yaml: it is not a release"
            raise GuideError(message, fix=_HELP)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    """Take out of the release archive what is needed of it, without its folders."""
    with tarfile.open(archive) as files:
        for member in files:
            name = PurePosixPath(member.name)
            wanted = name.name in (*_WANTED, CLIENT)
            wanted = wanted or member.name.endswith("manifests/calico.yaml")
            source = files.extractfile(member) if wanted and member.isfile() else None
            if source is not None and not (folder / name.name).exists():
                _copy(source, folder / name.name)


def _sum(archive: Path) -> None:
    """GuideError where the lock names another sum; it may name none."""
    wanted = next((words[0] for words in _LINES if words[1:] == [archive.name]), None)
    if wanted is None:
        return
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != wanted:
        raise GuideError(
            f"{archive} is not that of Calico {VERSION}: its sha256 is {digest},"
            f" the lock has {wanted}",
            fix="remove it, and put the release's own file there",
        )


def _copy(source: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)
