"""What the API of a cluster says: nodes, pods, Services and their endpoints; asked by kubectl."""

import ipaddress
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macros.ground.errors import GuideError

Json = Mapping[str, Any]
_PATIENCE = 40.0
_SLICES = "endpointslices.discovery.k8s.io"
_FORBIDDEN = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)?'
)
_OWN = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl, and the options by which it reaches the cluster."""

    program: str
    options: tuple[str, ...] = ()

    @classmethod
    def found(cls, kubeconfig: Path | None, context: str | None) -> "Kubectl":
        """The kubectl of this machine. GuideError where it has none."""
        program = shutil.which("kubectl")
        if program is None:
            raise GuideError("there is no kubectl on this machine", fix="install kubectl")
        options = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        options += [f"--context={context}"] if context else []
        return cls(program, tuple(options))

    def command(self, *words: str) -> list[str]:
        """The words of a whole command line."""
        return [self.program, *self.options, *words]

    def ask(self, *words: str, stdin: str = "", patience: float = _PATIENCE) -> str:
        """What kubectl prints. GuideError with what a person can do where it fails."""
        try:
            done = subprocess.run(
                self.command(*words), input=stdin, capture_output=True, text=True,
                check=False, timeout=patience, errors="backslashreplace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise GuideError(
                f"the API of the cluster did not answer within {patience:g} s",
                command=f"kubectl {' '.join(words[:3])}",
                fix="see whether `kubectl get nodes` answers",
            ) from None
        if done.returncode != 0:
            raise refused(done.stderr, words)
        return done.stdout


def refused(printed: str, words: Sequence[str]) -> GuideError:
    """The error for what kubectl printed when it failed."""
    printed = printed.strip()
    last = printed.splitlines()[-1] if printed else "nothing"
    command = f"kubectl {' '.join(words[:3])}"
    if forbidden := list(_FORBIDDEN.finditer(printed)):
        return _forbidden(forbidden, command)
    if "localhost:8080" in printed or "no configuration has been provided" in printed.lower():
        return GuideError(
            "kubectl knows no cluster: there is no kubeconfig",
            command=command,
            fix="set KUBECONFIG, or give --kubeconfig FILE; for a lab of the guide --lab NAME",
        )
    return GuideError(f"kubectl failed: {last[:400]}", command=command)


def _forbidden(forbidden: Sequence[re.Match[str]], command: str) -> GuideError:
    """The error for what may not be done, all of it, with the rules that would allow it."""
    rules = [
        f'- apiGroups: ["{one["group"]}"]\n  resources: ["{one["resource"]}"]\n'
        f'  verbs: ["{one["verb"]}"]'
        for one in forbidden
    ]
    where = forbidden[0]["namespace"]
    kind = f"a Role in the namespace {where}" if where else "a ClusterRole"
    verb = forbidden[0]["verb"]
    what = dict.fromkeys(one["resource"] for one in forbidden if one["verb"] == verb)
    asked = "this rule" if len({*rules}) == 1 else "these rules"
    return GuideError(
        f"you may not {verb} {', '.join(what)} in this cluster",
        command=command,
        fix=f"ask for {kind} with {asked}:\n" + "\n".join(dict.fromkeys(rules)),
    )


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod. `node` is "" while it has none; `ending`: it has been deleted and is still there."""

    group: str
    name: str
    node: str
    addresses: tuple[str, ...]
    host: bool
    phase: str
    uid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    restarts: int = 0
    ending: bool = False
    ready: bool = True

    @property
    def full(self) -> str:
        """Its name with its namespace: default/tools."""
        return f"{self.group}/{self.name}"

    @property
    def known_as(self) -> str:
        """As the guide calls a pod: without the namespace where that is `default`."""
        return self.name if self.group == "default" else self.full


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place where a Service leads."""

    address: str
    port: int
    node: str
    pod: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """The cluster as its API has it."""

    nodes: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[str, ...]]
    pods: tuple[Pod, ...]
    services: tuple[Json, ...]
    slices: tuple[Json, ...]
    away: tuple[str, ...] = ()
    """Nodes where no pod of ours would start: not Ready, or without Linux."""

    def pod(self, group: str, name: str) -> Pod | None:
        """The pod of that name."""
        return next((pod for pod in self.pods if (pod.group, pod.name) == (group, name)), None)

    def service(self, group: str, name: str) -> Json | None:
        """The Service of that name."""
        return next((service for service in self.services if _key(service) == (group, name)), None)

    def pod_at(self, address: str) -> Pod | None:
        """The pod with that address and a network of its own."""
        return next((p for p in self.pods if address in p.addresses and not p.host), None)

    def node_at(self, address: str) -> str:
        """The node with that address, or ""."""
        return next((name for name, own in self.nodes.items() if address in own), "")

    def endpoints(self, service: Json, port: Json) -> tuple[Endpoint, ...]:
        """Where a port of a Service leads, ready or not."""
        name = port.get("name") or ""
        return tuple(
            sorted(
                set(_endpoints(self.slices, _key(service), name)),
                key=lambda endpoint: (endpoint.node, endpoint.address),
            )
        )


def asked(kubectl: Kubectl) -> Facts:
    """Ask the API."""
    answer = kubectl.ask(
        "get", f"nodes,pods,services,{_SLICES}", "--all-namespaces", "-o", "json"
    )  # fmt: skip
    return read(json.loads(answer)["items"])


def read(items: Sequence[Json]) -> Facts:
    """The facts from the API's objects."""
    nodes = [item for item in items if item["kind"] == "Node"]
    return Facts(
        {
            node["metadata"]["name"]: tuple(
                address["address"] for address in node["status"].get("addresses", ())
                if address["type"] in ("InternalIP", "ExternalIP")
            )
            for node in nodes
        },
        {
            node["metadata"]["name"]: tuple(
                node["spec"].get("podCIDRs") or ()
            )
            for node in nodes
        },
        tuple(_pod(item) for item in items if item["kind"] == "Pod"),
        tuple(item for item in items if item["kind"] == "Service"),
        tuple(item for item in items if item["kind"] == "EndpointSlice"),
        tuple(node["metadata"]["name"] for node in nodes if not _runs_pods(node)),
    )  # fmt: skip


