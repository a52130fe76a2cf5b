"""Calico on a cluster: its official manifest and images, from artifacts/calico/.

What `cluster` asks of it: the disk that nodes start from, what versions it is, and, when the nodes
are registered and kubelet runs, that it is brought up.

One after the other: calico-node, then what has an address from Calico itself. A pod that is tried
while its node has a CNI plugin and not yet a calico-node fails, and kubelet tries it again after
ten to fifteen seconds; one that gets as far, and connects before its rules are written, waits for
time-outs of half a minute. It also fixes who gets which address.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.lab import paths
from macros.lab.kubernetes import calico_disk, calico_files, unready
from macros.lab.kubernetes.api import Api
from macros.lab.kubernetes.calico_files import Files
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from macros.lab.ssh import run

PATCHES = paths.SCRIPTS / "vagrant" / "calico"
"""What both labs tell calico-node and its controllers: patches as kustomize takes them."""

_NODE, _CONTROLLERS = "calico-node", "calico-kube-controllers"
_HOSTNAME = "kubernetes.io/hostname"
_LAST = 2  # the number of the node that the patch names
_APPS = "/apis/apps/v1/namespaces/kube-system"
_PODS = "/api/v1/namespaces/kube-system/pods"
_PLUGINS = "/usr/lib/cni"  # where Debian's containerd looks for CNI plugins
_PATIENCE = 240.0  # seconds until a Calico that does not get ready counts as broken
# What a container waits for that will not come.
_LOST = frozenset(
    {
        "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError",
        "ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff",
        "InvalidImageName", "RunContainerError",
    }
)  # fmt: skip
_CONFIG = """\
apiVersion: projectcalico.org/v3
kind: CalicoAPIConfig
metadata:
spec:
  datastoreType: kubernetes
  kubeconfig: /etc/kubernetes/admin.conf
"""
_IN_A_POD = 'exec kubectl -n kube-system exec -i calicoctl -- calicoctl "$@"'


def check() -> None:
    """GuideError when something is missing, before anything is started."""
    _files()


def disk(parts_folder: Path, version: str, progress: Progress) -> Path:
    """The disk of the nodes, with Calico's images and objects, made of that version's parts."""
    files = _files()
    return calico_disk.made(parts_folder, version, files, first_objects(files), progress)


def versions() -> dict[str, str]:
    """What it adds to a lab's versions: {"Calico": "3.32.1"}."""
    return {"Calico": _files().version}


@cache
def _files() -> Files:
    return calico_files.found()


def first_objects(files: Files) -> list[dict[str, Any]]:
    """What the store of such a cluster has from its first moment."""
    objects = patched(files)
    for item in objects:
        if _named(item) == ("Deployment", _CONTROLLERS):
            item["spec"]["replicas"] = 0  # not before calico-node
    if files.client_image:
        objects.append(_client_pod(files.client_image.tag))
    return objects


def begin(lab: Lab, api: Api, progress: Progress) -> None:
    """Wait until calico-node is ready on every node, then let come what it is a network for."""
    nodes = sum(node.startswith("node") for node in lab.nodes)
    _on(lab, "node0", _client(_files()))
    progress.step(f"lab {lab.name}: waiting for Calico")
    _until(lambda: _lacking(api, nodes), api)
    where = {_HOSTNAME: f"node{min(_LAST, nodes - 1)}"}
    pod = {"spec": {"nodeSelector": where}}
    api.change(f"{_APPS}/deployments/{_CONTROLLERS}", {"spec": {"replicas": 1, "template": pod}})
    api.change(f"{_APPS}/deployments/coredns", {"spec": {"replicas": 1}})
    _until(lambda: _controllers_lack(api), api)


def _until(lacking: Callable[[], str], api: Api) -> None:
    """Return when nothing is lacking. GuideError with what is known, when that takes too long."""
    until = time.monotonic() + _PATIENCE
    while lacks := lacking():
        if time.monotonic() > until:
            raise GuideError(
                f"Calico was not ready within {_PATIENCE:.0f} s: {lacks}\n"
                f"{unready.described(api, _pods(api))}".rstrip()
            )
        time.sleep(0.5)


def _client(files: Files) -> str:
    """What makes calicoctl a command of node0."""
    if files.client:
        return (
            "ln -sf /usr/local/lib/guide/calicoctl /usr/local/bin/calicoctl && mkdir -p /etc/calico"
            f" && printf %s '{_CONFIG}' >/etc/calico/calicoctl.cfg"
        )
    return (
        f"printf '%s\\n' '#!/bin/sh' '{_IN_A_POD}' >/usr/local/bin/calicoctl"
        " && chmod 755 /usr/local/bin/calicoctl"
    )


def _on(lab: Lab, node: str, command: str) -> None:
    answer = run(lab, node, command, timeout=180)
    if answer.exit:
        message = answer.output.decode(errors="replace").strip()[-400:]
        raise GuideError(f"calicoctl cannot be installed: {message}", node=node)


