"""Marked values: what occurs at several places of a page lights up at all of them.

A value is marked by its meaning, not by its letters: `eth0` of one namespace is not `eth0` of
another. The key says which: kind, scope and value, separated by colons.
"""

import re
from collections import Counter
from collections.abc import Collection
from html import escape

_MAC = r"(?P<mac>(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![0-9a-f:]))"
# tcpdump writes a port behind a dot: 10.1.1.2.40000. Five numbers and more are no address.
_IPV4 = r"(?P<ip>(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d)(?!\.\d+\.\d)(?!\.\d{6}))"
_CONTAINER = r"(?P<ctr>(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f]))"
_UNMARKED = frozenset(
    {"127.0.0.1", "127.0.0.11", "0.0.0.0", "255.255.255.255"}  # noqa: S104 names, not bindings
    | {"ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"}
)
_SPAN = re.compile(r'<(t?span) class="v" data-v="([^"]*)">(.*?)</\1>', re.DOTALL)


def mark(text: str, key: str) -> str:
    """`text`, escaped, as a marked value with this key."""
    return f'<span class="v" data-v="{escape(key)}">{escape(text)}</span>'


def key_of(value: str, node: str = "", netns: str = "") -> str | None:
    """The key of one value by its form: a MAC, an IPv4 address with or without length, a name.

    None where it means nothing to find it elsewhere.
    """
    if value in _UNMARKED:
        return None
    if re.fullmatch(_MAC, value):
        return f"mac::{value}"
    if re.fullmatch(_IPV4 + r"(/\d{1,2})?", value):
        address = value.partition("/")[0]
        return None if address in _UNMARKED else f"ip::{address}"
    if re.fullmatch(_CONTAINER, value):
        return f"ctr::{value}"
    if node and re.fullmatch(r"(?:eth|veth|docker|br|cni|flannel|cali|tunl)[-\w.]*", value):
        return f"if:{node}/{netns}:{value}"
    return None


def mark_text(text: str, node: str, netns: str, interfaces: Collection[str]) -> str:
    """A tool's output, escaped, with its addresses, container ids and interface names marked.

    `interfaces` are the names known on the page; `node` and `netns` say whose they are here.
    """
    parts, end = [], 0
    for match in _pattern(frozenset(interfaces)).finditer(text):
        kind, value = match.lastgroup, match[0]
        if value in _UNMARKED:
            continue
        key = f"if:{node}/{netns}:{value}" if kind == "name" else f"{kind}::{value}"
        parts += [escape(text[end : match.start()], quote=False), mark(value, key)]
        end = match.end()
    parts.append(escape(text[end:], quote=False))
    return "".join(parts)


def only_repeated(html: str, also: Collection[str] = ()) -> str:
    """Take the marks off values that occur nowhere else on the page: they would light up alone."""
    counts = Counter(key for _, key, _ in _SPAN.findall(html))
    counts.update(also)

    def keep(match: re.Match[str]) -> str:
        if counts[match[2]] > 1:
            return match[0]
        return match[3] if match[1] == "span" else f"<tspan>{match[3]}</tspan>"

    return _SPAN.sub(keep, html)


_PATTERNS: dict[frozenset[str], re.Pattern[str]] = {}


def _pattern(interfaces: frozenset[str]) -> re.Pattern[str]:
    if interfaces not in _PATTERNS:
        alternatives = [_MAC, _IPV4, _CONTAINER]
        if interfaces:
            longest_first = sorted(interfaces, key=lambda name: (-len(name), name))
            names = "|".join(re.escape(name) for name in longest_first)
            alternatives.append(rf"(?P<name>(?<![\w.-])(?:{names})(?![\w-]|\.\d))")
        _PATTERNS[interfaces] = re.compile("|".join(alternatives))
    return _PATTERNS[interfaces]
