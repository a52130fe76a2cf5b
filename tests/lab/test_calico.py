"""A lab with --cni calico whose images are not Calico's: it says so, and leaves nothing behind.

Or, where they do as Calico's would, it comes up as with those.
"""

import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.ground.suites import KUBERNETES
from macros.lab import inputs, paths, providers, state
from macros.lab.kubernetes import calico, cluster, images
from macros.lab.progress import Progress
from macros.lab.ssh import run
from tests.lab.conftest import PREFIX, guide, known, nothing_left
from tests.unit.test_kubernetes_calico import (
    CNI,
    CONTROLLERS,
    NODE,
    PROGRAMS,
    archive,
    manifest,
)


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like artifacts/calico; its images say of themselves that they are Calico's.

    The disk that is made of them is nobody else's, and goes.
    """
    before = _disks()
    (tmp_path / "calico.yaml").write_text(yaml.safe_dump_all(manifest()), encoding="utf-8")
    for name, programs in PROGRAMS.items():
        archive(tmp_path / f"{name.split('/')[2].partition(':')[0]}.tar", name, programs)
    (tmp_path / "calicoctl-linux-amd64").write_bytes(b"\x7fELF")
    monkeypatch.setenv("CALICO_ARTIFACTS", str(tmp_path))
    calico._files.cache_clear()
    yield tmp_path
    for disk in _disks() - before:
        disk.unlink()


def _disks() -> set[Path]:
    return set((paths.cache() / "kubernetes").glob("parts-*/calico-*.ext4"))


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
    words = ("lab", "up", "--name", name, "--nodes", "1", "--cni", "calico", "--keep")
    done = guide(*words, timeout=600)
    assert done.returncode == 1
    assert "Calico does not run: container upgrade-ipam of calico-node-" in done.stdout
    assert "calico-ipam: applet not found" in done.stdout, "its own last words"
    assert "calico-files.md" in done.stdout
    try:
        _is_kept(name)
    finally:
        guide("lab", "down", "--name", name)
    assert nothing_left(name) == []


def _is_kept(name: str) -> None:
    """It can be looked into, and is no lab to work on."""
    shown = guide("lab", "status", "--name", name)
    assert shown.returncode == 1
    assert "is kept for a look; Calico does not run: container upgrade-ipam" in shown.stdout
    ask = ("node0", "kubectl", "-n", "kube-system", "get", "pods")
    assert "calico-node-" in guide("lab", "ssh", "--name", name, *ask).stdout
    with pytest.raises(GuideError, match="kept for a look"):
        providers.find(name)


def _busybox() -> bytes:
    with tarfile.open(inputs.keys().base_folder / "base.tar") as base:
        member = base.extractfile("./usr/bin/busybox")
        assert member is not None
        return member.read()


# The official ones cannot be had. Each of these answers to the calls that the manifest makes, and
# the installer sets up a plain network, so that the nodes get Ready. As with Calico, there is a CNI
# plugin some time before it does anything: not before calico-node has written the node's name.
_PLUGIN = """\
#!/bin/sh
[ "$CNI_COMMAND" = VERSION ] || [ -e /var/lib/calico/nodename ] || {
echo '{"cniVersion": "0.3.1", "code": 999, "msg": "stat /var/lib/calico/nodename: no such file"}'
exit 1
}
exec /usr/lib/cni/ptp
"""
_STAND_INS = {
    NODE: {
        "bin/calico-node": """\
case $1 in
-init*) exit 0 ;;
-*) [ -e /var/lib/calico/nodename ]; exit ;;
esac
echo "the stand-in starts"
sleep 6
[ -z "$NEVER" ] || exec sleep 100000
echo node >/var/lib/calico/nodename
exec sleep 100000
"""
    },
    CONTROLLERS: {
        "usr/bin/check-status": "exit 0",
        "usr/bin/kube-controllers": "exec sleep 100000",
    },
    CNI: {
        "opt/cni/bin/calico-ipam": "exit 0",
        "opt/cni/bin/install": f"""\
