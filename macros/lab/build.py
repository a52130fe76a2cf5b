"""`guide lab build`: from the checkout's inputs to a kernel and a root file system in the cache.

Each product stands in a folder named by a hash of its inputs, is made under another name and
renamed when whole; so an interrupted build goes on where it was, and a finished one is found.
"""

import json
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.locks import locked
from macros.lab import doctor, inputs, kernel, packages, paths, rootfs
from macros.lab.progress import Progress
from macros.lab.tools import disk_named

_KEPT = 3
"""Products of one sort that stay in the cache: this one, and those of earlier inputs."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a lab is started from."""

    kernel: Path
    rootfs: Path
    versions: dict[str, str]


def built(suite: str = suites.SUITE) -> Built:
    """The products of the checkout's present inputs. GuideError when they were not built yet."""
    keys = inputs.keys(suite)
    linux = keys.kernel_folder / "linux"
    image = keys.rootfs_folder / "rootfs.ext4"
    if not linux.is_file() or not image.is_file():
        what = "kernel" if not linux.is_file() else "root file system"
        raise GuideError(
            f"the lab's {what} is not built, or its inputs have changed since",
            fix="guide lab build" + ("" if suite == suites.SUITE else f" --suite {suite}"),
        )
    facts = _json(keys.kernel_folder / "kernel.json")
    listed = _json(keys.rootfs_folder / "rootfs.json")["packages"]
    versions = rootfs.shown_versions(facts["release"], listed)
    return Built(linux, image, {"Debian": suites.SUITES[suite], **versions})


def build(progress: Progress, mirror: str | None = None, suite: str = suites.SUITE) -> Built:
    """Make what is not in the cache yet: the kernel, and the root file system of `suite`."""
    doctor.require("build")
    with _alone(), disk_named():
        keys = inputs.keys(suite)
        index = cache(partial(_index, progress, mirror))
        if not (keys.base_folder / "base.tar").is_file():
            wanted = packages.read_lock(inputs.packages_lock(suite))
            folder = _work(f"base-{keys.base}")
            rootfs.build_base(index(suite), wanted, folder, keys.base_folder, progress)
        if not (keys.rootfs_folder / "rootfs.ext4").is_file():
            folder = paths.cache() / "work" / f"rootfs-{keys.rootfs}"
            rootfs.build_image(keys.base_folder, folder, keys.rootfs_folder, progress)
        if not (keys.kernel_folder / "linux").is_file():
            (source,) = packages.read_lock(inputs.KERNEL_LOCK)
            folder = _work(f"kernel-{keys.kernel}")
            kernel.build(index(suites.SUITE), source, folder, keys.kernel_folder, progress)
        _prune()
    return built(suite)


def update_lock(progress: Progress, mirror: str | None = None, suite: str = suites.SUITE) -> None:
    """Write the lock file of `suite` anew from what it has today; with the first, the kernel's."""
    doctor.require("build")
    with _alone(), disk_named():
        apt = _index(progress, mirror, suite)
        progress.step("package index: finding versions that fit together")
        chosen = apt.resolve(packages.read_wanted(inputs.PACKAGES_WANTED))
        packages.write_lock(inputs.packages_lock(suite), chosen, apt.release())
        if suite == suites.SUITE:
            packages.write_lock(inputs.KERNEL_LOCK, [apt.newest(kernel.SOURCE)], apt.release())


def _index(progress: Progress, mirror: str | None, suite: str) -> packages.Apt:
    progress.step("package index: reading")
    name = "apt" if suite == suites.SUITE else f"apt-{suite}"
    uri = mirror or packages.mirror()
    return packages.private_apt(paths.cache() / "work" / name, uri, suite)


def _alone() -> AbstractContextManager[None]:
    """One build at a time, counting the programs that a killed one left running."""
    busy = "another `guide lab build` is running, or a killed one left a program"
    return locked(paths.cache() / "build.lock", busy, with_children=True)


def _work(name: str) -> Path:
    folder = paths.cache() / "work" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _prune() -> None:
    """Remove old products: all but the newest of each sort, the current, and what a lab runs on."""
    keys = [inputs.keys(suite) for suite in suites.SUITES]
    current = {name for key in keys for name in (key.kernel, key.base, key.rootfs)}
    used = "".join(file.read_text(encoding="utf-8") for file in paths.labs().glob("*/lab.json"))
    for sort in ("kernel", "base", "rootfs"):
        folders = [folder for folder in (paths.cache() / sort).iterdir() if folder.is_dir()]
        folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        for old in folders[_KEPT:]:
            if old.name not in current and str(old) not in used:
                shutil.rmtree(old)


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
