"""A cluster with Calico as it starts: what comes after what, on which node, and why it did not."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from macros.ground.errors import GuideError
from macros.lab import paths
from macros.lab.kubernetes import calico, calico_disk, calico_files, disk, unready
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from tests.unit.test_kubernetes_calico import PROGRAMS, FakeApi, _pod, archive, manifest
from tests.unit.test_kubernetes_calico import folder as artifacts

QUIET = Progress(Console(quiet=True))
folder = artifacts


LAB = Lab("x", "uml", ("node0", "node1", "node2", "client"), Path(), "x-1", {})


def _controllers(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (replicas,) = [
        manifest
        for manifest in objects
        if manifest["metadata"]["name"] == "calico-kube-controllers"
    ]
    return replicas


def test_the_controllers_run_on_node2_and_not_before_they_are_called(folder: Path) -> None:
    objects = manifest()
    objects[2]["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/os": "linux"}
    (folder / "calico.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    spec = _controllers(calico.first_objects(calico_files.found()))["spec"]
    where = {"kubernetes.io/os": "linux", "kubernetes.io/hostname": "node2"}
    assert spec["template"]["spec"]["nodeSelector"] == where
    assert spec["replicas"] == 0
    assert "replicas" not in _controllers(calico.patched(calico_files.found()))["spec"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("nodes", "where"), [(1, "node0"), (2, "node1"), (3, "node2"), (5, "node2")]
)
def test_what_has_an_address_of_calicos_comes_when_calico_node_is_ready(
    monkeypatch: pytest.MonkeyPatch, nodes: int, where: str
) -> None:
    api = FakeApi([])
    order: list[str] = []

    def pause(_seconds: float) -> None:
        """Calico's nodes are ready a moment later, and so are the controllers that are called."""
        order.append("nothing is called yet" if not api.done else "they are")
        ready = {"numberReady": nodes}
        api.answers["calico-node"] = {"status": ready}
        if api.done:
            api.answers["calico-kube-controllers"] = {"status": {"readyReplicas": 1}}

    monkeypatch.setattr(calico, "_on", lambda *_words: None)
    monkeypatch.setattr("macros.lab.kubernetes.calico.time.sleep", pause)
    names = tuple(f"node{number}" for number in range(nodes))
    calico.begin(replace(LAB, nodes=(*names, "client")), api, QUIET)  # type: ignore[arg-type]
    assert order == ["nothing is called yet", "they are"]
    selector = {"spec": {"nodeSelector": {"kubernetes.io/hostname": where}}}
    assert api.done == [
        ("calico-kube-controllers", {"spec": {"replicas": 1, "template": selector}}),
        ("coredns", {"spec": {"replicas": 1}}),
    ]


@pytest.mark.parametrize(("nodes", "where"), [(1, "node0"), (2, "node1"), (3, "node2")])
def test_so_they_do_under_vagrant(tmp_path: Path, nodes: int, where: str) -> None:
    """The last part of the script that runs on its nodes, with a k3s that only keeps its words."""
    script = (paths.SCRIPTS / "vagrant" / "k3s-node.sh").read_text(encoding="utf-8")
    part = script[script.index('if [ "$CNI" = calico ]; then\n\t[ -f') :]
    given = tmp_path / "artifacts" / "calico"
    given.mkdir(parents=True)
    (given / "calico.yaml").write_text("{}\n", encoding="utf-8")
    program = f'k3s() {{ cp -r "${{@: -1}}" {tmp_path}/applied; }}\n{part}'
    words = {
        "CNI": "calico", "NODES": str(nodes), "FILES": str(paths.CHECKOUT), "PATH": "/usr/bin:/bin",
        "artifacts": str(tmp_path / "artifacts"), "TMPDIR": str(tmp_path),
    }  # fmt: skip
    subprocess.run(["bash", "-euo", "pipefail", "-c", program], env=words, check=True)
    applied = tmp_path / "applied"
    named = yaml.safe_load((applied / "kustomization.yaml").read_text(encoding="utf-8"))
    patches = {patch["path"] for patch in named["patches"]}
    assert patches == {file.name for file in applied.glob("calico-*.yaml")}
    text = (applied / "calico-kube-controllers.yaml").read_text(encoding="utf-8")
    selector = yaml.safe_load(text)["spec"]["template"]["spec"]["nodeSelector"]
    assert selector == {"kubernetes.io/hostname": where}


def test_a_calico_that_is_never_ready_is_named_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calico, "_PATIENCE", -1.0)
    log = "".join(f"line {number}\n" for number in range(20))
    api = FakeApi([_pod({"running": {}})], 2, {"calico-node&tailLines=8": log})
    with pytest.raises(GuideError) as error:
        calico._until(lambda: calico._lacking(api, 3), api)  # type: ignore[arg-type]
    assert error.value.message.splitlines() == [
        "Calico was not ready within -1 s: calico-node is ready on 2 of 3 nodes",
        "    calico-node-x2v9p on node1, container calico-node: runs",
        *(f"        line {number}" for number in range(12, 20)),
        "    calico-node-x2v9p on node1: Readiness probe failed: BIRD is not ready",
    ]