def _runs_pods(node: Json) -> bool:
    system = (node["metadata"].get("labels") or {}).get("kubernetes.io/os", "linux")
    return system == "linux" and _is(node["status"], "Ready")


def _pod(raw: Json) -> Pod:
    spec, status, meta = raw["spec"], raw.get("status", {}), raw["metadata"]
    # A pod that has ended keeps its address in the API, while another one gets it.
    over = status.get("phase") in ("Succeeded", "Failed")
    addresses = [address["ip"] for address in status.get("podIPs") or () if not over]
    return Pod(
        meta["namespace"], meta["name"], spec.get("nodeName", ""), tuple(addresses),
        bool(spec.get("hostNetwork")), status.get("phase", ""), meta["uid"],
        meta.get("labels") or {},
        sum(held.get("restartCount", 0) for held in status.get("containerStatuses") or ()),
        "deletionTimestamp" in meta, _is(status, "Ready"),
    )  # fmt: skip


def _is(status: Json, condition: str) -> bool:
    """Whether a condition of a pod or node is true."""
    return any(
        one["type"] == condition and one["status"] == "True"
        for one in status.get("conditions") or ()
    )


def _key(raw: Json) -> tuple[str, str]:
    return raw["metadata"]["namespace"], raw["metadata"]["name"]


def _endpoints(slices: Sequence[Json], service: tuple[str, str], port: str) -> Iterator[Endpoint]:
    for endpoint_slice in slices:
        meta = endpoint_slice["metadata"]
        if (meta["namespace"], (meta.get("labels") or {}).get(_OWN)) != service:
            continue
        for to in endpoint_slice.get("ports") or ():
            if (to.get("name") or "") != port or to.get("port") is None:
                continue
            for endpoint in endpoint_slice.get("endpoints") or ():
                ready = (endpoint.get("conditions") or {}).get("ready") is not False
                for address in endpoint.get("addresses") or ():
                    yield Endpoint(
                        address, to["port"], endpoint.get("nodeName") or "",
                        (endpoint.get("targetRef") or {}).get("name", ""), ready,
                    )  # fmt: skip


def family(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_address(address).version
