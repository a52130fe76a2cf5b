"""What this machine has and lacks: to build the site, to build a lab, to run one.

Imports nothing that may be what is missing.
"""

import importlib.metadata
import os
import platform
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from macros.ground.errors import GuideError
from macros.lab import paths

Purpose = Literal["site", "build", "run"]

PURPOSES: dict[Purpose, str] = {
    "site": "to build the site",
    "build": "to build a lab (guide lab build)",
    "run": "to run a lab (guide lab up)",
}

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  not a temporary file: where UML's memory goes

GO_FIX = "install Go 1.26 or newer and have `go` in the PATH"

_GIB = 1 << 30

_PROGRAMS: tuple[tuple[Purpose, str, str], ...] = (
    ("site", "dot", "graphviz"),
    ("build", "gcc", "gcc"),
    ("build", "make", "make"),
    ("build", "flex", "flex"),
    ("build", "bison", "bison"),
    ("build", "bc", "bc"),
    ("build", "strip", "binutils"),
    ("build", "xz", "xz-utils"),
    ("build", "apt-get", "apt"),
    ("build", "dpkg-deb", "dpkg"),
    ("build", "mmdebstrap", "mmdebstrap"),
    ("build", "mke2fs", "e2fsprogs"),
    ("build", "unshare", "util-linux"),
    ("build", "setpriv", "util-linux"),
    ("build", "newuidmap", "uidmap"),
    ("run", "vde_switch", "vde-switch"),
    ("run", "vde_plug", "vdeplug"),
    ("run", "ssh", "openssh-client"),
    ("run", "ssh-keygen", "openssh-client"),
)
"""Programs, what for, and the Debian package of each."""

