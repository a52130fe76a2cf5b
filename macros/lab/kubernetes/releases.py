"""Which releases of Kubernetes a cluster can be made of, and what each wants: one table.

A row holds for its minor release and all later ones, until the next row. What the units of nodes
ask of a program is compared with what the program itself says that it knows (flags.py), so a
release that needs a row of its own says so when it is built, and not on a node.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from macros.ground.errors import GuideError

OLDEST = 33
"""The oldest minor release of 1. that is built: what the pages show of nftables is stable in it.

kube-proxy's mode nftables: https://kep.k8s.io/3866, stable in 1.33.
"""

_SOURCES = "https://github.com/kubernetes/kubernetes/blob"
_NAME = re.compile(r"v1\.(?P<minor>\d+)\.(?P<patch>\d+)")


@dataclass(frozen=True, slots=True)
class Release:
    """What releases want from this minor one on."""

    minor: int
    kubeadm: str
    """The version of kubeadm's configuration: what newer ones accept without a warning."""
    etcd: str
    """The oldest etcd that kubeadm accepts: MinExternalEtcdVersion in its constants.go."""
    source: str
    without: tuple[str, ...] = ()
    """What we ask of programs and it does not know: "--flag", or one value, "--flag=value"."""
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that a program needs beside ours, by the program's name."""
    components: Mapping[str, str] = field(default_factory=dict)
    """Other versions than the pinned ones of coredns, flannel and flannel-cni, by name.

    None so far: a difference between two editions is then due to Kubernetes. etcd and the other
    CNI plugins are Debian's, of the versions in packages.lock.
    """


TABLE = (
    # kubeadm.k8s.io/v1beta4 came with 1.31.
    Release(33, "v1beta4", "3.5.24", f"{_SOURCES}/v1.33.13/cmd/kubeadm/app/constants/constants.go"),
    # The controllers of clouds are gone from kube-controller-manager, and cannot be left out of it.
    # kubeadm's v1beta3 is gone; v1 is only a placeholder, refused as experimental (its
    # util/config/common.go, and "Removed the v1beta3 API" in CHANGELOG-1.37.md).
    Release(
        37,
        "v1beta4",
        "3.5.24",
        f"{_SOURCES}/v1.37.2/cmd/kube-controller-manager/app/controller_descriptor.go",
        ("--controllers=-node-route-controller", "--controllers=-service-lb-controller"),
    ),
)
"""By minor release, the oldest first."""


def minor(version: str) -> int:
    """34 for "v1.34.4". GuideError for what is no release, and for one that is too old."""
    match = _NAME.fullmatch(version)
    if match is None:
        raise GuideError(
            f"{version!r} is not a release of Kubernetes",
            fix="say all three numbers, as in v1.36.3",
        )
    number = int(match["minor"])
    if number < OLDEST:
        raise GuideError(
            f"Kubernetes {version} is too old for this guide",
            fix=f"v1.{OLDEST} or newer: go list -m -versions k8s.io/kubernetes",
        )
    return number


def of(version: str) -> Release:
    """The row of the table that holds for a release."""
    number = minor(version)
    return [row for row in TABLE if row.minor <= number][-1]


def component(name: str, kubernetes: str) -> str | None:
    """The version of coredns, flannel or flannel-cni for that Kubernetes; None: the pinned one."""
    return of(kubernetes).components.get(name)


def unit(name: str, text: str, version: str) -> str:
    """A systemd unit of our nodes as that release takes it; `name` is the program it starts."""
    row = of(version)
    for asked in row.without:
        text = re.sub(rf" *(?:\\\n *)?{_word(asked)}(?=\s)", "", text)
    if more := row.also.get(name):
        text = re.sub(r"(?m)^(ExecStart=\S+)", lambda start: " ".join((start[1], *more)), text)
    return text


def words(name: str, asked: Sequence[str | Path], version: str) -> list[str | Path]:
    """The words of a command, its program first, as that release takes them."""
    row = of(version)
    gone = re.compile("|".join(map(_word, row.without)) or r"(?!)")
    known = [word for word in asked if not gone.fullmatch(str(word))]
    return [*known, *row.also.get(name, ())]


def _word(asked: str) -> str:
    """What finds a flag with any value, or with one."""
    return re.escape(asked) + ("" if "=" in asked else r"(?:=\S*)?")


def check_etcd(etcd: str, version: str) -> None:
    """GuideError where Debian's etcd is older than that release accepts."""
    least = of(version).etcd
    if _numbers(etcd) < _numbers(least):
        raise GuideError(
            f"Kubernetes {version} needs etcd {least} or newer; the locked package is {etcd}",
            fix="guide lab build --kubernetes --update-lock",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
