"""The disk that nodes of a cluster with Calico start from: its images and its objects are in it.

Importing the images takes every node of a lab minutes of every start, and its API half a minute to
take in the manifest. So both is done once, on a copy of the disk of the cluster's nodes, in the
folder of whose parts the result stays. It is named by a hash of all that is in it.
"""

import hashlib
import json
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import paths
from macros.lab.build import built
from macros.lab.kubernetes import disk, parts, store
from macros.lab.kubernetes.calico_files import Files
from macros.lab.progress import Progress
from macros.lab.tools import call, disk_named

SCRIPT = paths.SCRIPTS / "calico" / "image.sh"

STEPS = "1"
"""Raised by hand when the code changes what it makes from the same files."""

_KEPT = 2
"""Disks of the same parts that stay: this one, and the one before."""

_DNS = ("--namespace=kube-system", "--selector=k8s-app=kube-dns")

Objects = Sequence[Mapping[str, Any]]


def made(
    parts_folder: Path, version: str, files: Files, objects: Objects, progress: Progress
) -> Path:
    """The disk with these files and objects, made unless it is there.

    `parts_folder` is that of the parts of that version.
    """
    out = parts_folder / f"calico-{_digest(files, objects)}.ext4"
    # Two that want it at once want the same: the second waits.
    with locked(paths.cache() / "calico.lock", None, with_children=True), disk_named():
        if not out.is_file():
            new = out.with_suffix(".new")
            try:
                with tempfile.TemporaryDirectory(dir=parts_folder, prefix="calico-") as folder:
                    work = Path(folder)
                    progress.step("calico: writing its objects, once for all labs")
                    written = _written(parts_folder, version, objects, work)
                    progress.step("calico: importing its images, once for all labs")
                    script = _script(files, written)
                    disk.make(built().kernel, parts_folder / parts.DISK, parts_folder, new, script)
                new.rename(out)
            finally:
                new.unlink(missing_ok=True)
        _prune(out)
    return out


def _written(parts_folder: Path, version: str, objects: Objects, work: Path) -> Path:
    """A store that has these objects too, and CoreDNS waiting for a network of theirs.

    There are no nodes yet, and nobody who would start anything.
    """
    store.unpack(parts_folder / "store.tar.gz", work)
    with store.served(parts_folder, version, work) as kubectl:
        # The server merges: the manifest is too large for kubectl to.
        done = subprocess.run(
            [*kubectl, "apply", "--server-side", "-f", "-"],
            input=yaml.dump_all(objects, sort_keys=False, Dumper=safe_yaml.DUMPER),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise GuideError(f"the cluster's API refuses Calico: {done.stderr.strip()[-400:]}")
        what = "loading Calico's objects"
        if any(item["kind"] == "CustomResourceDefinition" for item in objects):
            wait = ("wait", "--for=condition=Established", "--timeout=200s", "crd", "--all")
            call(*kubectl, *wait, what=what)
        for kind in ("deployments", "replicasets"):
            call(*kubectl, "scale", kind, *_DNS, "--replicas=0", what=what)
        call(*kubectl, "delete", "pods", *_DNS, "--force", "--grace-period=0", what=what)
    out = work / "store.tar.gz"
    store.pack(work, out)
    return out


def _archives(files: Files) -> list[Path]:
    """Those of all images, each once."""
    every = [*files.images.values(), *([files.client_image] if files.client_image else [])]
    return sorted({image.file for image in every})


def _script(files: Files, written: Path) -> bytes:
    """What runs on the disk: the script, told which files there are, and which store."""
    names = " ".join(shlex.quote(file.name) for file in _archives(files))
    client = shlex.quote(files.client.name if files.client else "")
    told = f"files={shlex.quote(str(files.folder))} archives=({names}) client={client}"
    told += f" store={shlex.quote(str(written.parent))}\n"
    return told.encode() + SCRIPT.read_bytes()


def _digest(files: Files, objects: Objects) -> str:
    """A hash of what the disk has in it beyond the parts, 16 hex digits."""
    whole = [*_archives(files), *([files.client] if files.client else [])]
    with ThreadPoolExecutor() as pool:
        sums = sorted(pool.map(_sum, whole))
    digest = hashlib.sha256("\0".join([STEPS, *sums]).encode() + SCRIPT.read_bytes())
    digest.update(json.dumps(objects, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _prune(current: Path) -> None:
    """Remove disks with other files, all but the newest and what a lab runs on."""
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    olds = [disk_file for disk_file in current.parent.glob("calico-*.ext4") if disk_file != current]
    olds.sort(key=lambda disk_file: disk_file.stat().st_mtime, reverse=True)
    for old in olds[_KEPT - 1 :]:
        if str(old) not in used:
            old.unlink()
