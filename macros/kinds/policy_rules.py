"""The rules by which the kernel chooses a routing table: what `ip rule` shows.

Text and JSON: iproute2, ip/iprule.c, print_rule().
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import iproute
from macros.kinds.fields import Raw, is_address, must, objects, string, unreadable
from macros.kinds.kind import Entry, Facts

_L3MDEV = "[l3mdev-table]"
_WORDS: Mapping[str, str] = {
    "tos": "tos",
    "iif": "iif",
    "oif": "oif",
    "ipproto": "ipproto",
    "tun_id": "tun_id",
    "lookup": "table",
    "suppress_prefixlength": "suppress_prefixlen",
    "suppress_ifgroup": "suppress_ifgroup",
    "map-to": "nat_gateway",
    "goto": "goto",
    "proto": "protocol",
}
"""Words of the text whose value is the JSON's, by its key."""
_MASKED = {"fwmark": "fwmask", "dscp": "dscp_mask", "flowlabel": "flowlabel_mask"}
_BARE = ("masquerade", "nop")


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: what it applies to, and what then happens.

    `source` is "all" where any will do. `table` is what is looked up; the `action` is "lookup",
    "goto", or a word such as "unreachable". `l3mdev`: the table is that of the packet's VRF.
    `selectors` are its other words, each with its value: "iif", "fwmark", "dport".
    """

    KEY: ClassVar = "priority"
    INSIDE: ClassVar = ("selectors",)

    priority: str
    source: str
    target: str | None = None
    table: str | None = None
    action: str = "lookup"
    goto: str | None = None
    l3mdev: bool = False
    negated: bool = False
    protocol: str | None = None
    selectors: Mapping[str, str] = field(default_factory=dict)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[PolicyRule, ...]:
    """The rules in the JSON of `ip rule` or in its text, in the order printed."""
    raws = objects(text, twin, "rules of routing")
    return tuple(map(_rule, _parse(text) if raws is None else raws))


def _rule(raw: Raw) -> PolicyRule:
    goto = string(raw, "goto")
    bare = next((word for word in _BARE if word in raw), "goto" if goto else "lookup")
    return PolicyRule(
        priority=must(raw, "priority", "rules of routing"),
        source=_network(raw, "src") or "all",
        target=_network(raw, "dst"),
        table=string(raw, "table"),
        action=string(raw, "action") or bare,
        goto=goto,
        l3mdev="l3mdev" in raw,
        negated="not" in raw,
        protocol=string(raw, "protocol"),
        selectors=dict(_selectors(raw)),
        raw=raw,
    )


def _network(raw: Raw, key: str) -> str | None:
    address, length = string(raw, key), string(raw, f"{key}len")
    return f"{address}/{length}" if address and length else address


def _selectors(raw: Raw) -> Iterator[tuple[str, str]]:
    for key in ("tos", "iif", "oif", "ipproto", "tun_id", "nat_gateway"):
        if key in raw:
            detached = " [detached]" if f"{key}_detached" in raw else ""
            yield key, f"{raw[key]}{detached}"
    for key, mask in _MASKED.items():
        if key in raw:
            whole = key != "fwmark" and str(raw.get(mask)).lower() in ("0x3f", "0xfffff")
            yield key, f"{raw[key]}/{raw[mask]}" if mask in raw and not whole else str(raw[key])
    for key in ("sport", "dport"):
        if f"{key}_start" in raw:
            yield key, f"{raw[f'{key}_start']}-{raw[f'{key}_end']}"
        elif key in raw:
            yield key, _port(raw, key)
    if "uid_start" in raw:
        yield "uidrange", f"{raw['uid_start']}-{raw['uid_end']}"
    if "flow_to" in raw:
        before = f"{raw['flow_from']}/" if "flow_from" in raw else ""
        yield "realms", f"{before}{raw['flow_to']}"
    for key in ("suppress_prefixlen", "suppress_ifgroup"):
        if key in raw:
            yield key, str(raw[key])


def _port(raw: Raw, key: str) -> str:
    """A port; where only some of its bits count, both in hex, as the text has them."""
    mask = raw.get(f"{key}_mask", "0xffff")
    return str(raw[key]) if mask == "0xffff" else f"{int(raw[key]):#x}/{mask}"


def _parse(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip rule` as the objects that `ip -j rule` would have printed."""
    for number, line in enumerate(text.splitlines(), 1):
        head, colon, rest = line.partition(":\t")
        if not line.strip():
            continue
        if not colon or not head.isdigit():
            raise unreadable("rules of routing", line, number)
        try:
            yield {"priority": int(head), **_said(rest.split())}
        except (ValueError, IndexError) as error:
            raise unreadable("rules of routing", line, number) from error


def _said(words: list[str]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word in ("from", "to"):
            network = words.pop(0)
            if network != "all" and not is_address(network):
                raise ValueError(f"{network} is no address")
            address, _, length = network.partition("/")
            key = "src" if word == "from" else "dst"
            raw |= {key: address} | ({f"{key}len": length} if length else {})
        elif word in ("sport", "dport", "uidrange"):
            raw |= _range("uid" if word == "uidrange" else word, words.pop(0))
        elif word in _MASKED:
            value, _, mask = words.pop(0).partition("/")
            raw |= {word: value} | ({_MASKED[word]: mask} if mask else {})
        elif word == "realms":
            before, slash, to = words.pop(0).rpartition("/")
            raw |= {"flow_to": to} | ({"flow_from": before} if slash else {})
        elif word == "lookup" and words[0] == _L3MDEV:
            raw["l3mdev"] = words.pop(0)
        elif word in _WORDS:
            raw[_WORDS[word]] = words.pop(0)
            if words[:1] == ["[detached]"]:
                raw[f"{word}_detached"] = words.pop(0)
        elif word.strip("[]") in ("not", "unresolved", *_BARE):
            raw[word.strip("[]")] = None
        elif "action" not in raw and not word.startswith("["):
            raw["action"] = word
        else:
            raise ValueError(f"{word} is not known")
    return raw


def _range(key: str, value: str) -> dict[str, Any]:
    first, dash, last = value.partition("-")
    if dash:
        return {f"{key}_start": int(first), f"{key}_end": int(last)}
    port, slash, mask = value.partition("/")
    return {key: int(port, 0)} | ({f"{key}_mask": mask} if slash else {})


def _words(rule: PolicyRule) -> dict[str, str]:
    """A rule by the words of its text."""
    table = _L3MDEV if rule.l3mdev else rule.table
    words = {
        "not": "not" if rule.negated else "",
        "from": rule.source,
        "to": rule.target or "",
        **rule.selectors,
        "lookup": table or "",
        "goto": rule.goto or "",
        "action": "" if rule.action in ("lookup", "goto") else rule.action,
        "proto": rule.protocol or "",
    }
    return {word: value for word, value in words.items() if value}


def _entries(rules: Iterable[PolicyRule]) -> Iterator[Entry]:
    for rule in rules:
        words = _words(rule)
        settings = " ".join(
            value if word in ("not", "action") else f"{word} {value}"
            for word, value in words.items()
        )
        yield Entry(
            key=rule.priority,
            name=f"{rule.priority}: {settings}",
            noun="rule",
            of=f"rule {rule.priority}",
            facts=Facts(words),
            line=f"{rule.priority}: {settings}",
            moves=settings,
            spot=f"priority {rule.priority}",
            traits=words,
            rank=rule.priority,
        )


KIND = iproute.Listing(
    name="policy-rules",
    what="rules of routing",
    asked=iproute.shows("ip rule"),
    read=read,
    entries=_entries,
)