cat >/host/opt/cni/bin/calico <<'PLUGIN'
{_PLUGIN}PLUGIN
chmod 755 /host/opt/cni/bin/calico
n=${{KUBERNETES_NODE_NAME#node}}
cat >/host/etc/cni/net.d/10-calico.conflist <<CONF
{{"cniVersion": "0.3.1", "name": "k8s-pod-network", "plugins": [{{"type": "calico", "ipMasq": true,
 "ipam": {{"type": "host-local", "subnet": "10.42.$n.0/24", "routes": [{{"dst": "0.0.0.0/0"}}]}}}}]}}
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
            for applet in ("sh", "sleep", "cat", "chmod"):
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
    install["volumeMounts"] = [
        {"name": "cni-net-dir", "mountPath": "/host/etc/cni/net.d"},
        {"name": "cni-bin-dir", "mountPath": "/host/opt/cni/bin"},
    ]
    pod = objects[1]["spec"]["template"]["spec"]
    pod["initContainers"][2]["command"] = ["/bin/calico-node", "-init"]
    pod["containers"][0]["volumeMounts"] = [{"name": "calico", "mountPath": "/var/lib/calico"}]
    pod["volumes"].append(
        {"name": "calico", "hostPath": {"path": "/var/lib/calico", "type": "DirectoryOrCreate"}}
    )
    (artifacts / "calico.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    (artifacts / "calicoctl-linux-amd64").write_text('#!/bin/sh\necho stand-in "$@"\n')
    return artifacts


@pytest.mark.usefixtures("stand_in")
def test_a_stand_in_for_calico_brings_the_lab_up_as_the_official_files_would() -> None:
    name = f"{PREFIX}e"
    try:
        done = guide("lab", "up", "--name", name, "--nodes", "2", "--cni", "calico", timeout=600)
        assert done.returncode == 0, done.stdout
        assert "calico: importing its images" in done.stdout
        lab = providers.find(name)
        assert lab.versions["Calico"] == "3.32.1"
        assert "flannel" not in lab.versions

        def said(node: str, command: str) -> str:
            return run(lab, node, command, timeout=120).output.decode()

        assert said("node0", "calicoctl get nodes") == "stand-in get nodes\n"
        assert "not found" in said("node1", "calicoctl get nodes")
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
        _no_pod_was_tried_too_early(said("node0", "kubectl -n kube-system get events -o wide"))
        pods = said("node0", "kubectl -n kube-system get pods -o wide --no-headers").splitlines()
        (controllers,) = [pod for pod in pods if "kube-controllers" in pod]
        assert " node1 " in controllers
        again = guide("lab", "reset", "--name", name, timeout=600)
        assert again.returncode == 0, again.stdout
        assert "importing" not in again.stdout
        assert known(name).nodes[1].name == "node1"
    finally:
        guide("lab", "down", "--name", name)
    assert nothing_left(name) == []


def _no_pod_was_tried_too_early(events: str) -> None:
    """Before calico-node there is a plugin and no network: who is tried then, is tried again late."""
    assert "pod/coredns-" in events, "so that what follows can fail"
    assert "nodename: no such file" not in events
    assert "FailedCreatePodSandBox" not in events


@pytest.mark.usefixtures("stand_in")
def test_one_that_is_never_ready_is_named_with_its_last_words(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calico, "_PATIENCE", 60.0)
    objects = list(yaml.safe_load_all((stand_in / "calico.yaml").read_text(encoding="utf-8")))
    pod = objects[1]["spec"]["template"]["spec"]
    pod["containers"][0]["env"].append({"name": "NEVER", "value": "1"})
    (stand_in / "calico.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    name = f"{PREFIX}f"
    with Progress(Console(quiet=True)) as progress, pytest.raises(GuideError) as error:
        cluster.up(
            name, 1, cluster.MEMORY, progress,
            cluster=Cluster("calico", "iptables"), version=KUBERNETES,
        )  # fmt: skip
    lines = error.value.message.splitlines()
    assert lines[0] == ("Calico was not ready within 60 s: calico-node is ready on 0 of 1 nodes")
    assert lines[1].endswith("on node0, container calico-node: runs")
    assert "        the stand-in starts" in lines
    assert "Readiness probe" in error.value.message
    assert state.read(name) is None
    assert nothing_left(name) == []


@pytest.mark.usefixtures("stand_in")
def test_from_built_parts_a_start_with_calico_costs_at_most_a_minute_more_than_with_flannel() -> (
    None
):
    """What Calico's own images are slower by is theirs; the stand-in takes six seconds."""
    flannel = _start("flannel")
    _start("calico")  # makes the disk
    calico_seconds = _start("calico")
    print(f"calico_seconds {calico_seconds:.1f}\nflannel_seconds {flannel:.1f}")
    assert calico_seconds - flannel <= 60


def _start(cni: str) -> float:
    """Seconds until a cluster of three nodes is up, which is then taken down."""
    name = f"{PREFIX}g"
    begun = time.monotonic()
    try:
        done = guide("lab", "up", "--name", name, "--nodes", "3", "--cni", cni, timeout=600)
        seconds = time.monotonic() - begun
        assert done.returncode == 0, done.stdout
    finally:
        guide("lab", "down", "--name", name)
    return seconds
