"""How Vagrant's machines are reached: what it says of that, as a configuration of ours for root."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab.keys import connection_lines

_KEPT = ("HostName", "Port", "IdentityFile", "ProxyCommand", "ProxyJump")
"""What of `vagrant ssh-config` says how to reach a machine; the rest is about habits."""


@dataclass(frozen=True, slots=True)
class Host:
    """How `vagrant ssh-config` says that one machine is reached."""

    name: str
    lines: tuple[str, ...]
    """Settings of ssh_config(5), as printed."""


def hosts(text: str) -> list[Host]:
    """What `vagrant ssh-config` printed: one Host section a machine. GuideError without any."""
    machines: list[Host] = []
    for section in re.split(r"^Host ", text, flags=re.MULTILINE)[1:]:
        name, *settings = section.splitlines()
        lines = [line.strip() for line in settings]
        kept = tuple(line for line in lines if line.split(" ")[0] in _KEPT)
        machines.append(Host(name.strip(), kept))
    if not machines:
        raise GuideError(f"`vagrant ssh-config` names no machine: {text.strip()[:300]}")
    return machines


def write_ssh_config(lab_folder: Path, sockets: Path, machines: Iterable[Host]) -> Path:
    """`ssh -F` this file and a node's name: as root, by the connection that the lab holds open.

    The first connection says which host key a machine has, and every later one must find it.
    """
    lines = []
    for host in machines:
        lines += [f"Host {host.name}", f"  HostKeyAlias {host.name}"]
        lines += [f"  {line}" for line in host.lines]
    lines += [
        "Host *",
        "  User root",
        "  IdentitiesOnly yes",
        "  IdentityAgent none",
        f'  UserKnownHostsFile "{lab_folder}/known_hosts"',
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking accept-new",
        *connection_lines(sockets),
    ]
    out = lab_folder / "ssh_config"
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out
