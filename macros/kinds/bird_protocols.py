"""BIRD, Calico's BGP speaker: its protocols, as `birdcl show protocols` prints them.

Text only. Sources: BIRD 1.6 and 2, nest/proto.c, proto_cmd_show(), channel_show_info();
proto/bgp/bgp.c, bgp_show_proto_info().
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.kinds.fields import unreadable
from macros.kinds.kind import Entry, Facts, Kind

# What birdcl says before an answer.
BANNER = re.compile(r"BIRD (\S+ )?ready\.|Access restricted|.*: (restarted|disabled|enabled)$")
_COLUMNS = re.compile(r"(?i:name\s+proto\s+table\s+state\s+since\s+info)")
# A time of today, or the date, or both; "up", "start", "down" and so on.
_PROTOCOL = re.compile(
    r"(?P<name>\S+)\s+(?P<proto>\S+)\s+(?P<table>\S+)\s+(?P<state>[a-z]+)"
    r"\s+(?P<since>\d[\d:.-]+(?: \d\d:\d\d:\d\d\S*)?)(?P<info>.*)"
)
_DETAIL = re.compile(r"\s{2,}(?P<name>[A-Z][\w ]*):\s*(?P<text>.*)")
_CHANNEL = re.compile(r"\s{2,}Channel (?P<name>\S+)$")
# bgp_show_capabilities(): what the one side, and the other, say that they can; BIRD 1 says it in
# one line.
_CAPABILITIES = re.compile(r"    (?:Local|Neighbor) capabilities")
_OF_SIDE, _BELOW_SIDE = " capabilities", "      "


@dataclass(frozen=True, slots=True)
class Protocol:
    """One source or sink of routes: a BGP session, the kernel's table, interfaces, static routes.

    `details` are the lines of `show protocols all`, by their names in small letters with dashes:
    `neighbor-address`, `bgp-state`, `hold-timer`, `routes`. `lines` are all of them as printed, by
    the same names, those of a channel (BIRD 2) with its name before them.
    """

    KEY: ClassVar = "name"
    INSIDE: ClassVar = ("details",)

    name: str
    proto: str
    table: str
    state: str
    since: str
    info: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict, repr=False)


def read(text: str, _twin: Any = None, _call: Call | None = None) -> dict[str, Protocol]:
    """The answer of `show protocols`, with or without `all`."""
    protocols: dict[str, Protocol] = {}
    details: dict[str, str] = {}
    lines: dict[str, str] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or BANNER.match(line) or _COLUMNS.match(line):
            continue
        if not line[0].isspace():
            match = _PROTOCOL.fullmatch(line)
            if match is None or match["name"] in protocols:
                raise unreadable("BIRD's protocols", line, number)
            details, lines, section = {}, {}, ""
            words = match.groupdict()
            words["info"] = words["info"].strip() or None
            protocols[match["name"]] = Protocol(**words, details=details, lines=lines)
        elif not protocols:
            raise unreadable("BIRD's protocols", line, number)
        else:
            section = _read_detail(line, section, details, lines)
    if not protocols:
        raise GuideError("BIRD named no protocol")
    return protocols


def _read_detail(line: str, section: str, details: dict[str, str], lines: dict[str, str]) -> str:
    """Read a line below a protocol's own; the section that the next ones are of.

    A channel is one, and so are a side's capabilities, which are indented below their head.
    """
    begins = _CHANNEL.fullmatch(line.rstrip())
    heads = _CAPABILITIES.fullmatch(line.rstrip())
    if section.endswith(_OF_SIDE) and not line.startswith(_BELOW_SIDE):
        section = ""
    detail = _DETAIL.fullmatch(line.rstrip())
    name = detail["name"].lower().replace(" ", "-") if detail else line.strip()
    if detail is not None:
        details.setdefault(name, detail["text"].strip())
    label = own = f"{section} {name}" if section and not (begins or heads) else name
    number = 1
    while label in lines:
        number += 1
        label = f"{own} ({number})"
    lines[label] = line
    if begins or heads:
        section = begins["name"] if begins else line.strip()
    return section


def banner(line: str) -> bool:
    """Whether a line is what birdcl says before an answer, as is its version."""
    return BANNER.match(line) is not None


def shows(call: Call) -> tuple[str, ...]:
    """What BIRD was asked to show; its options stand before that."""
    if call.tool not in ("birdcl", "birdc", "birdcl6", "birdc6") or "show" not in call.args:
        return ()
    return call.args[call.args.index("show") + 1 :]


def _asked(call: Call) -> bool:
    return shows(call)[:1] in (("protocols",), ("protocol",))


def _entries(protocols: Mapping[str, Protocol]) -> Iterator[Entry]:
    """Protocols by name; since when they are as they are means nothing."""
    for name, protocol in protocols.items():
        words = {word: str(getattr(protocol, word) or "") for word in _WORDS}
        facts = Facts(words, printed=protocol.lines)
        yield Entry(name, name, "protocol", facts, line=" ".join(words.values()).strip())


_WORDS = ("proto", "table", "state", "info")

KIND = Kind(
    name="bird-protocols",
    what="protocols of BIRD",
    asked=_asked,
    read=read,
    entries=_entries,
    whole=True,
    remark=banner,
)
