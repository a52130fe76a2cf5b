"""The small images of a cluster, made without any Docker from what the lab has anyway.

`pause` holds a pod's network namespace, `client` looks at networks with the programs of Debian's
own packages, `coredns` is the cluster's DNS server. Each file is a docker-archive (Docker Image
Specification v1.2), which `ctr images import` reads, of one layer, and the same input always gives
the same bytes.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from macros.ground.errors import GuideError
from macros.lab.packages import fields

CLIENT = (
    "bash", "bind9-dnsutils", "busybox-static", "curl", "iproute2", "iputils-arping",
    "iputils-ping", "iputils-tracepath", "libc-bin", "netcat-openbsd", "tcpdump", "traceroute",
)  # fmt: skip
"""Packages whose programs the client has; all stand in the root file system's lock."""

_NOT_IN_CLIENT = {
    "base-files",
    "debconf",  # asks questions while packages are installed
    "debianutils",
    "libc-gconv-modules-extra",  # character sets of other centuries
    "libsystemd-shared",
    "systemd",  # another package would do just as well
    "usrmerge",
}
"""What those packages depend on and a container has no use for."""

_APPLETS = (
    "awk basename cat chmod cp cut date df dirname du env expr find free grep head hostname id "
    "ifconfig kill less ln ls mkdir mktemp mount mv netstat nslookup od printf ps pwd readlink rm "
    "rmdir route sed seq sleep sort stat tail tar tee telnet time timeout top touch tr true uname "
    "uniq vi watch wc wget which xargs xxd"
)
"""Programs that busybox gives to the client, where no package of its own does."""


def write_pause(busybox: bytes, out: Path) -> None:
    """`pause:1`: one process that does nothing. containerd ends it with SIGKILL."""
    layer = _Layer()
    layer.file("bin/sleep", busybox, 0o755)
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    write_archive("pause:1", layer.close(), {"Cmd": ["/bin/sleep", "2147483647"]}, out)


def write_coredns(program: bytes, version: str, out: Path) -> None:
    """`coredns:VERSION`, from the compiled program."""
    layer = _Layer()
    layer.file("coredns", program, 0o755)
    layer.file("etc/passwd", b"root:x:0:0:root:/:/coredns\n")
    settings = {"Entrypoint": ["/coredns"], "WorkingDir": "/"}
    write_archive(f"coredns:{version}", layer.close(), settings, out)


def write_client(base: tarfile.TarFile, out: Path) -> None:
    """`client:1`: real ping, curl, dig and tcpdump, out of the lab's root file system."""
    members = {member.name.removeprefix("."): member for member in base}
    status = _read(base, members, "/var/lib/dpkg/status").decode()
    layer = _Layer()
    for folder in ("usr", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "root", "run"):
        layer.folder(folder)
    layer.folder("tmp", 0o1777)
    for link in ("bin", "sbin", "lib", "lib64"):
        layer.link(link, f"usr/{link}")
    for package in closure(status, CLIENT):
        for path in _listed(base, members, package):
            if kept(path):
                layer.copy(base, members, path)
    for applet in _APPLETS.split():
        layer.link(f"usr/bin/{applet}", "busybox")
    layer.link("usr/bin/sh", "bash")
    layer.link("usr/bin/nc", "nc.openbsd")  # Debian leaves that to update-alternatives
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/bash\ntcpdump:x:100:100::/:/bin/sh\n")
    layer.file("etc/group", b"root:x:0:\ntcpdump:x:100:\n")
    settings = {
        "Env": ["PATH=/usr/local/bin:/usr/bin:/usr/sbin", "LC_ALL=C.UTF-8"],
        "Cmd": ["/usr/bin/sleep", "2147483647"],
        "WorkingDir": "/root",
    }
    write_archive("client:1", layer.close(), settings, out)


def closure(status: str, wanted: Iterable[str]) -> list[str]:
    """The packages and all that they depend on; `status` is dpkg's. Of alternatives the first."""
    installed = {
        values["Package"]: values
        for paragraph in status.strip().split("\n\n")
        if "Package" in (values := fields(paragraph))
    }
    needed: set[str] = set()
    todo = list(wanted)
    if lacking := [name for name in todo if name not in installed]:
        raise GuideError(
            f"the root file system lacks {', '.join(lacking)}", fix="guide lab build --update-lock"
        )
    while todo:
        name = todo.pop()
        if name in needed or name in _NOT_IN_CLIENT or name not in installed:
            continue
        needed.add(name)
        for field in ("Depends", "Pre-Depends"):
            todo += re.findall(r"(?:^|, )([a-z0-9][a-z0-9.+-]*)", installed[name].get(field, ""))
    return sorted(needed)


def kept(path: str) -> bool:
    """Whether a package's file goes into the client: programs, libraries and settings do."""
    return path.startswith(("/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib64/", "/etc/")) and (
        "/systemd/" not in path and "/gconv/" not in path and not path.startswith("/etc/init.d/")
    )


def write_archive(name: str, layer: bytes, settings: Mapping[str, object], out: Path) -> None:
    """Write the docker-archive of an image of one layer, as a whole or not at all."""
    digest = hashlib.sha256(layer).hexdigest()
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": dict(settings),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "packet-by-packet"}],
    }
    described = _json(configuration)
    config_name = f"{hashlib.sha256(described).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{digest}/layer.tar"]}]
    archive = _Layer()
    archive.file(config_name, described)
    archive.file(f"{digest}/layer.tar", layer)
    archive.file("manifest.json", _json(manifest))
    new = out.with_suffix(".new")
    new.write_bytes(archive.close())
    new.replace(out)


class _Layer:
    """A tar file in the making: owner 0:0, time 0, nothing of this machine or moment."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115  closed by close()
        self._has: set[str] = set()

    def close(self) -> bytes:
        self._tar.close()
        return self._buffer.getvalue()

    def folder(self, name: str, mode: int = 0o755) -> None:
        if self._new(name):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            self._tar.addfile(entry)

    def link(self, name: str, target: str) -> None:
        if self._new(name):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
            self._tar.addfile(entry)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        for parent in list(PurePosixPath(name).parents)[-2::-1]:
            self.folder(str(parent))
        if self._new(name):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            self._tar.addfile(entry, io.BytesIO(content))

    def copy(
        self, source: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], path: str
    ) -> None:
        """Take a file, a link or a folder as it is."""
        member = members[path]
        if member.isdir():
            self.folder(path.lstrip("/"), member.mode)
        elif member.issym():
            self.link(path.lstrip("/"), member.linkname)
        elif member.isreg() or member.islnk():
            self.file(path.lstrip("/"), _read(source, members, path), member.mode)

    def _new(self, name: str) -> bool:
        """Whether nothing of that name is there yet; the first one wins."""
        if name in self._has:
            return False
        self._has.add(name)
        return True


def _listed(
    base: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], package: str
) -> Iterator[str]:
    """The paths of a package's files that are there, as the merged /usr has them."""
    for name in (f"{package}.list", f"{package}:amd64.list"):
        if f"/var/lib/dpkg/info/{name}" in members:
            for line in _read(base, members, f"/var/lib/dpkg/info/{name}").decode().splitlines():
                merged = re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", line)
                if merged in members:
                    yield merged
            return
    raise GuideError(f"the root file system has no list of the files of {package}")


def _read(base: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], path: str) -> bytes:
    content = base.extractfile(members[path])
    if content is None:
        raise FileNotFoundError(path)
    return content.read()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=None, separators=(",", ":"), sort_keys=True).encode()