_FILES: tuple[tuple[Purpose, str, str], ...] = (
    ("build", "/usr/include/gelf.h", "libelf-dev"),
    ("build", "/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"),
    ("run", "/usr/lib/*/vdeplug/libvdeplug_slirp.so", "libvdeplug-slirp"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    purpose: Purpose
    what: str
    good: bool
    state: str
    package: str | None = None
    """The Debian package that brings it."""
    fix: str | None = None
    """What to do, where it is not a package."""
    needed: bool = True
    """False: a lab may still do, but worse."""


def checks() -> list[Check]:
    """Everything, in the order of `PURPOSES`."""
    results = [*_programs(), *_files(), *_python(), *_machine()]
    return sorted(results, key=lambda check: list(PURPOSES).index(check.purpose))


def packages(results: list[Check]) -> list[str]:
    """The Debian packages that are missing."""
    return sorted({check.package for check in results if not check.good and check.package})


def install_command(names: list[str]) -> str:
    """How to get packages, as this user."""
    sudo = "" if os.getuid() == 0 else "sudo "
    return f"{sudo}apt-get install --no-install-recommends {' '.join(names)}"


def require(purpose: Purpose) -> None:
    """GuideError naming all that is missing for this purpose."""
    bad = [
        check for check in checks() if check.purpose == purpose and not check.good and check.needed
    ]
    if not bad:
        return
    fixes = [check.fix for check in bad if check.fix]
    if names := packages(bad):
        fixes.insert(0, install_command(names))
    raise GuideError(
        f"{PURPOSES[purpose]}, this machine lacks: " + ", ".join(check.what for check in bad),
        fix="; ".join(fixes),
    )


def search_path() -> str:
    """PATH and the folders where Debian keeps mke2fs: not in an ordinary user's PATH there."""
    return os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin"


def _programs() -> Iterator[Check]:
    for purpose, program, package in _PROGRAMS:
        path = shutil.which(program, path=search_path())
        yield Check(purpose, program, path is not None, path or "missing", package)


def _files() -> Iterator[Check]:
    for purpose, pattern, package in _FILES:
        there = list(Path("/").glob(pattern.lstrip("/")))
        shown = str(there[0]) if there else "missing"
        yield Check(purpose, Path(pattern).name, bool(there), shown, package)


def _python() -> Iterator[Check]:
    version = platform.python_version()
    fix = "install Python 3.11 or newer"
    yield Check("site", "Python 3.11", sys.version_info >= (3, 11), version, fix=fix)
    needs: tuple[tuple[Purpose, str], ...] = (
        ("site", "mkdocs"),
        ("site", "mkdocs-macros-plugin"),
        ("site", "scapy"),
        ("site", "diagrams"),
        ("build", "sh"),
        ("run", "sh"),
    )
    for purpose, name in needs:
        try:
            there = f"version {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            there = ""
        what = f"Python package {name}"
        yield Check(purpose, what, bool(there), there or "missing", fix="make .venv")


def _machine() -> Iterator[Check]:
    system = f"{platform.system()} {platform.machine()}"
    fits = system == "Linux x86_64"
    yield Check("build", "Linux on x86-64", fits, system, fix="use such a machine, or Vagrant")

    go = shutil.which("go", path=search_path())
    shown = go or "missing: only --kubernetes needs it"
    yield Check("build", "go", go is not None, shown, fix=GO_FIX, needed=False)

    if os.getuid() != 0:
        yield _subordinate_ids()
        yield _user_namespace()

    free = shutil.disk_usage(_existing(paths.cache())).free
    yield Check(
        "build", "8 GiB of disk", free >= 8 * _GIB, f"{free / _GIB:.1f} GiB free, {paths.cache()}",
        fix=f"free some room below {paths.cache()}, or set XDG_CACHE_HOME",
    )  # fmt: skip

    available = available_memory()
    yield Check(
        "run", "2 GiB of memory", available >= 2 * _GIB, f"{available / _GIB:.1f} GiB available",
        fix="end other programs, or give nodes less with --memory", needed=False,
    )  # fmt: skip

    room = shared_memory()
    good, shown = room >= 2 * _GIB, f"{room / _GIB:.1f} GiB free"
    yield Check(
        "run", str(SHARED_MEMORY), good, shown if room else "cannot be used",
        fix="mount a larger one, with exec; without it a node's memory is a file on disk",
        needed=False,
    )  # fmt: skip


def shared_memory() -> int:
    """Bytes free in /dev/shm, 0 when it cannot hold a node's memory (UML maps it executable)."""
    if not os.access(SHARED_MEMORY, os.W_OK):
        return 0
    state = os.statvfs(SHARED_MEMORY)
    if state.f_flag & os.ST_NOEXEC:
        return 0
    return min(state.f_bavail * state.f_frsize, available_memory())


def available_memory() -> int:
    """Bytes that this machine can give to new programs (proc_meminfo(5))."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _subordinate_ids() -> Check:
    """A range of at least 65535 for this user in both files (subuid(5))."""
    user = pwd.getpwuid(os.getuid()).pw_name
    good = all(_range(Path(file), user) >= 65535 for file in ("/etc/subuid", "/etc/subgid"))
    return Check(
        "build", "subordinate ids", good, "found" if good else f"none for {user}",
        fix=f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
    )  # fmt: skip


def _range(file: Path, user: str) -> int:
    if not file.is_file():
        return 0
    rows = [line.split(":") for line in file.read_text(encoding="utf-8").splitlines()]
    return max((int(row[2]) for row in rows if row[0] in {user, str(os.getuid())}), default=0)


def _user_namespace() -> Check:
    words = ["unshare", "--user", "--map-root-user", "--map-auto", "--mount", "true"]
    try:
        tried = subprocess.run(words, capture_output=True, text=True, check=False)
        good, message = tried.returncode == 0, tried.stderr.strip()
    except OSError as error:
        good, message = False, str(error)
    return Check(
        "build", "user namespaces", good, "work" if good else message,
        fix="sudo sysctl kernel.unprivileged_userns_clone=1 "
        "kernel.apparmor_restrict_unprivileged_userns=0 (what this kernel has), or run as root",
    )  # fmt: skip


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
