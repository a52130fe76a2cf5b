"""The kernel: Debian's source of it, configured as User Mode Linux, as one program."""

import json
import os
import re
import shutil
from pathlib import Path

from macros.ground import files
from macros.ground.errors import GuideError
from macros.lab import inputs
from macros.lab.packages import Apt, Locked
from macros.lab.progress import Progress
from macros.lab.tools import call, environment

SOURCE = r"linux-source-\d+\.\d+"
"""Debian names each kernel's source package by version; at least 6.14 is needed (UML with
seccomp and SMP), which every suite that is asked here has."""

_LINES = 1842
"""Lines that `make` prints for the whole kernel; measured, for the progress bar only."""


def build(apt: Apt, source: Locked, work: Path, out: Path, progress: Progress) -> None:
    """Compile in `work`, which may hold what an interrupted build left, into the folder `out`."""
    log = work / "build.log"
    tree = _unpack(apt, source, work, progress)
    progress.step("kernel: configuring")
    _configure(tree, log)

    progress.step("kernel: compiling")
    seen = 0

    def count(_line: str) -> None:
        nonlocal seen
        seen += 1
        progress.part(min(seen / _LINES, 0.99))

    _make(tree, log, f"-j{os.cpu_count() or 1}", "linux", each_line=count)
    progress.part(1)

    with files.new_folder(out) as new:
        call("strip", "-o", new / "linux", tree / "linux", what="stripping the kernel")
        shutil.copy(tree / ".config", new / "config")
        release = _make_value(tree, "kernelrelease")
        facts = {"package": str(source), "sha256": source.sha256, "release": release}
        (new / "kernel.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(work)


def missing_options(wanted: str, final: str) -> list[str]:
    """The lines of a fragment that a final .config does not fulfil.

    "# CONFIG_X is not set" is fulfilled by a .config that does not know X at all.
    """
    has = set(final.splitlines())
    lost = []
    for line in wanted.splitlines():
        off = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
        if off:
            if any(each.startswith(f"{off[1]}=") for each in has):
                lost.append(line)
        elif line.startswith("CONFIG_") and line not in has:
            lost.append(line)
    return lost


def _unpack(apt: Apt, source: Locked, work: Path, progress: Progress) -> Path:
    """The source tree under `work`, unpacked unless an earlier run did so to the end."""
    tree = work / "source"
    if not (tree / "Makefile").is_file():
        progress.step("kernel: downloading Debian's source")
        apt.download([source], work / "package", lambda _: None)
        (deb,) = (work / "package").glob("*.deb")
        progress.step("kernel: unpacking")
        half = work / "source.new"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        # In two steps, not through a pipe of sh: there, a reader that ended early left the writer
        # waiting for ever.
        call("dpkg-deb", "-x", deb, half / "deb", what="unpacking the kernel's package")
        (packed,) = (half / "deb/usr/src").glob("linux-source-*.tar.xz")
        (half / "tree").mkdir()
        call(
            "tar", "-xJf", packed, "--strip-components=1", "-C", half / "tree",
            "--exclude=linux-source-*/Documentation/*/*",
            what="unpacking the kernel's source",
        )  # fmt: skip
        (half / "tree").rename(tree)
        shutil.rmtree(half)
        shutil.rmtree(work / "package")
    return tree


def _configure(tree: Path, log: Path) -> None:
    """Defaults of the architecture, then the fragment; every line of it must have come true."""
    _make(tree, log, "defconfig")
    call(
        "sh", "scripts/kconfig/merge_config.sh", "-m", ".config", inputs.KERNEL_FRAGMENT,
        what="merging the kernel's configuration", cwd=tree, log=log,
    )  # fmt: skip
    _make(tree, log, "olddefconfig")
    lost = missing_options(
        inputs.KERNEL_FRAGMENT.read_text(encoding="utf-8"),
        (tree / ".config").read_text(encoding="utf-8"),
    )
    if lost:
        raise GuideError(
            f"the kernel's configuration lost what {inputs.KERNEL_FRAGMENT.name} asks for:\n"
            + "\n".join(f"    {line}" for line in lost),
            fix="find what each depends on with `make ARCH=um menuconfig` and add that",
        )


def _make(tree: Path, log: Path, *words: str, each_line: object = None) -> None:
    call(
        "nice", "-n", "10", "make", "ARCH=um", *words,
        what=f"make {' '.join(words)} of the kernel", cwd=tree, log=log,
        env=environment(KBUILD_BUILD_USER="guide", KBUILD_BUILD_HOST="guide"),
        each_line=each_line if callable(each_line) else None,
    )  # fmt: skip


def _make_value(tree: Path, target: str) -> str:
    return call("make", "-s", "ARCH=um", target, what=f"make {target}", cwd=tree).strip()
