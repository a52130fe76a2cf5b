"""The root file system that every node boots from, made without root."""

import json
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from macros.ground import files
from macros.lab import inputs
from macros.lab.image import write_hello
from macros.lab.packages import ARCHITECTURE, Apt, Locked, fields
from macros.lab.progress import Progress
from macros.lab.tools import call, environment

_LEFT_OUT = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/bash-completion/*",
)
"""Settings of dpkg: what nobody reads on a node. Licences stay."""

SHOWN = {
    "Docker": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iproute2": "iproute2",
    "iptables": "iptables",
    "nftables": "nftables",
    "conntrack": "conntrack",
    "tcpdump": "tcpdump",
    "tshark": "tshark",
    "systemd": "systemd",
    "curl": "curl",
}
"""The programs whose versions a recording names, and their packages."""


def as_root(*words: str | Path) -> tuple[str | Path, ...]:
    """The command, run as root or as root of a user namespace.

    There, root is the user himself, so products are his; the other ids are his subordinate ones
    (subuid(5)), so owners inside the image are right.
    """
    if os.getuid() == 0:
        return words
    return (
        "unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork",
        "--kill-child", *words,
    )  # fmt: skip


def build_base(
    apt: Apt, packages: Iterable[Locked], work: Path, out: Path, progress: Progress
) -> None:
    """Unpack and configure exactly these packages into `out`/base.tar."""
    wanted = list(packages)
    folder = work / "packages"
    progress.step(f"packages: downloading {len(wanted)}")
    apt.download(wanted, folder, lambda count: progress.part(count / len(wanted)))

    progress.step("root file system: unpacking and configuring packages")
    temporary = work / "tmp"
    remove_as_root(temporary)
    temporary.mkdir()
    sandbox = 'APT::Sandbox::User "root"'  # _apt may not read a home folder
    with files.new_folder(out) as new:
        call(
            *as_root(
                "mmdebstrap", "--mode=root", "--variant=essential", "--format=tar",
                f"--architectures={ARCHITECTURE}", f"--aptopt={sandbox}",
                *(f"--dpkgopt={setting}" for setting in ("force-unsafe-io", *_LEFT_OUT)),
                "--include=" + ",".join(map(str, wanted)),
                # The packages were checked against Debian's signed index and the lock just now.
                "", new / "base.tar", f"deb [trusted=yes] copy:{folder} ./",
            ),
            what="mmdebstrap", log=work / "build.log",
            env=environment(TMPDIR=str(temporary), SOURCE_DATE_EPOCH="0"),
            fix="guide doctor",
        )  # fmt: skip
    remove_as_root(work)


def build_image(base: Path, work: Path, out: Path, progress: Progress) -> None:
    """From `base`/base.tar to `out`/rootfs.ext4, with the lab's units, keys and images."""
    progress.step("root file system: assembling the disk image")
    remove_as_root(work)
    images = work / "images"
    images.mkdir(parents=True)
    tree = work / "tree"
    tree.mkdir()
    with tarfile.open(base / "base.tar") as archive:
        status = _read(archive, "./var/lib/dpkg/status").decode()
        write_hello(_read(archive, "./usr/bin/busybox"), images / "hello.tar")
    with files.new_folder(out) as new:
        call(
            *as_root(
                "sh", inputs.ASSEMBLE, base / "base.tar", inputs.NODE, images, tree,
                new / "rootfs.ext4",
            ),
            what="assembling the disk image", log=out.parent / "build.log",
        )  # fmt: skip
        facts = {"packages": installed(status)}
        (new / "rootfs.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    remove_as_root(work)


def remove_as_root(folder: Path) -> None:
    """Remove a tree that holds files of subordinate ids."""
    if folder.exists():
        call(*as_root("rm", "-rf", folder), what=f"removing {folder}")


def installed(status: str) -> dict[str, str]:
    """Name to version, from the text of dpkg's status file."""
    found = (fields(paragraph) for paragraph in status.strip().split("\n\n"))
    return {each["Package"]: each["Version"] for each in found if "Version" in each}


def shown_versions(kernel_release: str, packages: Mapping[str, str]) -> dict[str, str]:
    """What a recording names: "Linux" and `SHOWN`, as their makers number them."""
    versions = {"Linux": kernel_release.partition("-")[0]}
    for name, package in SHOWN.items():
        if package in packages:
            versions[name] = upstream(packages[package])
    return versions


def upstream(version: str) -> str:
    """Debian's version without what Debian added: "28.5.2+dfsg4-5" is 28.5.2."""
    plain = version.partition(":")[2] or version
    plain = plain.rpartition("-")[0] or plain
    return re.sub(r"[+~](dfsg|ds|repack)[\d.]*$", "", plain)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(name)
    if content is None:
        raise FileNotFoundError(name)
    return content.read()
