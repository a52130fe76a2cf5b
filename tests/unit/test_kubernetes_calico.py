"""Calico's files before a lab is started with them, and what the lab says of its containers.

The files here are made up in the shape of the official ones, which could not be had: a manifest
with the same objects, containers and calls, and archives with the same programs' names in them.
"""

import copy
import hashlib
import io
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from macros.ground.errors import GuideError
from macros.lab.kubernetes import calico, calico_files, images

NODE, CNI, CONTROLLERS = (
    f"quay.io/calico/{name}:v3.32.1" for name in ("node", "cni", "kube-controllers")
)
PROGRAMS = {
    NODE: ["usr/bin/calico-node"],
    CNI: ["opt/cni/bin/calico-ipam", "opt/cni/bin/install"],
    CONTROLLERS: ["usr/bin/kube-controllers", "usr/bin/check-status"],
}


def manifest() -> list[dict[str, Any]]:
    exec_node = {"exec": {"command": ["/bin/calico-node", "-felix-live", "-bird-live"]}}
    speaker = {
        "hostNetwork": True,
        "tolerations": [{"operator": "Exists"}],
        "initContainers": [
            {
                "name": "upgrade-ipam",
                "image": CNI,
                "command": ["/opt/cni/bin/calico-ipam", "-upgrade"],
            },
            {"name": "install-cni", "image": CNI, "command": ["/opt/cni/bin/install"]},
            {"name": "ebpf-bootstrap", "image": NODE, "command": ["calico-node", "-init"]},
        ],
        "containers": [
            {
                "name": "calico-node",
                "image": NODE,
                "imagePullPolicy": "IfNotPresent",
                "env": [
                    {"name": "DATASTORE_TYPE", "value": "kubernetes"},
                    {"name": "IP", "value": "autodetect"},
                    {"name": "CALICO_IPV4POOL_IPIP", "value": "CrossSubnet"},
                    {"name": "NODENAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                ],
                "livenessProbe": exec_node,
                "readinessProbe": exec_node,
            }
        ],
        "volumes": [
            {"name": "cni-bin-dir", "hostPath": {"path": "/opt/cni/bin"}},
            {"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}},
        ],
    }
    controllers = {
        "containers": [
            {
                "name": "calico-kube-controllers",
                "image": CONTROLLERS,
                "livenessProbe": {"exec": {"command": ["/usr/bin/check-status", "-l"]}},
            }
        ]
    }
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "calico-config"}},
        _app("DaemonSet", "calico-node", speaker),
        _app("Deployment", "calico-kube-controllers", controllers),
    ]


