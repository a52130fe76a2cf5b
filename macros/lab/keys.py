"""A lab's own SSH keys and configuration, made afresh for every instance."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from macros.lab.state import Node
from macros.lab.tools import call


def make_keys(folder: Path) -> None:
    """A key for the person and one for the nodes, in `folder`."""
    for name in ("user_key", "host_key"):
        call(
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", folder / name,
            what="making the lab's SSH keys",
        )  # fmt: skip


def write_seed(
    folder: Path, node: Node, nodes: tuple[Node, ...], more: Mapping[str, bytes]
) -> Path:
    """What a node unpacks over its root when it starts (scripts/node/guide-node): NAME.seed.tar.

    `more` are further files by their path, for root alone to read.
    """
    hosts = "127.0.0.1 localhost\n" + "".join(f"{host.address} {host.name}\n" for host in nodes)
    files = {
        "etc/hostname": (f"{node.name}\n".encode(), 0o644),
        "etc/hosts": (hosts.encode(), 0o644),
        "etc/ssh/ssh_host_ed25519_key": ((folder / "host_key").read_bytes(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": ((folder / "host_key.pub").read_bytes(), 0o644),
        "root/.ssh/authorized_keys": ((folder / "user_key.pub").read_bytes(), 0o600),
        **{name: (content, 0o600) for name, content in more.items()},
    }
    out = folder / f"{node.name}.seed.tar"
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as seed:
        private = tarfile.TarInfo("root/.ssh")
        private.type, private.mode = tarfile.DIRTYPE, 0o700
        seed.addfile(private)
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            seed.addfile(entry, io.BytesIO(content))
    out.chmod(0o600)
    return out


def control(sockets: Path, node: str) -> str:
    """The socket of the shared SSH connection to a node."""
    return f"{sockets}/ssh-{node}"


def connection_lines(sockets: Path) -> list[str]:
    """How every provider's ssh_config ends: nothing is asked, and a dead machine is noticed.

    "ControlMaster no": commands use the shared connection that the lab opened (`connect` in uml)
    and go a way of their own without it. With "auto", the next command would open it again as a
    process that keeps that command's standard error open, and whoever reads it waits for ever.
    """
    return [
        "  UpdateHostKeys no",
        "  BatchMode yes",
        "  PreferredAuthentications publickey",
        "  ConnectTimeout 10",
        "  ServerAliveInterval 5",
        "  ServerAliveCountMax 6",
        "  ControlMaster no",
        f"  ControlPath {control(sockets, '%n')}",
        "  LogLevel ERROR",
    ]


def write_ssh_config(folder: Path, sockets: Path, nodes: tuple[Node, ...]) -> Path:
    """`ssh -F` this file and a node's name: address, key and shared connection are in it."""
    host_key = (folder / "host_key.pub").read_text(encoding="ascii").split()
    known = folder / "known_hosts"
    known.write_text(
        "".join(f"{node.name} {host_key[0]} {host_key[1]}\n" for node in nodes), encoding="ascii"
    )
    lines = []
    for node in nodes:
        lines += [f"Host {node.name}", f"  HostKeyAlias {node.name}", f"  Port {node.port}"]
    lines += [
        "Host *",
        "  HostName 127.0.0.1",
        "  User root",
        f'  IdentityFile "{folder}/user_key"',
        "  IdentitiesOnly yes",
        "  IdentityAgent none",
        f'  UserKnownHostsFile "{known}"',
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        *connection_lines(sockets),
    ]
    out = folder / "ssh_config"
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out