def test_what_a_container_said_before_it_was_started_again_is_shown() -> None:
    crashed = _pod(
        {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {"exitCode": 1}}
    )  # fmt: skip
    api = FakeApi([crashed], 0, {"calico-node&tailLines=8&previous=true": "no datastore\n"})
    with pytest.raises(GuideError, match="        no datastore") as error:
        calico._lacking(api, 3)  # type: ignore[arg-type]
    assert error.value.message.count("CrashLoopBackOff") == 2


def test_containers_that_wait_for_another_are_not_blamed() -> None:
    pod = _pod({"waiting": {"reason": "PodInitializing"}})
    pod["status"]["initContainerStatuses"] = [
        {"name": "upgrade-ipam", "ready": True, "state": {"terminated": {"exitCode": 0}}},
        {"name": "install-cni", "ready": False, "state": {"running": {}}},
        {"name": "ebpf-bootstrap", "ready": False, "state": {"waiting": {}}},
    ]
    assert [container["name"] for container in unready.waiting(pod)] == ["install-cni"]
    pod["status"]["initContainerStatuses"] = []
    assert [container["name"] for container in unready.waiting(pod)] == ["calico-node"]
    pod["status"]["containerStatuses"][0]["ready"] = True
    assert unready.waiting(pod) == []


def test_a_pod_that_no_node_takes_is_described_by_what_the_scheduler_says() -> None:
    pod = _pod({})
    pod["spec"] = {}
    complaint = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."
    pod["status"] = {
        "conditions": [{"type": "PodScheduled", "status": "False", "message": complaint}]
    }
    described = unready.described(FakeApi([]), [pod])  # type: ignore[arg-type]
    assert described == f"    calico-node-x2v9p on no node: {complaint}"
    assert calico._pods(FakeApi([pod])) == [pod]  # type: ignore[arg-type]


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The scripts by which disks were made."""
    made: list[bytes] = []

    def make(_kernel: Path, rootfs: Path, parts: Path, out: Path, script: bytes) -> None:
        assert rootfs == parts / "disk.ext4"
        made.append(script)
        out.touch()

    class Built:
        kernel = Path("linux")

    monkeypatch.setattr(disk, "make", make)
    monkeypatch.setattr(calico_disk, "built", Built)
    monkeypatch.setattr(calico_disk, "_written", lambda _p, _v, _o, work: work / "store.tar.gz")
    return made


def _made(place: Path) -> Path:
    files = calico_files.found()
    objects = calico.first_objects(files)
    return calico_disk.made(place, "v1.36.3", files, objects, QUIET)


def test_the_disk_with_calicos_images_is_made_once(
    folder: Path, disks: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "parts"
    path.mkdir()
    first = _made(path)
    assert first.is_file()
    assert first.parent == path, "where the lab looks for the programs of the cluster"
    time = first.stat().st_mtime_ns
    assert _made(path) == first
    assert len(disks) == 1
    assert first.stat().st_mtime_ns == time, "labs that run on it would not start a node again"
    told = disks[0].splitlines()[0].decode()
    assert told.startswith(
        f"files={folder} archives=(calico-cni.tar calico-kube-controllers.tar calico-node.tar)"
        f" client={calico_files.CLIENT} store={path}/calico-"
    )
    # Any other byte of any of the files is another disk.
    seen = {first}
    (folder / calico_files.CLIENT).write_bytes(b"\x7fELF2")
    seen.add(_made(path))
    image = next(iter(PROGRAMS))
    archive(folder / "calico-node.tar", image, [*PROGRAMS[image], "usr/bin/one-more"])
    seen.add(_made(path))
    objects = manifest()
    objects[0]["data"] = {"veth_mtu": "1400"}
    (folder / "calico.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    seen.add(_made(path))
    assert (len(seen), len(disks)) == (4, 4)
    assert len(list(path.iterdir())) == 2, "this one, and the one before"


def test_a_disk_that_could_not_be_made_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, disks: list[bytes], tmp_path: Path
) -> None:
    def fail(_kernel: Path, _rootfs: Path, _parts: Path, out: Path, _script: bytes) -> None:
        out.touch()
        raise GuideError("the disk could not be made")

    monkeypatch.setattr(disk, "make", fail)
    with pytest.raises(GuideError, match="could not be made"):
        _made(tmp_path)
    assert not list(tmp_path.glob("calico-*.*"))
    assert disks == []
    assert folder.is_dir()
