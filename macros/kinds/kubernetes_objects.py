"""Kubernetes' objects: what `kubectl get` shows.

JSON or YAML: the objects as the API has them (kubernetes.io, API reference). Without it the tables
are read (`kubectl`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds import kubectl
from macros.kinds.fields import Raw, by_name, inside, must, objects, string, yaml_objects
from macros.kinds.kind import Entry, Facts, Kind, Speech

_SERVICE = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Object:
    """One object. What it does not have is None.

    `columns` is its line of the table, by the small words of the header (`nominated-node`); `raw`
    the object in the API's words, so a path goes on there: `node0.spec.podCIDR`. Either is empty
    where the other was read.
    """

    KEY: ClassVar = "name"
    INSIDE: ClassVar = ("columns",)

    name: str
    namespace: str | None = None
    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def ip(self) -> str | None:
        """A pod's address, or a node's own."""
        status = inside(self.raw, "status")
        own = [
            address
            for address in status.get("addresses") or ()
            if address.get("type") == "InternalIP"
        ]
        return string(status, "podIP") or (string(own[0], "address") if own else None)

    @property
    def node(self) -> str | None:
        """The node that a pod is on."""
        return string(inside(self.raw, "spec"), "nodeName")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses behind an EndpointSlice, sorted: their order means nothing."""
        return tuple(
            sorted(a for endpoint in self._endpoints for a in endpoint.get("addresses") or ())
        )

    @property
    def ready(self) -> tuple[str, ...]:
        """Those of `addresses` that are ready."""
        ready = (
            address
            for endpoint in self._endpoints
            if inside(endpoint, "conditions").get("ready") is not False
            for address in endpoint.get("addresses") or ()
        )
        return tuple(sorted(ready))

    @property
    def service(self) -> str | None:
        """The Service that an EndpointSlice belongs to: its own name is chosen by chance."""
        return string(inside(self.raw, "metadata", "labels"), _SERVICE)

    @property
    def _endpoints(self) -> Sequence[Raw]:
        return self.raw.get("endpoints") or ()


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Object]:
    """The objects by name; by `namespace/name` where they are of several namespaces.

    Those of several kinds are named as kubectl prints them: `service/web`, `deployment.apps/web`.
    None of them where kubectl says that there are none.
    """
    raws = objects(text, twin, "kubernetes")
    if raws is None and re.match(r"\s*(apiVersion:|items:|kind:|---)", text):
        raws = yaml_objects(text, "kubernetes")
    if raws is None:
        listed = [
            Object(row["name"], row.get("namespace"), columns=row) for row in kubectl.rows(text)
        ]
    else:
        listed = [_object(raw) for raw in _items(raws)]
    spaces = len({object_.namespace for object_ in listed}) > 1
    kinds = len({_resource(object_) for object_ in listed if object_.raw}) > 1
    return by_name(
        "objects", ((_name(object_, spaces=spaces, kinds=kinds), object_) for object_ in listed)
    )


def _name(object_: Object, *, spaces: bool, kinds: bool) -> str:
    kind = f"{_resource(object_)}/" if kinds and object_.raw else ""
    # A node, a namespace and others are in none.
    space = f"{object_.namespace}/" if spaces and object_.namespace is not None else ""
    return f"{space}{kind}{object_.name}"


def _resource(object_: Object) -> str:
    """An object's kind as kubectl prints it: with the API's group, where it has one."""
    group, slash, _ = str(object_.raw.get("apiVersion") or "").partition("/")
    return f"{str(object_.kind).lower()}{'.' + group if slash else ''}"


def _items(listed: list[Raw]) -> list[Raw]:
    """One object stands alone, several in a List."""
    if len(listed) == 1 and str(string(listed[0], "kind")).endswith("List"):
        return list(listed[0].get("items") or ())
    return listed


def _object(raw: Raw) -> Object:
    metadata = inside(raw, "metadata")
    if not metadata:
        raise GuideError("kubectl answered something that is no object of Kubernetes")
    return Object(
        name=must(metadata, "name", "kubernetes"),
        namespace=string(metadata, "namespace"),
        kind=string(raw, "kind"),
        raw=raw,
    )


def entries(listed: Mapping[str, Object]) -> Iterator[Entry]:
    """Objects by what names them in the API; from a table, its columns without ages."""
    for name, object_ in listed.items():
        columns = {word: _column(word, cell) for word, cell in object_.columns.items()}
        yield Entry(
            key=(_resource(object_), object_.namespace, object_.name),
            name=name,
            noun=(object_.kind or "object").lower(),
            facts=Facts(raw=object_.raw or columns, apart=_SAID),
        )


def _column(word: str, cell: str) -> str:
    """A cell; the order of endpoints means nothing, how long ago a pod was restarted neither."""
    if word == "endpoints":
        return ",".join(sorted(cell.split(",")))
    if word in _AGES and re.match(r"\d|<invalid>", cell):
        return "some"
    return cell.partition(" (")[0] if word == "restarts" else cell


_SAID = frozenset({"name", "namespace"})
# How long ago means nothing; that it never was (`<none>`), or is not known, is a fact.
_AGES = frozenset({"age", "last-seen", "first-seen", "duration", "last-schedule"})

SPEECH = Speech(
    # Lists whose order means nothing to the API.
    sets=frozenset(
        {
            "conditions",
            "addresses",
            "endpoints",
            "notReadyAddresses",
            "ownerReferences",
            "podIPs",
            "finalizers",
            "images",
        }
    ),
    # What the API's own merging goes by (x-kubernetes-list-map-keys).
    names=(
        *("name", "type", "containerPort", "port", "mountPath", "uid", "ip", "key", "topologyKey"),
        *("address", "cidr", "conditionType", "addresses"),
    ),
    truth=("false", "true"),
    silent=(),
)
"""How fields of the API's objects are said: by the API's own words."""

KIND = Kind(
    name="kubernetes",
    what="objects of Kubernetes",
    asked=kubectl.asked,
    read=read,
    twin=kubectl.twin,
    entries=entries,
    labels=kubectl.labels,
    speech=SPEECH,
    remark=kubectl.remark,
)
