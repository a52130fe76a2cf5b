"""Calico on a cluster: its official manifest and images, from artifacts/calico/.

Three questions that `cluster` asks: is everything there, what versions is it, and, when the nodes
are registered and kubelet runs, bring it up.
"""

import copy
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from macros.ground.errors import GuideError
from macros.lab import paths, state
from macros.lab.kubernetes import calico_files
from macros.lab.kubernetes.api import Api
from macros.lab.kubernetes.calico_files import Files
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from macros.lab.ssh import run

PATCH = paths.SCRIPTS / "vagrant" / "calico" / "calico-node.yaml"
"""What both labs tell calico-node: a patch as kustomize takes it."""

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


def versions() -> dict[str, str]:
    """What it adds to a lab's versions: {"Calico": "3.32.1"}."""
    return {"Calico": _files().version}


@cache
def _files() -> Files:
    return calico_files.found()


def begin(lab: Lab, api: Api, progress: Progress) -> None:
    """Import its images on every node, give its manifest to the API, wait until it is ready."""
    files = _files()
    nodes = [node for node in lab.nodes if node.startswith("node")]
    progress.step(f"lab {lab.name}: importing Calico's images")
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(lambda node: _on(lab, node, _import(files, node)), nodes))
    progress.step(f"lab {lab.name}: waiting for Calico")
    objects = patched(files)
    if files.client_image:
        objects.append(_client_pod(files.client_image.tag))
    _apply(lab, yaml.safe_dump_all(objects, sort_keys=False))
    until = time.monotonic() + _PATIENCE
    while lacking := _lacking(api, len(nodes)):
        if time.monotonic() > until:
            raise GuideError(f"Calico did not get ready within {_PATIENCE:.0f} s: {lacking}")
        time.sleep(0.5)


def _import(files: Files, node: str) -> str:
    """What a node runs: the files are this computer's own, read through hostfs."""
    there = "/run/calico-files"
    words = [
        f"mkdir -p {there}",
        f"mount -t hostfs -o 'ro,hostfs={files.folder}' none {there}",
        *(
            f"ctr -n k8s.io images import --local {there}/{image.file.name} >/dev/null"
            for image in files.images.values()
        ),
    ]
    if node == "node0" and files.client:
        words += [
            f"install -m 755 {there}/{files.client.name} /usr/local/bin/calicoctl",
            "mkdir -p /etc/calico",
            f"printf %s '{_CONFIG}' >/etc/calico/calicoctl.cfg",
        ]
    elif node == "node0" and files.client_image:
        file = f"{there}/{files.client_image.file.name}"
        words += [
            f"ctr -n k8s.io images import --local {file} >/dev/null",
            f"printf '%s\\n' '#!/bin/sh' '{_IN_A_POD}' >/usr/local/bin/calicoctl",
            "chmod 755 /usr/local/bin/calicoctl",
        ]
    return " && ".join([*words, f"umount {there}"])


def _on(lab: Lab, node: str, command: str) -> None:
    answer = run(lab, node, command, timeout=180)
    if answer.exit:
        said = answer.output.decode(errors="replace").strip()[-400:]
        raise GuideError(f"Calico's images cannot be imported: {said}", node=node)


def patched(files: Files) -> list[dict[str, Any]]:
    """The official manifest with what this lab needs said, and nothing else changed.

    The settings of scripts/vagrant/calico, images as their archives are called (and none from
    elsewhere), and the folder in which containerd looks for plugins.
    """
    settings = yaml.safe_load(PATCH.read_text(encoding="utf-8"))
    (wanted,) = settings["spec"]["template"]["spec"]["containers"]
    objects = [copy.deepcopy(dict(each)) for each in files.manifest]
    for container in calico_files.containers(tuple(objects)):
        container["image"] = _imported(files.images[container["image"]].tag)
        container["imagePullPolicy"] = "Never"
        if container["name"] == wanted["name"]:
            container["env"] = _merged(container.get("env", []), wanted["env"])
    for each in objects:
        pod = each.get("spec", {}).get("template", {}).get("spec", {})
        for volume in pod.get("volumes", ()):
            if volume["name"] == "cni-bin-dir":
                volume["hostPath"]["path"] = _PLUGINS
    return objects


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
    names = {each["name"] for each in new}
    return [*(each for each in old if each["name"] not in names), *new]


def _apply(lab: Lab, manifest: str) -> None:
    """By kubectl on this machine. The server merges: the manifest is too large for kubectl to."""
    found = state.read(lab.name)
    assert found is not None  # noqa: S101  it is being started
    words: list[str | Path] = [
        Path(found.rootfs).parent / "bin/kubectl",
        "--kubeconfig", found.folder / "kubeconfig",
        "apply", "--server-side", "-f", "-",
    ]  # fmt: skip
    done = subprocess.run(
        words, input=manifest, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise GuideError(f"the API of the cluster refuses Calico: {done.stderr.strip()[-400:]}")


def _lacking(api: Api, nodes: int) -> str:
    """What is not ready yet, or nothing. GuideError as soon as it cannot be any more."""
    pods = api.get("/api/v1/namespaces/kube-system/pods")
    for pod in (pods or {}).get("items", ()):
        if str(pod["metadata"].get("labels", {}).get("k8s-app", "")).startswith("calico"):
            for name, why in lost(pod):
                raise GuideError(
                    f"Calico does not run: container {name} of {pod['metadata']['name']}: {why}",
                    node=pod["spec"].get("nodeName"),
                    fix="check the files in artifacts/calico: docs/reference/calico-files.md",
                )
    apps = "/apis/apps/v1/namespaces/kube-system"
    speakers = (api.get(f"{apps}/daemonsets/calico-node") or {}).get("status", {})
    controllers = (api.get(f"{apps}/deployments/calico-kube-controllers") or {}).get("status", {})
    if speakers.get("numberReady") != nodes:
        return f"calico-node is ready on {speakers.get('numberReady', 0)} of {nodes} nodes"
    return "" if controllers.get("readyReplicas") == 1 else "calico-kube-controllers is not ready"


def lost(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The containers of a pod that will never run, each with what the API says of it."""
    status = pod.get("status", {})
    every = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    for container in every:
        waiting = container.get("state", {}).get("waiting", {})
        ended = container.get("lastState", {}).get("terminated", {})
        if waiting.get("reason") in _LOST:
            said = [waiting["reason"], waiting.get("message", "")]
            if ended:
                said.append(f"it ended with exit code {ended.get('exitCode')}")
            yield container["name"], "; ".join(filter(None, said))