def patched(files: Files) -> list[dict[str, Any]]:
    """The official manifest with what this lab needs said, and nothing else changed.

    The settings of scripts/vagrant/calico, images as their archives are called (and none from
    elsewhere), and the folder in which containerd looks for plugins.
    """
    objects = [copy.deepcopy(dict(item)) for item in files.manifest]
    for container in calico_files.containers(tuple(objects)):
        container["image"] = _imported(files.images[container["image"]].tag)
        container["imagePullPolicy"] = "Never"
    for item in objects:
        pod = item.get("spec", {}).get("template", {}).get("spec", {})
        for volume in pod.get("volumes", ()):
            if volume["name"] == "cni-bin-dir":
                volume["hostPath"]["path"] = _PLUGINS
        if _named(item) == ("DaemonSet", _NODE):
            (wanted,) = _patch(_NODE)["containers"]
            (speaker,) = (it for it in pod["containers"] if it["name"] == wanted["name"])
            speaker["env"] = _merged(speaker.get("env", []), wanted["env"])
        if _named(item) == ("Deployment", _CONTROLLERS):
            where = _patch(_CONTROLLERS)["nodeSelector"]
            pod["nodeSelector"] = {**pod.get("nodeSelector", {}), **where}
    return objects


def _named(thing: Mapping[str, Any]) -> tuple[str, str]:
    return str(thing.get("kind")), str(thing.get("metadata", {}).get("name"))


def _patch(name: str) -> dict[str, Any]:
    """What is said of the pods of that name."""
    patch = safe_yaml.load((PATCHES / f"{name}.yaml").read_bytes())
    pod: dict[str, Any] = patch["spec"]["template"]["spec"]
    return pod


def _client_pod(tag: str) -> dict[str, Any]:
    """A pod of node0 that has calicoctl, with the administrator's rights, as it has on the node."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "calicoctl", "namespace": "kube-system"},
        "spec": {
            "nodeName": "node0",
            "hostNetwork": True,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "calicoctl",
                    "image": _imported(tag),
                    "imagePullPolicy": "Never",
                    "command": ["calicoctl", "version", "--poll=1m"],
                    "env": [
                        {"name": "DATASTORE_TYPE", "value": "kubernetes"},
                        {"name": "KUBECONFIG", "value": "/etc/kubernetes/admin.conf"},
                    ],
                    "volumeMounts": [
                        {"name": "rights", "mountPath": "/etc/kubernetes", "readOnly": True}
                    ],
                }
            ],
            "volumes": [{"name": "rights", "hostPath": {"path": "/etc/kubernetes"}}],
        },
    }


def _imported(tag: str) -> str:
    """What containerd calls an imported image: with a registry, Docker's where none is named."""
    first = tag.partition("/")[0]
    return tag if "/" in tag and ("." in first or ":" in first) else f"docker.io/{tag}"


def _merged(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Environment variables, as kustomize merges them: by name, those of the patch last."""
    names = {entry["name"] for entry in new}
    return [*(entry for entry in old if entry["name"] not in names), *new]


def _pods(api: Api) -> list[Mapping[str, Any]]:
    """Calico's own pods that are not ready."""
    every = (api.get(_PODS) or {}).get("items", ())
    calicos = (
        pod
        for pod in every
        if str(pod["metadata"].get("labels", {}).get("k8s-app", "")).startswith("calico")
    )
    return [pod for pod in calicos if unready.waiting(pod) or not _started(pod)]


def _started(pod: Mapping[str, Any]) -> bool:
    return bool(pod.get("status", {}).get("containerStatuses"))


def _lacking(api: Api, nodes: int) -> str:
    """What of calico-node is not ready yet, or nothing. GuideError when it cannot be any more."""
    _give_up_lost(api)
    speakers = (api.get(f"{_APPS}/daemonsets/{_NODE}") or {}).get("status", {})
    if speakers.get("numberReady") == nodes:
        return ""
    return f"calico-node is ready on {speakers.get('numberReady', 0)} of {nodes} nodes"


def _controllers_lack(api: Api) -> str:
    """The same of what is started when calico-node is ready."""
    _give_up_lost(api)
    controllers = (api.get(f"{_APPS}/deployments/{_CONTROLLERS}") or {}).get("status", {})
    return "" if controllers.get("readyReplicas") == 1 else f"{_CONTROLLERS} is not ready"


def _give_up_lost(api: Api) -> None:
    """GuideError as soon as a container will never run."""
    for pod in _pods(api):
        for name, why in lost(pod):
            raise GuideError(
                f"Calico does not run: container {name} of {pod['metadata']['name']}: {why}\n"
                f"{unready.described(api, [pod])}".rstrip(),
                node=pod["spec"].get("nodeName"),
                fix="check the files in artifacts/calico: docs/reference/calico-files.md",
            )


def lost(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The containers of a pod that will never run, each with what the API says of it."""
    for container in unready.waiting(pod):
        if container.get("state", {}).get("waiting", {}).get("reason") in _LOST:
            yield container["name"], unready.state(container)
