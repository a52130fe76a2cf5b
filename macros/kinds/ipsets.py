"""Sets of addresses that rules match against: what `ipset list` and `ipset save` print.

Source: ipset(8); lib/session.c, ipset_print_plain() and ipset_print_save(). Text only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.fields import by_name, counted, unreadable
from macros.kinds.kind import Entry, Facts, Kind, Part, Span

# What follows from the machine, and from the members, which `-terse` leaves out.
_SIZE, _COUNT = "Size in memory", "Number of entries"
_HEAD = re.compile(r"([A-Z][\w ]*): ?(.*)")
_SAVED = re.compile(r"(?P<verb>create|add) (?P<name>\S+) (?P<rest>.+)")
# The start of a set's hash: by chance, unless the set was made with it.
_CHANCE = re.compile(r" initval 0x[0-9a-f]+")
_COUNTED = frozenset({"timeout", "packets", "bytes"})
# The sets in it are tried in the order in which they stand (ipset(8)).
_LIST = "list:set"


@dataclass(frozen=True, slots=True)
class IpSet:
    """One set. `type` is `hash:ip`, `hash:net`; `members` are sorted: their order means nothing.

    In a list of sets (`list:set`) they are in order, for they are asked one after the other.
    `options` are the other lines above the members by their names (`Header`), and how the set was
    made; `settings` what is said of a member, where something is (`nomatch`, `timeout 300`).
    """

    KEY: ClassVar = "name"

    name: str
    type: str
    references: int
    members: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


def read(text: str, _twin: Any = None, _call: Call | None = None) -> dict[str, IpSet]:
    """The sets by name, from `ipset list` (with `-terse` too) or `ipset save`."""
    sets = list(_saved(text) if re.match(r"\s*create ", text) else _listed(text))
    return by_name("sets", ((members.name, members) for members in sets))


def _listed(text: str) -> Iterator[IpSet]:
    lines: dict[str, str] = {}
    members: list[str] | None = None
    for number, line in enumerate([*text.splitlines(), ""], 1):
        head = _HEAD.fullmatch(line) if members is None or line.startswith("Name: ") else None
        if not line.strip() or (head and head[1] == "Name"):
            if lines:
                yield _set(lines, members)
            lines, members = {}, None
        if not line.strip():
            continue
        if head is not None and head[1] == "Members":
            members = []
        elif head is not None and head[1] not in lines:
            lines[head[1]] = head[2]
        elif members is not None:
            members.append(line.strip())
        else:
            raise unreadable("ipsets", line, number)


def _set(lines: Mapping[str, str], members: Sequence[str] | None) -> IpSet:
    if not {"Name", "Type", "References"} <= lines.keys() or not lines["References"].isdigit():
        raise GuideError(f"this is no set as `ipset list` prints it: {dict(lines)}")
    named = {"Name", "Type", "References"}
    if lines.get(_SIZE, "").isdigit():
        named.add(_SIZE)
    if members is not None and lines.get(_COUNT) == str(len(members)):
        named.add(_COUNT)
    rest = {name: _CHANCE.sub("", value) for name, value in lines.items() if name not in named}
    return _made(lines["Name"], lines["Type"], int(lines["References"]), rest, members or ())


def _made(
    name: str, type_: str, references: int, options: Mapping[str, str], members: Sequence[str]
) -> IpSet:
    settings = dict(member.split(" ", 1) for member in members if " " in member)
    names = [member.partition(" ")[0] for member in members]
    if len(set(names)) < len(names):
        raise GuideError(f"a member of the set {name} comes twice")
    ordered = names if type_ == _LIST else sorted(names)
    return IpSet(name, type_, references, tuple(ordered), options, settings)


def _saved(text: str) -> Iterator[IpSet]:
    sets: dict[str, tuple[str, str, list[str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        saved = _SAVED.fullmatch(line.strip())
        if not line.strip():
            continue
        if saved is None or (saved["verb"] == "create") == (saved["name"] in sets):
            raise unreadable("ipsets", line, number)
        if saved["verb"] == "create":
            type_, _, options = _CHANCE.sub("", saved["rest"]).partition(" ")
            sets[saved["name"]] = type_, options, []
        else:
            sets[saved["name"]][2].append(saved["rest"])
    for name, (type_, options, members) in sets.items():
        yield _made(name, type_, 0, {"Header": options}, members)


def _entries(sets: Mapping[str, IpSet]) -> Iterator[Entry]:
    """Sets by name; a member that another set has now went from here and came there."""
    for name, ipset in sets.items():
        words = {"type": ipset.type, "references": str(ipset.references)}
        items = {member: _settings(ipset.settings.get(member, "")) for member in ipset.members}
        yield Entry(
            key=name,
            name=f"set {name}",
            facts=Facts(
                words,
                worded={option.lower(): value for option, value in ipset.options.items()},
            ),
            parts=(Part("member", items, ordered="members" if ipset.type == _LIST else ""),),
            line=f"{ipset.type} {', '.join(ipset.members)}",
        )


def _settings(text: str) -> Facts:
    """A member's settings; of what counts up or down only whether it is zero."""
    # A comment is its author's: nothing in it counts.
    plain, quote, comment = text.partition('comment "')
    counts = {
        word: counted(value)
        for word, value in pairwise(plain.split(" "))
        if word in _COUNTED and value.isdigit()
    }
    rest = re.sub(r"\b(timeout|packets|bytes) \d+ ?", "", plain)
    return Facts({**counts, "settings": f"{rest}{quote}{comment}".strip()})


def free(lines: Sequence[str]) -> list[Span]:
    """What follows `Members:` up to an empty line, under the name of its set; `add` after `add`.

    The members of a list of sets are in order.
    """
    spans: list[Span] = []
    name, position, ordered = "", 0, False
    while position < len(lines):
        saved = _SAVED.fullmatch(lines[position])
        if lines[position].startswith("Name: "):
            name, ordered = lines[position], False
        elif lines[position].startswith("Type: "):
            ordered = lines[position] == f"Type: {_LIST}"
        start, ends = position + 1, position
        if lines[position] == "Members:":
            ends = next((i for i in range(start, len(lines)) if not lines[i]), len(lines))
        elif saved and saved["verb"] == "create":
            name, ordered = f"create {saved['name']}", saved["rest"].startswith(f"{_LIST} ")
            added = f"add {saved['name']} "
            ends = start
            while ends < len(lines) and lines[ends].startswith(added):
                ends += 1
        if ends > start and not ordered:
            spans.append(Span(start, ends, name))
        position = max(ends, start)
    return spans


def _asked(call: Call) -> bool:
    words = {"list", "save", "-L", "-S", "--list", "--save", "-l", "-s"}
    other = {"-n", "-name", "--name", "-o", "-output", "--output", "-f", "-file", "--file"}
    return call.tool == "ipset" and bool(words & {*call.args[:1]}) and not other & {*call.args}


KIND = Kind(
    name="ipsets",
    what="sets of addresses",
    asked=_asked,
    read=read,
    entries=_entries,
    whole=True,
    free=free,
)