def _app(kind: str, name: str, pod: dict[str, Any]) -> dict[str, Any]:
    labels = {"k8s-app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def archive(out: Path, tag: str, programs: list[str]) -> None:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as files:
        for name in programs:
            files.addfile(tarfile.TarInfo(name))
    images.write_archive(tag, layer.getvalue(), {}, out)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """artifacts/calico with everything in it."""
    made = tmp_path / "calico"
    made.mkdir()
    (made / "calico.yaml").write_text(yaml.safe_dump_all(manifest()), encoding="utf-8")
    for name, programs in PROGRAMS.items():
        short = name.split("/")[2].partition(":")[0]
        archive(made / f"calico-{short}.tar", name, programs)
    (made / calico_files.CLIENT).write_bytes(b"\x7fELF")
    monkeypatch.setenv("CALICO_ARTIFACTS", str(made))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    calico._files.cache_clear()
    return made


def test_all_files_are_found_with_their_version(folder: Path) -> None:
    files = calico_files.found()
    assert files.images[NODE].file == folder / "calico-node.tar"
    assert calico.versions() == {"Calico": "3.32.1"}
    calico.check()


@pytest.mark.parametrize("tag", ["calico/node:v3.32.1", "docker.io/calico/node:v3.32.1"])
def test_an_archive_may_call_its_image_by_another_registry(folder: Path, tag: str) -> None:
    archive(folder / "calico-node.tar", tag, PROGRAMS[NODE])
    objects = calico.patched(calico_files.found())
    (speaker,) = [manifest for manifest in objects if manifest["kind"] == "DaemonSet"]
    used = speaker["spec"]["template"]["spec"]["containers"][0]["image"]
    assert used == "docker.io/calico/node:v3.32.1"


def test_an_image_that_is_not_calico_s_is_said_to_be_another_before_anything_starts(
    folder: Path,
) -> None:
    archive(folder / "calico-node.tar", NODE, ["bin/busybox", "bin/sh"])
    begun = time.monotonic()
    with pytest.raises(GuideError, match="it is not Calico's: it has no calico-node") as error:
        calico.check()
    assert time.monotonic() - begun < 60
    assert "artifacts/calico" in str(error.value.fix)


def test_an_image_of_another_version_is_missing(folder: Path) -> None:
    archive(folder / "calico-node.tar", "quay.io/calico/node:v3.30.0", PROGRAMS[NODE])
    with pytest.raises(
        GuideError, match=r"lacks the image quay\.io/calico/node:v3\.32\.1"
    ) as error:
        calico.check()
    assert "v3.30.0" in error.value.message


def test_a_file_that_is_no_archive_is_no_image(folder: Path) -> None:
    (folder / "calico-cni.tar").write_bytes(b"<html>not found</html>")
    with pytest.raises(GuideError, match=r"lacks the image quay\.io/calico/cni"):
        calico.check()


@pytest.mark.parametrize(
    ("text", "said"),
    [("<html>: {", "not YAML"), ("kind: ConfigMap\nmetadata: {name: a}\n", "not Calico's")],
)
def test_a_manifest_that_is_not_calico_s_is_refused(folder: Path, text: str, said: str) -> None:
    (folder / "calico.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(GuideError, match=said):
        calico.check()


def test_without_a_client_its_image_serves_and_without_both_it_is_said(folder: Path) -> None:
    (folder / calico_files.CLIENT).unlink()
    with pytest.raises(GuideError, match="neither calicoctl-linux-amd64 nor the image calico/ctl"):
        calico_files.found()
    archive(folder / "calico-ctl.tar", "calico/ctl:v3.32.1", ["calicoctl"])
    files = calico_files.found()
    assert files.client is None
    assert files.client_image is not None
    assert "exec kubectl -n kube-system exec -i calicoctl" in calico._client(files)


def test_without_files_the_error_names_the_one_that_is_wanted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALICO_ARTIFACTS", str(tmp_path / "nowhere"))
    monkeypatch.setattr(calico_files, "URL", (tmp_path / "no-such-release").as_uri())
    with pytest.raises(GuideError, match="cannot be downloaded") as error:
        calico_files.found()
    assert "release-v3.32.1.tgz" in str(error.value.fix)
    assert not list((tmp_path / "nowhere").iterdir())
    assert folder.is_dir()


def _release(folder: Path, out: Path) -> None:
    inside = "release-v3.32.1"
    places = {
        "calico.yaml": "manifests/calico.yaml",
        calico_files.CLIENT: f"bin/calicoctl/{calico_files.CLIENT}",
    }
    with tarfile.open(out, "w:gz") as release:
        for file in sorted(folder.iterdir()):
            path = places.get(file.name, f"images/{file.name}")
            release.add(file, f"{inside}/{path}")


def test_the_release_s_own_archive_is_enough(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "whole"
    other.mkdir()
    _release(folder, other / calico_files.ARCHIVE)
    monkeypatch.setenv("CALICO_ARTIFACTS", str(other))
    files = calico_files.found()
    assert files.images.keys() == PROGRAMS.keys()
    assert files.client is not None
    assert calico_files.found().folder == files.folder  # unpacked once


def test_an_archive_with_another_sum_than_the_lock_s_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "whole"
    other.mkdir()
    file = other / calico_files.ARCHIVE
    _release(folder, file)
    monkeypatch.setenv("CALICO_ARTIFACTS", str(other))
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(calico_files, "_LINES", [["0" * 64, calico_files.ARCHIVE]])
    with pytest.raises(GuideError, match=f"its sha256 is {right}"):
        calico_files.found()
    monkeypatch.setattr(calico_files, "_LINES", [[right, calico_files.ARCHIVE]])
    assert calico_files.found().version == "3.32.1"


def test_a_cut_archive_leaves_nothing_half_unpacked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "whole"
    other.mkdir()
    file = other / calico_files.ARCHIVE
    _release(folder, file)
    file.write_bytes(file.read_bytes()[:-200])
    monkeypatch.setenv("CALICO_ARTIFACTS", str(other))
    with pytest.raises(GuideError, match=r"cannot be unpacked|lacks|no release"):
        calico_files.found()
    assert not list((tmp_path / "cache" / "packet-by-packet" / "calico").glob("*.new"))


@pytest.mark.usefixtures("folder")
def test_the_manifest_is_patched_and_nothing_else_of_it_changed() -> None:
    files = calico_files.found()
    before = copy.deepcopy(list(files.manifest))
    objects = calico.patched(files)
    assert list(files.manifest) == before  # the files' own stays as it is
    speaker = objects[1]["spec"]["template"]["spec"]
    env = {variable["name"]: variable.get("value") for variable in speaker["containers"][0]["env"]}
    assert env["IP_AUTODETECTION_METHOD"] == "interface=eth1"
    assert env["CALICO_IPV4POOL_CIDR"] == "10.42.0.0/16"
    assert env["CALICO_IPV4POOL_IPIP"] == "Always"
    assert env["DATASTORE_TYPE"] == "kubernetes"
    assert env["NODENAME"] is None  # from the node, not from a value
    assert len(speaker["containers"][0]["env"]) == len(env)
    assert speaker["volumes"][0]["hostPath"]["path"] == "/usr/lib/cni"
    # Undone, it is the official one again.
    for container in calico_files.containers(tuple(objects)):
        container["image"] = NODE if "node:" in container["image"] else container["image"]
    assert objects[0] == before[0]
    assert speaker["volumes"][1] == before[1]["spec"]["template"]["spec"]["volumes"][1]
    policies = [
        container["imagePullPolicy"] for container in calico_files.containers(tuple(objects))
    ]
    assert policies == ["Never"] * 5


def _pod(state: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    container = {"name": "calico-node", "state": state, "lastState": last or {}}
    return {
        "metadata": {
            "name": "calico-node-x2v9p",
            "namespace": "kube-system",
            "labels": {"k8s-app": "calico-node"},
        },
        "spec": {"nodeName": "node1"},
        "status": {"containerStatuses": [container]},
    }


class FakeApi:
    """Answers by the last word of a path; `said` are logs by container, `done` what was changed."""

    def __init__(
        self, pods: list[dict[str, Any]], ready: int = 0, said: dict[str, str] | None = None
    ) -> None:
        warning = {"message": "Readiness probe failed: BIRD is not ready", "lastTimestamp": "2"}
        older = {"message": "Readiness probe failed: no felix", "lastTimestamp": "1"}
        self.answers = {
            "pods": {"items": pods},
            "events": {"items": [warning, older]},
            "calico-node": {"status": {"numberReady": ready}},
            "calico-kube-controllers": {"status": {}},
        }
        self.said = said or {}
        self.done: list[tuple[str, Any]] = []

    def get(self, path: str) -> Any:
        return self.answers[path.partition("?")[0].rpartition("/")[2]]

    def text(self, path: str) -> str:
        return self.said.get(path.partition("?container=")[2], "")

    def change(self, path: str, change: Any) -> None:
        self.done.append((path.rpartition("/")[2], change))


def test_a_container_that_will_never_run_ends_the_wait_with_its_reason() -> None:
    crashed = _pod(
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting"}},
        {"terminated": {"exitCode": 127}},
    )
    with pytest.raises(GuideError, match="calico-node-x2v9p: CrashLoopBackOff") as error:
        calico._lacking(FakeApi([crashed]), 3)  # type: ignore[arg-type]
    assert "exit code 127" in error.value.message
    assert error.value.node == "node1"


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "RunContainerError"])
def test_a_missing_image_ends_the_wait_too(reason: str) -> None:
    with pytest.raises(GuideError, match=reason):
        calico._lacking(FakeApi([_pod({"waiting": {"reason": reason}})]), 3)  # type: ignore[arg-type]


def test_one_that_is_only_starting_is_waited_for() -> None:
    starting = _pod({"waiting": {"reason": "PodInitializing"}})
    assert calico._lacking(FakeApi([starting], 2), 3) == "calico-node is ready on 2 of 3 nodes"  # type: ignore[arg-type]
    running = _pod({"running": {}})
    assert calico._lacking(FakeApi([running], 3), 3) == ""  # type: ignore[arg-type]
