"""What the matches of an iptables rule ask of a packet (iptables-extensions(8), MATCH EXTENSIONS).

A match that is not known here is a question of its own, in the words of the rule: what would answer
it is not in the rules, but two rules that ask the same of one packet get the same answer.
"""

import re
from collections.abc import Iterator, Sequence

from macros.kinds.rules import Match, Option
from macros.ways.ruleset import Field, Test, What

_PLAIN: dict[str, What] = {
    "source": "source",
    "destination": "destination",
    "src-range": "source",
    "dst-range": "destination",
    "protocol": "protocol",
    "sport": "source-port",
    "source-port": "source-port",
    "sports": "source-port",
    "dport": "destination-port",
    "destination-port": "destination-port",
    "dports": "destination-port",
    "in-interface": "in",
    "out-interface": "out",
    "mark": "mark",
    "src-type": "source-type",
    "dst-type": "destination-type",
}
# Where these options mean what their name says; elsewhere (`-m connmark --mark`) they do not.
_READ = {
    "": ("source", "destination", "protocol", "in-interface", "out-interface"),
    "multiport": ("sports", "dports"),
    "iprange": ("src-range", "dst-range"),
    "mark": ("mark",),
    "addrtype": ("src-type", "dst-type"),
} | dict.fromkeys(
    ("tcp", "udp", "sctp", "dccp", "udplite"),
    ("sport", "dport", "source-port", "destination-port"),
)  # fmt: skip
# These ask nothing where no option of theirs is left: `-m tcp`; nor does chance, or a comment.
_BARE = frozenset({"", "tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6"})
_SILENT = frozenset({"comment", "statistic"})
# What they answer depends on the packets before, so that no two rules ask the same.
_COUNTING = frozenset(
    {"limit", "hashlimit", "quota", "quota2", "connlimit", "connbytes", "rateest"}
)
_MARK = re.compile(r"(0x[0-9a-f]+|\d+)(/(0x[0-9a-f]+|\d+))?")
_FAMILIES = {"ipv4": "ip", "ipv6": "ip6"}


def tests_of(matches: Sequence[Match], origin: str, unread: str) -> Iterator[Test]:
    """The tests of a rule; `origin` names it, for what is asked anew by every rule.

    `unread` is what iptables printed in origin of a match's options.
    """
    for match in matches:
        if match.name in _SILENT and (match.options or not unread):
            continue
        if unread and match.name and not match.options:
            asked = f"-m {match.name} {unread} ({origin})"
            yield Test((Field("other", asked),), (("yes",),))
        elif match.name == "recent":
            yield from _recent(match)
        elif match.name in ("conntrack", "state"):
            yield from _state(match, origin)
        else:
            yield from _options(match, origin)


def _options(match: Match, origin: str) -> Iterator[Test]:
    """Each option that is known as a test, all others together as one."""
    read = _READ.get(match.name, ())
    qualifier = " ".join(
        name
        for option, name in (("limit-iface-in", "iif"), ("limit-iface-out", "oif"))
        if any(given.name == option for given in match.options)
    )
    rest: list[Option] = []
    for option in match.options:
        if option.name in read and _readable(option):
            about = qualifier if option.name.endswith("-type") else ""
            fields = (Field(_PLAIN[option.name], about),)
            yield Test(fields, _values(option), option.negated)
        elif match.name == "multiport" and option.name == "ports":
            sides: tuple[Field, ...] = (Field("source-port"), Field("destination-port"))
            ports = [value for (value,) in _values(option)]
            either = [*((port, "*") for port in ports), *(("*", port) for port in ports)]
            yield Test(sides, tuple(either), option.negated)
        elif match.name == "" and option.name in _FAMILIES:
            yield Test((Field("family"),), ((_FAMILIES[option.name],),))
        elif not (match.name == "addrtype" and option.name.startswith("limit-iface")):
            rest.append(option)
    if rest or (match.name not in _BARE and not match.options):
        yield _opaque(match.name, rest, origin)


def _readable(option: Option) -> bool:
    """Whether it has values; of a mark, numbers."""
    if option.name == "mark":
        return all(_MARK.fullmatch(value) for (value,) in _values(option))
    return bool(option.values)


def _values(option: Option) -> tuple[tuple[str, ...], ...]:
    return tuple((part,) for value in option.values for part in value.split(","))


def _opaque(name: str, options: Sequence[Option], origin: str) -> Test:
    """A question in the words of the rule; where all of it is negated, of what is negated."""
    turned = len(options) == 1 and options[0].negated
    words = " ".join(
        " ".join(
            [*(["!"] if option.negated and not turned else []), f"--{option.name}", *option.values]
        )
        for option in options
    )
    asked = f"-m {name} {words}".strip() if name else words
    if name in _COUNTING:
        asked += f" ({origin})"
    return Test((Field("other", asked),), (("yes",),), turned)


def _recent(match: Match) -> Iterator[Test]:
    """It asks with --rcheck, --update and --remove; --set always fits, and only takes note."""
    named = next((o.values[0] for o in match.options if o.name == "name" and o.values), "DEFAULT")
    counts = [
        f"--{option.name} {' '.join(option.values)}"
        for option in match.options
        if option.name in ("hitcount", "rttl", "seconds")
    ]
    for option in match.options:
        if option.name in ("rcheck", "update", "remove"):
            about = " ".join([named, *counts])
            yield Test((Field("seen", about),), (("yes",),), option.negated)


def _state(match: Match, origin: str) -> Iterator[Test]:
    """`--ctstate NEW,ESTABLISHED`; DNAT is not a state of its own, but whether it was rewritten."""
    rest: list[Option] = []
    for option in match.options:
        names = [name for (name,) in _values(option)]
        if option.name not in ("ctstate", "state"):
            rest.append(option)
        elif names == ["DNAT"]:
            yield Test((Field("rewritten"),), (("yes",),), option.negated)
        elif {"DNAT", "SNAT"} & {*names}:
            rest.append(option)
        else:
            values = tuple((name.lower(),) for name in names)
            yield Test((Field("state"),), values, option.negated)
    if rest:
        yield _opaque(match.name, rest, origin)
