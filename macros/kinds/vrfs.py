"""The VRFs of a namespace: what `ip vrf` shows.

Text and JSON: iproute2, ip/ipvrf.c, ipvrf_print(). One that is asked for by its name is printed as
text, whether JSON was asked for or not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from macros.ground.commandline import Call
from macros.kinds import iproute
from macros.kinds.fields import Raw, by_name, must, objects, unreadable
from macros.kinds.kind import Entry, Facts, Kind


@dataclass(frozen=True, slots=True)
class Vrf:
    """One VRF: its interface's name, and the routing table that its members use."""

    name: str
    table: int
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


def read(text: str, twin: Any = None, _call: Call | None = None) -> dict[str, Vrf]:
    """The VRFs in the JSON of `ip vrf` or in its text, by name, in the order printed."""
    raws = objects(text, twin, "VRFs")
    vrfs = (
        Vrf(must(raw, "name", "VRFs"), int(must(raw, "table", "VRFs")), raw)
        for raw in (_parse(text) if raws is None else raws)
    )
    return by_name("VRFs", ((vrf.name, vrf) for vrf in vrfs))


def _parse(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words in (["Name", "Table"], []) or not line.strip("-"):
            continue
        if len(words) != 2 or not words[1].isdigit():
            raise unreadable("VRFs", line, number)
        yield {"name": words[0], "table": int(words[1])}


def _asked(call: Call) -> bool:
    question = iproute.question_of(call)
    return question is not None and question.object == "ip vrf"


def _twin(command: str, call: Call) -> str | None:
    """Of all VRFs: one alone has no JSON."""
    plain = [word for word in call.args if not word.startswith("-")]
    return iproute.twin(command, call) if len(plain) < 3 else None  # vrf show NAME


def _entries(vrfs: Mapping[str, Vrf]) -> Iterator[Entry]:
    for name, vrf in vrfs.items():
        yield Entry(name, name, "VRF", Facts({"table": str(vrf.table)}))


KIND = Kind(
    name="vrfs", what="VRFs", asked=_asked, read=read, twin=_twin, entries=_entries, whole=True
)
