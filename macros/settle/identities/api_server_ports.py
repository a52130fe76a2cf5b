"""The port of the API server that made a lab's cluster."""

from collections.abc import Iterator, Mapping
from typing import Any

from macros.ground import ports
from macros.settle.declaration import Evidence, Identity, Named


def _learn(evidence: Evidence) -> frozenset[str]:
    """The ports that the Service `kubernetes` leads to."""
    return frozenset(
        str(port)
        for document in evidence.documents
        for service in _objects(document)
        for port in _ports(service)
    )


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    items = document.get("items", [document]) if isinstance(document, Mapping) else document
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and item.get("kind") == "Service":
            yield item


def _ports(service: Mapping[str, Any]) -> Iterator[int]:
    metadata = service.get("metadata") or {}
    if f"{metadata.get('namespace')}/{metadata.get('name')}" != "default/kubernetes":
        return
    lists = [value for value in (service.get("spec") or {}).values() if isinstance(value, list)]
    for port in (item for items in lists for item in items if isinstance(item, Mapping)):
        target = port.get("targetPort")
        if isinstance(target, int) and ports.is_chosen(target):
            yield target


def _read(raw: str, _shape: str, known: frozenset[str]) -> Named | None:
    return Named(raw, "chosen by the kernel") if raw in known else None


IDENTITY = Identity(
    name="API server's port",
    what="the port that the Service `kubernetes` leads to where the kernel chose it, for the API"
    " server that a lab was built with; another Service's is a fact",
    scope="lab",
    rank=85,
    learn=_learn,
    read=_read,
    keys=("targetPort",),
    in_spec=True,
)
