"""A lab with --cni calico whose images are not Calico's: it says so, and leaves nothing behind."""

import io
import tarfile
import time
from pathlib import Path

import pytest
import yaml

from macros.lab import inputs, providers
from macros.lab.kubernetes import images
from macros.lab.ssh import run
from tests.lab.conftest import PREFIX, guide, nothing_left
from tests.unit.test_kubernetes_calico import (
    CNI,
    CONTROLLERS,
    NODE,
    PROGRAMS,
    archive,
    manifest,
)


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like artifacts/calico; its images say of themselves that they are Calico's."""
    (tmp_path / "calico.yaml").write_text(yaml.safe_dump_all(manifest()), encoding="utf-8")
    for name, programs in PROGRAMS.items():
        archive(tmp_path / f"{name.split('/')[2].partition(':')[0]}.tar", name, programs)
    (tmp_path / "calicoctl-linux-amd64").write_bytes(b"\x7fELF")
    monkeypatch.setenv("CALICO_ARTIFACTS", str(tmp_path))
    return tmp_path


def test_an_image_that_is_another_s_is_named_within_a_minute(artifacts: Path) -> None:
    archive(artifacts / "node.tar", NODE, ["bin/busybox"])
    name = f"{PREFIX}c"
    begun = time.monotonic()
    done = guide("lab", "up", "--name", name, "--nodes", "3", "--cni", "calico")
    assert time.monotonic() - begun < 60
    assert done.returncode == 1
    assert "it is not Calico's: it has no calico-node" in done.stdout
    assert nothing_left(name) == []


def test_programs_that_are_not_calico_s_end_the_lab_with_what_the_cluster_says_of_them(
    artifacts: Path,
) -> None:
    """The right names, and in each of them busybox, which knows no such program."""
    busybox = _busybox()
    for image, programs in PROGRAMS.items():
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as files:
            for program in [*programs, "usr/bin/calico-node"]:
                entry = tarfile.TarInfo(program)
                entry.size, entry.mode = len(busybox), 0o755
                files.addfile(entry, io.BytesIO(busybox))
        out = artifacts / f"{image.split('/')[2].partition(':')[0]}.tar"
        images.write_archive(image, layer.getvalue(), {}, out)
    name = f"{PREFIX}d"
    done = guide("lab", "up", "--name", name, "--nodes", "1", "--cni", "calico", timeout=400)
    assert done.returncode == 1
    assert "Calico does not run: container" in done.stdout
    assert "calico-files.md" in done.stdout
    assert nothing_left(name) == []


def _busybox() -> bytes:
    with tarfile.open(inputs.keys().base_folder / "base.tar") as base:
        found = base.extractfile("./usr/bin/busybox")
        assert found is not None
        return found.read()


# The official ones cannot be had. Each of these answers to the calls that the manifest makes, and
# the installer sets up a plain network, so that the nodes get Ready.
_STAND_INS = {
    NODE: {"bin/calico-node": "[ $# -gt 0 ] || exec sleep 100000"},
    CONTROLLERS: {
        "usr/bin/check-status": "exit 0",
        "usr/bin/kube-controllers": "exec sleep 100000",
    },
    CNI: {
        "opt/cni/bin/calico-ipam": "exit 0",
        "opt/cni/bin/install": """\
n=${KUBERNETES_NODE_NAME#node}
cat >/host/etc/cni/net.d/10-calico.conflist <<CONF
{"cniVersion": "0.3.1", "name": "k8s-pod-network", "plugins": [{"type": "ptp", "ipMasq": true,
 "ipam": {"type": "host-local", "subnet": "10.42.$n.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}]}
CONF
""",
    },
}
_STARTS = {NODE: ["/bin/calico-node"], CONTROLLERS: ["/usr/bin/kube-controllers"], CNI: ["/bin/sh"]}


@pytest.fixture
def stand_in(artifacts: Path) -> Path:
    busybox = _busybox()
    for image, scripts in _STAND_INS.items():
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as files:
            programs = {"bin/busybox": busybox}
            programs |= {
                name: f"#!/bin/busybox sh\nPATH=/bin\n{text}\n".encode()
                for name, text in scripts.items()
            }
            for name, content in programs.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755
                files.addfile(entry, io.BytesIO(content))
            for applet in ("sh", "sleep", "cat"):
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                files.addfile(link)
        out = artifacts / f"{image.split('/')[2].partition(':')[0]}.tar"
        images.write_archive(image, layer.getvalue(), {"Cmd": _STARTS[image]}, out)
    objects = manifest()
    install = objects[1]["spec"]["template"]["spec"]["initContainers"][1]
    install["env"] = [
        {"name": "KUBERNETES_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    ]
    install["volumeMounts"] = [{"name": "cni-net-dir", "mountPath": "/host/etc/cni/net.d"}]
    bootstrap = objects[1]["spec"]["template"]["spec"]["initContainers"][2]
    bootstrap["command"] = ["/bin/calico-node", "-init"]
    (artifacts / "calico.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    (artifacts / "calicoctl-linux-amd64").write_text('#!/bin/sh\necho stand-in "$@"\n')
    return artifacts


@pytest.mark.usefixtures("stand_in")
def test_a_stand_in_for_calico_brings_the_lab_up_as_the_official_files_would() -> None:
    name = f"{PREFIX}e"
    try:
        done = guide("lab", "up", "--name", name, "--nodes", "2", "--cni", "calico", timeout=600)
        assert done.returncode == 0, done.stdout
        found = providers.find(name)
        assert found.versions["Calico"] == "3.32.1"
        assert "flannel" not in found.versions

        def said(node: str, command: str) -> str:
            return run(found, node, command, timeout=120).output.decode()

        assert said("node0", "calicoctl get nodes") == "stand-in get nodes\n"
        assert "datastoreType: kubernetes" in said("node0", "cat /etc/calico/calicoctl.cfg")
        env = said("node0", "kubectl -n kube-system get ds calico-node -o yaml")
        assert "interface=eth1" in env
        assert "path: /usr/lib/cni" in env
        nodes = said("node0", "kubectl get nodes --no-headers")
        assert nodes.count(" Ready ") == 2
        # The kernel's own tunnel is on the node, for Calico to use, and in no pod.
        assert "tunl0" in said("node1", "ip -br link")
        pod = "ip netns exec $(ip netns list | grep -o '^cni-[^ ]*' | head -1) ip -br link"
        inside = said("node0", pod) + said("node1", pod)
        assert "eth0" in inside
        assert "tunl0" not in inside
    finally:
        guide("lab", "down", "--name", name)
    assert nothing_left(name) == []
