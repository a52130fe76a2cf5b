"""Sets of addresses that rules match against: what `ipset list` and `ipset save` print.

Source: ipset(8); lib/session.c, ipset_print_plain(). Text only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.kind import Kind, Span


@dataclass(frozen=True, slots=True)
class IpSet:
    """One set. `type` is `hash:ip`, `hash:net`; `members` are sorted: their order means nothing."""

    KEY: ClassVar = "name"

    name: str
    type: str
    references: int
    members: tuple[str, ...]


def read(text: str, _twin: Any = None, _call: Call | None = None) -> dict[str, IpSet]:
    """The sets by name, from `ipset list`."""
    found: dict[str, IpSet] = {}
    for part in text.strip().split("\n\n"):
        if not part.strip():
            continue
        head, mark, members = part.partition("\nMembers:")
        said = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        if not mark or not {"Name", "Type", "References"} <= said.keys():
            raise GuideError(f"this is no set as `ipset list` prints it: {part[:60]!r}")
        found[said["Name"]] = IpSet(
            said["Name"],
            said["Type"],
            int(said["References"]),
            tuple(sorted(line.strip() for line in members.splitlines() if line.strip())),
        )
    return found


def free(lines: Sequence[str]) -> list[Span]:
    """What follows `Members:` up to an empty line, under the name of its set."""
    spans: list[Span] = []
    name, at = "", 0
    while at < len(lines):
        if lines[at].startswith("Name: "):
            name = lines[at]
        if lines[at] == "Members:":
            start = at + 1
            at = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
            if at > start:
                spans.append(Span(start, at, name))
        at += 1
    return spans


def _asked(call: Call) -> bool:
    return call.tool == "ipset" and call.args[:1] == ("list",)


KIND = Kind(name="ipsets", what="sets of addresses", asked=_asked, read=read, free=free)
