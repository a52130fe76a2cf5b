"""What a cluster's nodes are made of: programs, which they mount read-only, and their first disk.

One folder in the cache, named by a hash of what it is made from. The store is bootstrapped here,
once, by an API server that runs on this machine for some seconds: on a node, writing its 200
objects of access rights and priorities takes 26 s of every start.
"""

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from macros.ground import files, suites
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import inputs, packages, paths, rootfs
from macros.lab.build import built
from macros.lab.kubernetes import (
    compilation,
    disk,
    first,
    flags,
    images,
    pki,
    programs,
    releases,
    store,
)
from macros.lab.progress import Progress
from macros.lab.tools import call, disk_named

NODE = paths.SCRIPTS / "node" / "kubernetes"
"""Units, settings and first objects."""
LOCK = programs.FOLDER / "packages.lock"

DISK = "disk.ext4"
"""In the folder of parts: what every node starts from."""

STEPS = "2"
"""Raised by hand when the code changes what it makes from the same files."""

_FIRST_CONTROLLERS = (
    "deployment-controller,replicaset-controller,serviceaccount-controller,"
    "root-ca-certificate-publisher-controller,clusterrole-aggregation-controller"
)
_PATIENCE = 240.0  # seconds for the first objects; they take ten
_KEPT = 2
"""Folders of one version that stay in the cache: this one, and the one before."""


def folder(version: str, compiler: str) -> Path:
    """Where the parts of a cluster of that version are or will be, compiled by that compiler."""
    by = re.sub(r"[^\w.-]", "_", compiler)  # with experiments: "go1.26.8 X:…"
    return paths.cache() / "kubernetes" / f"{_name(version)}{by}"


def found(version: str) -> Path:
    """The parts, made: the newest of the checkout's inputs, whichever compiler made them.

    None is asked for: a machine that only starts labs needs none. GuideError when they were not
    made.
    """
    made = _folders(f"{_name(version)}*")
    newest = max(made, key=lambda parts_folder: parts_folder.stat().st_mtime_ns, default=None)
    if newest is None:
        other = "" if version == suites.KUBERNETES else f" --version {version}"
        raise GuideError(
            f"the parts of Kubernetes {version} are not built, or their inputs have changed",
            fix=f"guide lab build --kubernetes{other}",
        )
    return newest


def _name(version: str) -> str:
    """How a folder of parts is called that is made from the checkout's inputs, less the compiler.

    "parts-v1.36.3-0123456789abcdef-".
    """
    digest = hashlib.sha256(f"{STEPS} {inputs.keys().rootfs}".encode())
    for module in programs.MODULES:
        digest.update(programs.folder(module, version, "").name.encode())
    for file in (LOCK, Path(images.__file__), Path(pki.__file__)):
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    for name, content in _node_files(version):
        digest.update(f"\0{name}\0".encode() + content)
    return f"parts-{version}-{digest.hexdigest()[:16]}-"


def _folders(pattern: str) -> Iterator[Path]:
    """Those of the cache's folders of that name that are whole."""
    for parts_folder in (paths.cache() / "kubernetes").glob(pattern):
        if parts_folder.is_dir() and parts_folder.suffix != ".new":
            yield parts_folder


def make(progress: Progress, version: str, mirror: str | None = None) -> Path:
    """Assemble the parts from compiled programs, unless they are in the cache."""
    target = folder(version, compilation.compiler())
    busy = "another `guide lab build --kubernetes` is running, or a killed one left a program"
    with locked(paths.cache() / "kubernetes.lock", busy, with_children=True), disk_named():
        if target.is_dir():
            target.touch()  # the newest, if another compiler was used meanwhile
            return target
        compiled = compilation.built(version)
        lab = built()
        with files.new_folder(target) as new:
            for name in ("bin", "cni", "images"):
                (new / name).mkdir()
            (new / "node").mkdir()
            for name, content in _node_files(version):
                (new / "node" / name).write_bytes(content)
            for name, program in compiled.items():
                into = new / ("cni" if name == "flannel" else "bin") / name
                into.hardlink_to(program)
            progress.step(f"kubernetes {version}: comparing its flags with the nodes' units")
            flags.check(new / "node", new / "bin", version)
            etcd = _etcd(new / "bin", progress, mirror)
            releases.check_etcd(rootfs.upstream(etcd), version)
            _images(new, version, progress)
            progress.step("kubernetes: bootstrapping its store")
            _store(new, version)
            progress.step("kubernetes: making the disk of its nodes")
            # A program that a node runs is read where it will be, not under the name of today.
            disk.make(lab.kernel, lab.rootfs, new, new / DISK)
            facts = json.dumps(_versions(version, etcd), indent=2)
            (new / "versions.json").write_text(facts + "\n", encoding="utf-8")
        _prune(version, target)
    return target


def versions(version: str) -> dict[str, str]:
    """What the parts of that version consist of: "CoreDNS": "1.14.7". They have been made."""
    read = json.loads((found(version) / "versions.json").read_text(encoding="utf-8"))
    return {str(name): str(number) for name, number in read.items()}


