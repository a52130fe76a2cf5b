"""The text of `ip link` and `ip addr`, an interface at a time, in the words of their JSON.

Source: iproute2, ip/ipaddress.c, print_linkinfo(), print_linktype(), print_stats64();
ip/iplink_xdp.c, xdp_dump(). A driver's own words have no common form: they are kept as printed
under `words`, as is what follows a word that is not known here.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from macros.kinds.fields import unreadable, whole

# `6: vethdd93b3d@if3: <BROADCAST,UP> mtu 1500 …`
_HEAD = re.compile(r"(\d+): ([^\s@]+?)(?:@(\S+))?: <([^>]*)> ?(.*)")
# `ip -br`: name, operstate, the rest. The states of linux/if.h, IF_OPER_*.
_BRIEF = re.compile(
    r"([^\s@]+)(?:@(\S+))?\s+"
    r"(UNKNOWN|NOTPRESENT|DOWN|LOWERLAYERDOWN|TESTING|DORMANT|UP)(?:\s+(.*))?$"
)
# `link/none` has no address; those of tunnels are IP addresses.
_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2})*|\d+(\.\d+){3}|[0-9a-f:]*::?[0-9a-f:.]*")
_XDP = re.compile(r"xdp(generic|offload|multi|\[(\d+)\])?(?:/id:(\d+))?")
# XDP_ATTACHED_* of linux/if_link.h by the ends that iproute2 gives its word.
_MODES = {None: 1, "generic": 2, "offload": 3, "multi": 4}
_PROGRAM = re.compile(r"prog/xdp(\w*)$")
_OF_PROGRAM = frozenset({"id", "name", "tag", "load_time", "created_by_uid", "btf_id"})
_NETNS = re.compile(r" link-netns (\S+)")

# Words that take a value, with their names in JSON: those with numbers, and those with words.
_NUMBERS = {
    "mtu": "mtu",
    "qlen": "txqlen",
    "promiscuity": "promiscuity",
    "allmulti": "allmulti",
    "minmtu": "min_mtu",
    "maxmtu": "max_mtu",
    "numtxqueues": "num_tx_queues",
    "numrxqueues": "num_rx_queues",
    "new-netnsid": "new_netnsid",
    "new-ifindex": "new_ifindex",
    "priority": "priority",
    "cost": "cost",
    "gso_max_size": "gso_max_size",
    "gso_max_segs": "gso_max_segs",
    "tso_max_size": "tso_max_size",
    "tso_max_segs": "tso_max_segs",
    "gro_max_size": "gro_max_size",
    "gso_ipv4_max_size": "gso_ipv4_max_size",
    "gro_ipv4_max_size": "gro_ipv4_max_size",
}
_STRINGS = {
    "qdisc": "qdisc",
    "master": "master",
    "state": "operstate",
    "mode": "linkmode",
    "group": "group",
    "event": "event",
    "brd": "broadcast",
    "peer": "broadcast",
    "permaddr": "permaddr",
    "link-netns": "link_netns",
    "new-netns": "new_netns",
    "addrgenmode": "inet6_addr_gen_mode",
    "portname": "phys_port_name",
    "portid": "phys_port_id",
    "switchid": "phys_switch_id",
    "parentbus": "parentbus",
    "parentdev": "parentdev",
    "hwmode": "hwmode",
}
# The first of the words that follow a driver's own on its line.
_AFTER_DRIVER = frozenset({"addrgenmode", "numtxqueues"})
# Columns of counters, by their names in JSON.
_COLUMNS = {
    "overrun": "over_errors",
    "missed": "missed_errors",
    "mcast": "multicast",
    "carrier": "carrier_errors",
    "collsns": "collisions",
    **{f: f"{f}_errors" for f in ("length", "crc", "frame", "fifo", "aborted", "window")},
    "heartbt": "heartbeat_errors",
    "transns": "carrier_changes",
}


def unfold(text: str) -> list[str]:
    r"""The lines of an output; `ip -o` writes `\` where a line would end."""
    return text.replace("\\", "\n").splitlines()


def head(line: str) -> dict[str, Any] | None:
    """The first line of an interface (`1: lo: <LOOPBACK> mtu 65536 …`), or None if it is none."""
    match = _HEAD.match(line)
    if match is None:
        return None
    index, name, peer, flags, rest = match.groups()
    raw: dict[str, Any] = {"ifindex": int(index), "ifname": name, **_peer(peer)}
    raw["flags"] = [flag for flag in flags.split(",") if flag]
    _words(raw, rest.split())
    return raw


def brief(line: str) -> tuple[dict[str, Any], str] | None:
    """A line of `ip -br`: the interface and the rest of the line, or None if it is none."""
    match = _BRIEF.match(line)
    if match is None:
        return None
    name, peer, state, rest = match.groups()
    return {"ifname": name, **_peer(peer), "operstate": state}, rest or ""


def brief_link(line: str) -> dict[str, Any] | None:
    """A line of `ip -br link`: its rest is the MAC address and the flags."""
    parts = brief(line)
    if parts is None:
        return None
    raw, rest = parts
    words = rest.split()
    if words and not words[0].startswith("<"):
        raw["address"] = words.pop(0)
    raw["flags"] = [flag for word in words for flag in word.strip("<>").split(",") if flag]
    return raw


class Details:
    """The indented lines under an interface, read one after the other into `raw`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        # Whose numbers the next line has: a direction, and the columns' names.
        self._columns: tuple[str, list[str]] | None = None

    def read(self, line: str) -> None:
        """Read one line; of the driver's own line only its name is known, the rest is kept."""
        words = line.split()
        if self._columns is not None:
            self._count(words)
        elif words[0].startswith("link/"):
            self.raw["link_type"] = words.pop(0).removeprefix("link/")
            if words and _ADDRESS.fullmatch(words[0]):
                self.raw["address"] = words.pop(0)
            _words(self.raw, words)
        elif words[0] == "altname":
            self.raw.setdefault("altnames", []).append(" ".join(words[1:]))
        elif words[0] == "alias":
            self.raw["ifalias"] = line.strip().removeprefix("alias ")
        elif words[0].rstrip(":") in ("RX", "TX"):
            names = words[2:] if words[1:2] == ["errors:"] else words[1:]
            self._columns = words[0][:2].lower(), [_COLUMNS.get(name, name) for name in names]
        elif words[0] == "vf":
            keep(self.raw, " ".join(words[:2]), words[2:])
        elif program := _PROGRAM.match(words[0]):
            _program(self.raw, program[1], words)
        else:
            self._driver(words)

    def _count(self, words: Sequence[str]) -> None:
        if self._columns is not None:
            direction, names = self._columns
            held = self.raw.setdefault("stats64", {}).setdefault(direction, {})
            held.update(zip(names, map(whole, words), strict=False))
            self._columns = None

    def _driver(self, words: list[str]) -> None:
        end = next((index for index, word in enumerate(words) if word in _AFTER_DRIVER), len(words))
        name = words[0]
        slave = name.endswith("_slave")
        kind = self.raw.setdefault("linkinfo", {}).setdefault(
            "info_slave_kind" if slave else "info_kind", name.removesuffix("_slave")
        )
        if end > 1 or not name.startswith(kind):
            keep(self.raw, name, words[1:end])
        _words(self.raw, words[end:])


Block: TypeAlias = tuple[dict[str, Any], list[tuple[int, str]]]
"""An interface's first line, read, and the lines under it with their numbers from 1."""


def blocks(text: str, kind: str, start: Callable[[str], dict[str, Any] | None]) -> Iterator[Block]:
    """The interfaces of an output; `start` reads a first line.

    GuideError, by the word of `kind`, where a line is neither a first one nor under one.
    """
    current: Block | None = None
    for number, line in enumerate(unfold(text), 1):
        if not line.strip():
            continue
        raw = start(line)
        if raw is not None:
            if current is not None:
                yield current
            current = raw, []
        elif current is None or not line[0].isspace():
            raise unreadable(kind, line, number)
        else:
            current[1].append((number, line))
    if current is not None:
        yield current


def links(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip link` as the objects that `ip -j link` would have printed."""
    for raw, lines in blocks(text, "links", lambda line: head(line) or brief_link(line)):
        details = Details(raw)
        for _, line in lines:
            details.read(line)
        yield raw


def namespaces(text: str) -> dict[str, str]:
    """For an interface the name of the namespace of its other end, which JSON leaves out."""
    names: dict[str, str] = {}
    name = None
    for line in unfold(text):
        start = _HEAD.match(line)
        name = start[2] if start else name
        netns = _NETNS.search(line)
        if name is not None and netns is not None:
            names[name] = netns[1]
    return names


def keep(raw: dict[str, Any], label: str, words: Sequence[str]) -> None:
    """Keep words that are not read further, by the word that they belong to."""
    kept = raw.setdefault("words", {})
    kept[label] = " ".join([kept[label], *words] if label in kept else words)


def _words(raw: dict[str, Any], words: Sequence[str]) -> None:
    """Read words one after the other; from one that is not known, or that comes twice, keep all."""
    position = 0
    while position < len(words):
        read = _word(words[position], words[position + 1] if position + 1 < len(words) else None)
        if read is None or read[0].keys() & raw.keys():
            keep(raw, "words", words[position:])
            return
        raw.update(read[0])
        position += read[1]


def _word(word: str, value: str | None) -> tuple[dict[str, Any], int] | None:
    """What a word says in JSON, and how many words it takes; None for one not known."""
    xdp = _XDP.fullmatch(word)
    if xdp is not None:
        mode = int(xdp[2]) if xdp[2] else _MODES[xdp[1]]
        return {"xdp": {"mode": mode, **({"prog": {"id": int(xdp[3])}} if xdp[3] else {})}}, 1
    if word == "netns-immutable":
        return {word: True}, 1
    if value is None:
        return None
    if word in _NUMBERS:
        return {_NUMBERS[word]: whole(value)}, 2
    if word in _STRINGS:
        more = {"link_pointtopoint": True} if word == "peer" else {}
        return {_STRINGS[word]: value, **more}, 2
    if word == "link-netnsid":
        return {"link_netnsid": -1 if value == "unknown" else whole(value)}, 2
    if word == "protodown":
        return {"proto_down": value == "on"}, 2
    if word == "protodown_reason":
        return {"proto_down_reason": value.strip("<>").split(",")}, 2
    return None


def _program(raw: dict[str, Any], way: str, words: Sequence[str]) -> None:
    """`prog/xdp id 52 name f tag 3b185187f1855c4c jited`; a program's name can be empty."""
    program = raw.setdefault("xdp", {}).setdefault(f"prog_{way}" if way else "prog", {})
    position = 1
    while position < len(words):
        word, value = words[position], words[position + 1] if position + 1 < len(words) else None
        if word == "jited":
            program["jited"] = 1
            position += 1
        elif word == "name" and value == "tag":
            program["name"] = ""
            position += 1
        elif word in _OF_PROGRAM and value is not None:
            program[word] = value if word in ("name", "tag") else whole(value)
            position += 2
        else:
            keep(raw, words[0], words[position:])
            return


def _peer(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name == "NONE":
        return {"link": None}
    if re.fullmatch(r"if\d+", name):
        return {"link_index": int(name[2:])}
    return {"link": name}
