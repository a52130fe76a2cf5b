"""Which programs a cluster is made of, from which pinned modules, where in the cache."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import paths
from macros.lab.kubernetes import releases

FOLDER = paths.SCRIPTS / "kubernetes"
BUILD = FOLDER / "build.sh"
STEPS = "1"
"""Raised by hand when the code changes what it makes from the same files."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program to compile."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Module:
    """A folder with go.mod and go.sum, and the programs that are compiled from it."""

    name: str
    requires: str
    """The module that go.mod pins and that the programs are numbered by."""
    programs: tuple[Program, ...]
    lines: int
    """That compiling them prints, the modules above compiled already; for the progress bar only."""
    settings: tuple[str, ...] = ()
    """String variables that the linker sets; {version}, {major} and {minor} are filled in."""
    cgo: bool = False


_COMMANDS = "k8s.io/kubernetes/cmd"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")

KUBERNETES = Module(
    "kubernetes",
    "k8s.io/kubernetes",
    (
        Program("kube-apiserver", f"{_COMMANDS}/kube-apiserver"),
        Program("kubelet", f"{_COMMANDS}/kubelet"),
        Program("kubeadm", f"{_COMMANDS}/kubeadm"),
        Program("kube-controller-manager", f"{_COMMANDS}/kube-controller-manager"),
        Program("kube-scheduler", f"{_COMMANDS}/kube-scheduler"),
        Program("kube-proxy", f"{_COMMANDS}/kube-proxy"),
        Program("kubectl", f"{_COMMANDS}/kubectl"),
    ),
    2813,
    tuple(
        f"{package}.{setting}"
        for package in _VERSION_PACKAGES
        for setting in (
            "gitVersion={version}",
            "gitMajor={major}",
            "gitMinor={minor}",
            "gitTreeState=clean",
        )
    ),
)
COREDNS = Module(
    "coredns",
    "github.com/coredns/coredns",
    # Ours has fewer plugins: see its main.go.
    (Program("coredns", "packet-by-packet/coredns"),),
    537,
)
FLANNEL = Module(
    "flannel",
    "github.com/flannel-io/flannel",
    (Program("flanneld", "github.com/flannel-io/flannel"),),
    467,
    ("github.com/flannel-io/flannel/pkg/version.Version={version}",),
    cgo=True,  # one of its backends, udp, is written in C
)
FLANNEL_CNI = Module(
    "flannel-cni",
    "github.com/containernetworking/plugins",
    (Program("flannel", "github.com/containernetworking/plugins/plugins/meta/flannel"),),
    9,
    ("github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion={version}",),
)
MODULES = (KUBERNETES, COREDNS, FLANNEL, FLANNEL_CNI)


def source(module: Module, version: str = "") -> Path:
    """The folder of the module's files at that version, the pinned one by default.

    What the checkout does not pin is in the cache, once module_files.py has made it there.
    """
    if not version or version == pinned(module):
        return FOLDER / module.name
    own = place_of_pin(module, version)
    return own if own.is_dir() else made(module, version)


def place_of_pin(module: Module, version: str) -> Path:
    """Where the checkout has, or would have, the files of a version beside the pinned one."""
    return FOLDER / f"{module.name}-{version}"


def made(module: Module, version: str) -> Path:
    """Where the cache has, or would have, the files of a version that the checkout lacks."""
    return paths.cache() / "kubernetes-modules" / f"{module.name}-{version}"


def pinned(module: Module) -> str:
    """The version that the module's go.mod requires: "v1.36.3"."""
    path = FOLDER / module.name / "go.mod"
    text = path.read_text(encoding="utf-8")
    match = re.search(rf"^(?:require )?\s*{re.escape(module.requires)} (v\S+)", text, re.MULTILINE)
    if match is None:
        raise GuideError(f"{path} does not require {module.requires}")
    return match[1]


def pins(module: Module, version: str) -> bool:
    """Whether the checkout has go.mod and go.sum for that version."""
    return version == pinned(module) or place_of_pin(module, version).is_dir()


def version_of(module: Module, kubernetes: str) -> str:
    """The version to build, when Kubernetes is to be that one."""
    if module is not KUBERNETES:
        return releases.component(module.name, kubernetes) or pinned(module)
    _ = releases.minor(kubernetes)
    return kubernetes


def folder(module: Module, kubernetes: str, compiler: str) -> Path:
    """Where the module's programs are or will be; named by a hash of all they are made from."""
    version = version_of(module, kubernetes)
    digest = hashlib.sha256("\0".join((STEPS, version, compiler, *module.settings)).encode())
    tree = source(module, version)
    # A module that is yet to be made has none: its programs are then somewhere else, afterwards.
    files = [BUILD, *sorted(file for file in tree.rglob("*") if file.is_file())]
    for file in files:
        content = file.read_bytes()
        digest.update(f"\0{file.name}\0{len(content)}\0".encode() + content)
    name = f"{module.name}-{version}-{digest.hexdigest()[:16]}"
    return paths.cache() / "kubernetes" / name


def settings(module: Module, version: str) -> str:
    """What the linker sets for this version, as its flags."""
    major, minor, _ = version.removeprefix("v").split(".", 2)
    return " ".join(
        f"-X {setting.format(version=version, major=major, minor=minor)}"
        for setting in module.settings
    )