def _node_files(version: str) -> Iterator[tuple[str, bytes]]:
    """Units, settings and first objects, by name, as that release takes them."""
    for file in sorted(NODE.iterdir()):
        content = file.read_bytes()
        if file.suffix == ".service":
            content = releases.unit(file.stem, content.decode(), version).encode()
        yield file.name, content


def update_lock(progress: Progress, mirror: str | None = None) -> None:
    """Write the lock file of the packages that are unpacked here anew, from what sid has today."""
    progress.step("package index: reading")
    apt = packages.private_apt(paths.cache() / "work/apt", mirror or packages.mirror())
    wanted = packages.read_wanted(programs.FOLDER / "packages.list")
    packages.write_lock(LOCK, [apt.newest(name) for name in wanted], apt.release())


def _prune(version: str, current: Path) -> None:
    """Remove parts of earlier inputs, all but the newest and what a lab runs on."""
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    olds = [
        parts_folder
        for parts_folder in current.parent.glob(f"parts-{version}-*")
        if parts_folder != current
    ]
    olds.sort(key=lambda parts_folder: parts_folder.stat().st_mtime, reverse=True)
    for old in olds[_KEPT - 1 :]:
        if str(old) not in used:
            shutil.rmtree(old)


def _versions(kubernetes: str, etcd: str) -> dict[str, str]:
    """What a recording names, beside what is in the root file system."""
    installed = json.loads((inputs.keys().rootfs_folder / "rootfs.json").read_text("utf-8"))
    return {
        "Kubernetes": kubernetes.removeprefix("v"),
        "flannel": programs.version_of(programs.FLANNEL, kubernetes).removeprefix("v"),
        "CoreDNS": programs.version_of(programs.COREDNS, kubernetes).removeprefix("v"),
        "etcd": rootfs.upstream(etcd),
        "CNI plugins": rootfs.upstream(installed["packages"]["containernetworking-plugins"]),
    }


def _etcd(into: Path, progress: Progress, mirror: str | None) -> str:
    """Debian's etcd, its programs only; it links to nothing but the C library. Its version."""
    wanted = packages.read_lock(LOCK)
    made_of = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    target = paths.cache() / "kubernetes" / f"etcd-{made_of}"
    if not target.is_dir():
        progress.step("etcd: downloading Debian's package")
        apt = packages.private_apt(paths.cache() / "work/apt", mirror or packages.mirror())
        work = paths.cache() / "work" / "etcd"
        apt.download(wanted, work / "packages", lambda _: None)
        for deb in sorted((work / "packages").glob("*.deb")):
            call("dpkg-deb", "-x", deb, work / "tree", what=f"unpacking {deb.name}")
        (work / "tree/usr/bin").rename(target)
        shutil.rmtree(work)
    for program in ("etcd", "etcdctl"):
        (into / program).hardlink_to(target / program)
    return next(package.version for package in wanted if package.name == "etcd-server")


def _images(new: Path, version: str, progress: Progress) -> None:
    progress.step("kubernetes: making its images")
    coredns = programs.version_of(programs.COREDNS, version)
    images.write_coredns((new / "bin/coredns").read_bytes(), coredns, new / "images/coredns.tar")
    with tarfile.open(inputs.keys().base_folder / "base.tar") as base:
        images.write_client(base, new / "images/client.tar")
        busybox = base.extractfile("./usr/bin/busybox")
        if busybox is None:
            raise GuideError("the root file system lacks busybox-static", fix="guide lab build")
        images.write_pause(busybox.read(), new / "images/pause.tar")


def _store(new: Path, version: str) -> None:
    """Let an API server here write all first objects; keep the store."""
    work = new / "work"
    work.mkdir()
    objects = (NODE / "cluster.yaml").read_text(encoding="utf-8")
    coredns = programs.version_of(programs.COREDNS, version)
    file = work / "cluster.yaml"
    file.write_text(objects.replace("coredns:VERSION", f"coredns:{coredns}"), encoding="utf-8")
    with store.served(new, version, work) as kubectl:
        call(*kubectl, "apply", "-f", file, what="writing first objects")
        # CoreDNS' pod is there, and waits for its node, from a cluster's first moment.
        with store.controlled(new, version, work, kubectl, _FIRST_CONTROLLERS):
            _until_written([*kubectl, "get", "-A", "-o", "json", first.KINDS])
    store.pack(work, new / "store.tar.gz")
    shutil.rmtree(work)


def _until_written(ask: list[str]) -> None:
    """Return when the controllers have written all that follows from the first objects."""
    lacking = ["everything: its API does not answer"]
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        answer = subprocess.run(ask, capture_output=True, check=False).stdout
        with contextlib.suppress(ValueError):  # an API that is still busy answers with less
            lacking = first.unwritten(json.loads(answer)["items"])
            if not lacking:
                return
        time.sleep(0.2)
    raise GuideError(f"the first objects of the cluster lack {', '.join(lacking)}")
