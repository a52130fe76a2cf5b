"""A cluster's facts from what its API answered when the guide's pages were recorded."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from macros.tracer.cluster_facts import Facts, read

RECORDED = Path(__file__).parents[2] / "recordings" / "2026-11"


def items(*names: str) -> list[Mapping[str, Any]]:
    """The objects of recorded answers: "faults/pods"."""
    found: list[Mapping[str, Any]] = []
    for name in names:
        answer = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
        found += answer.get("items", [answer])
    return found


def facts(*more: Mapping[str, Any]) -> Facts:
    """The cluster of chapter 7, and more objects."""
    names = ("ips/nodes", "faults/pods", "services/services", "services/slices")
    return read([*items(*names, "faults/lost-service", "faults/lost-slices"), *more])


def service(name: str, **spec: Any) -> Mapping[str, Any]:
    """A Service as the API has it."""
    return {"kind": "Service", "metadata": {"namespace": "default", "name": name}, "spec": spec}


def slice_of(name: str, addresses: Sequence[str], *, ready: bool = True) -> Mapping[str, Any]:
    """An EndpointSlice as the API has it, with the port 80."""
    ends = [{"addresses": [one], "conditions": {"ready": ready}} for one in addresses]
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "default", "name": f"{name}-x1",
            "labels": {"kubernetes.io/service-name": name},
        },
        "ports": [{"name": "http", "port": 80}],
        "endpoints": ends,
    }  # fmt: skip
