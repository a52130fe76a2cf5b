"""What `vagrant up` needs beside Vagrant itself: k3s, Calico, the image of Docker's nodes."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import inputs, paths
from macros.lab.progress import Progress
from macros.lab.tools import call, which

_IMAGE = "packet-by-packet/node"
_IMAGE_FILES = (
    "container-init",
    "container-sysctl",
    "guide-node",
    "guide-node.service",
    "image.sh",
    "node.sh",
)
"""What the Docker provider's image is made from, beside packages and scripts/node."""


def required(
    cluster: Cluster | None, provider: str | None, progress: Progress
) -> Mapping[str, str]:
    """Look whether all is there that `vagrant up` will want, before anything is taken away for it.

    What the Vagrantfile is told beyond a lab's words.
    """
    if cluster:
        script = paths.SCRIPTS / "vagrant" / "k3s.sh"
        call(script, "fetch", what="looking for k3s", fix="docs/lab.md, or a lab without --cni")
    if cluster and cluster.cni == "calico":
        own = os.environ.get("GUIDE_ARTIFACTS")
        manifest = (Path(own) if own else paths.CHECKOUT / "artifacts") / "calico" / "calico.yaml"
        if not manifest.is_file():
            raise GuideError(
                f"there is no {manifest}", fix="docs/reference/calico-files.md says where to get it"
            )
    return {"GUIDE_IMAGE": image(progress)} if provider == "docker" else {}


def image(progress: Progress) -> str:
    """The Docker image of this checkout's inputs, made when Docker has none. GuideError says why.

    It has the packages of the lab uml, from `guide lab build`'s cache.
    """
    name = f"{_IMAGE}:{_image_key()}"
    docker = which("docker")
    if docker is None:
        raise GuideError(
            "the Docker provider needs Docker, and there is none on this machine",
            fix="apt-get install docker.io, or --provider virtualbox or libvirt",
        )
    call(
        docker, "info", what="asking Docker",
        fix="start Docker and join its group (docker), or choose another --provider",
    )  # fmt: skip
    asked = [docker, "image", "inspect", name]
    if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        return name
    base = inputs.keys().base_folder / "base.tar"
    if not base.is_file():
        raise GuideError(
            "the image for the Docker provider is made from the lab's packages, which are missing",
            fix="guide lab build",
        )
    progress.step("image for the Docker provider: making it")
    script = paths.SCRIPTS / "vagrant" / "image.sh"
    call(script, base, name, what="making the image", each_line=lambda _: None)
    call(docker, "tag", name, f"{_IMAGE}:latest", what="naming the image")
    return name


def _image_key() -> str:
    digest = hashlib.sha256(inputs.keys().base.encode())
    scripts = [paths.SCRIPTS / "vagrant" / name for name in _IMAGE_FILES]
    for file in (*scripts, paths.SCRIPTS / "node" / "sshd.conf", inputs.IMAGE):
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
