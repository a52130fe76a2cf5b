"""What a build is made from. A product's name in the cache is a hash over all of it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from macros.ground.suites import SUITE
from macros.lab import paths

KERNEL_FRAGMENT = paths.SCRIPTS / "kernel" / "uml.config"
KERNEL_LOCK = paths.SCRIPTS / "kernel" / "source.lock"
PACKAGES_WANTED = paths.SCRIPTS / "rootfs" / "packages.list"
PACKAGES_LOCK = paths.SCRIPTS / "rootfs" / "packages.lock"
ASSEMBLE = paths.SCRIPTS / "rootfs" / "assemble.sh"
NODE = paths.SCRIPTS / "node"
NODE_FILES = tuple(
    NODE / name for name in ("guide-node", "guide-node.service", "ssh.service.conf", "sshd.conf")
)
IMAGE = Path(__file__).parent / "image.py"

STEPS = "1"
"""Raised by hand when the code changes what it makes from the same files."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of the products in the cache, and where each is."""

    kernel: str
    base: str
    rootfs: str

    @property
    def kernel_folder(self) -> Path:
        """Holds `linux`, `config` and `kernel.json`."""
        return paths.cache() / "kernel" / self.kernel

    @property
    def base_folder(self) -> Path:
        """Holds `base.tar`: the packages, unpacked and configured."""
        return paths.cache() / "base" / self.base

    @property
    def rootfs_folder(self) -> Path:
        """Holds `rootfs.ext4` and `rootfs.json`."""
        return paths.cache() / "rootfs" / self.rootfs


def packages_lock(suite: str) -> Path:
    """The locked packages of a suite's root file system."""
    name = PACKAGES_LOCK.name if suite == SUITE else f"packages-{suite}.lock"
    return PACKAGES_LOCK.with_name(name)


def keys(suite: str = SUITE) -> Keys:
    """The keys of what the checkout's files ask for now. All suites run on one kernel."""
    kernel = _hash([KERNEL_FRAGMENT, KERNEL_LOCK])
    base = _hash([packages_lock(suite)])
    rootfs = _hash([ASSEMBLE, *NODE_FILES, IMAGE], base)
    return Keys(kernel, base, rootfs)


def _hash(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\0".join([STEPS, *more]).encode())
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"\0{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
