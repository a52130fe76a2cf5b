"""Kubernetes' objects: what `kubectl get` shows.

JSON: `kubectl get -o json`, the objects as the API has them (kubernetes.io, API reference). Without
it the table is read: kubectl pads its columns with at least three spaces
(k8s.io/cli-runtime, printers/tabwriter.go), and its header is in capitals.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.ground.shell import Word
from macros.kinds.fields import Raw, inside, must, objects, string, unreadable
from macros.kinds.kind import Kind

_COLUMN = re.compile(r"\S+(?: \S+)*")
_NOTHING = re.compile(r"No resources found|Error from server")
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
        own = [each for each in status.get("addresses") or () if each.get("type") == "InternalIP"]
        return string(status, "podIP") or (string(own[0], "address") if own else None)

    @property
    def node(self) -> str | None:
        """The node that a pod is on."""
        return string(inside(self.raw, "spec"), "nodeName")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses behind an EndpointSlice, sorted: their order means nothing."""
        return tuple(sorted(a for each in self._endpoints for a in each.get("addresses") or ()))

    @property
    def ready(self) -> tuple[str, ...]:
        """Those of `addresses` that are ready."""
        found = (
            address
            for each in self._endpoints
            if inside(each, "conditions").get("ready") is not False
            for address in each.get("addresses") or ()
        )
        return tuple(sorted(found))

    @property
    def service(self) -> str | None:
        """The Service that an EndpointSlice belongs to: its own name is chosen by chance."""
        return string(inside(self.raw, "metadata", "labels"), _SERVICE)

    @property
    def _endpoints(self) -> Sequence[Raw]:
        return self.raw.get("endpoints") or ()


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Object]:
    """The objects by name; by `namespace/name` where they are of several namespaces.

    None of them where kubectl says that there are none.
    """
    listed = objects(text, twin, "kubernetes")
    found = _table(text) if listed is None else [_object(each) for each in _items(listed)]
    several = len({each.namespace for each in found}) > 1
    return {f"{each.namespace}/{each.name}" if several else each.name: each for each in found}


def _items(listed: list[Raw]) -> list[Raw]:
    """One object stands alone, several in a List."""
    if len(listed) == 1 and string(listed[0], "kind") == "List":
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


def _table(text: str) -> list[Object]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or _NOTHING.match(lines[0]):
        return []
    starts = [(found.start(), found[0].lower()) for found in _COLUMN.finditer(lines[0])]
    if "name" not in {name for _, name in starts} or lines[0] != lines[0].upper():
        raise unreadable("kubernetes", lines[0], 1)
    ends = [start for start, _ in starts[1:]] + [None]
    found = []
    for line in lines[1:]:
        cells = {
            name.replace(" ", "-"): line[start:end].strip()
            for (start, name), end in zip(starts, ends, strict=True)
        }
        found.append(Object(cells["name"], cells.get("namespace"), columns=cells))
    return found


# Options of `kubectl get` that change its columns only, and those among them that take a value.
_LOOKS = frozenset({"-o", "--output", "-L", "--label-columns", "--no-headers", "--show-labels"})
_LOOKS_VALUED = frozenset({"-o", "--output", "-L", "--label-columns"})
_TABLES = ("wide", "custom-columns")


def _asked(call: Call) -> bool:
    """Whether a call is `kubectl get` with a table as its answer."""
    before = call.args[2:] if call.args[:1] in (("-n",), ("--namespace",)) else call.args
    if call.tool != "kubectl" or before[:1] != ("get",):
        return False
    if {"-w", "--watch", "--watch-only", "--raw"} & {arg.partition("=")[0] for arg in call.args}:
        return False
    form = _form(call)
    return form is None or form.partition("=")[0] in _TABLES


def _form(call: Call) -> str | None:
    """What `-o` asks for."""
    for number, arg in enumerate(call.args):
        if arg in ("-o", "--output"):
            return call.args[number + 1] if number + 1 < len(call.args) else None
        if arg.startswith(("-o", "--output=")):
            return arg.removeprefix("--output=").removeprefix("-o").removeprefix("=")
    return None


def _twin(command: str, call: Call) -> str | None:
    if not _asked(call):
        return None
    dropped: list[Word] = []
    words = list(call.words)
    while words:
        word = words.pop(0)
        name = word.text.partition("=")[0]
        joined = word.text.startswith(("-o", "-L")) and not word.text.startswith("--")
        if name in _LOOKS or joined:
            dropped.append(word)
            if word.text in _LOOKS_VALUED and words:
                dropped.append(words.pop(0))
    for word in reversed(dropped):
        command = command[: word.start].rstrip(" \t") + command[word.end :]
    return f"{command} -o json"


KIND = Kind(name="kubernetes", what="objects of Kubernetes", asked=_asked, read=read, twin=_twin)
