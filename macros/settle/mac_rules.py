"""MACs that stand in rules alone: somebody wrote them there, so that they are facts.

One that something recorded has as well only names that, in the rule too.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator

from macros.ground import mac as macs
from macros.settle.declaration import Evidence, any_of

_SECTION = re.compile(
    # a table of nft's; the members of an ipset
    r"^(?:table \S+ [^\n]*\{\n(?:[^}\n][^\n]*\n|\n)*|Type: [^\n]*\bmac\b[^\n]*\n(?:[^\n]+\n)*)",
    re.MULTILINE,
)
_LINE = re.compile(
    # iptables-save, ebtables -L, ipset save, nft monitor, ovs-ofctl
    r"(?:\[\d+:\d+\] )?-[AI] |(?:\d+\. +)?-.* -j |add | cookie="
)
_BEFORE = re.compile(
    # iptables -L, tc filter, nft's trace of a rule
    r"(?:(?: MAC|\b(?:src|dst)_mac|--[a-z-]*mac[a-z-]*) ?(?:! ?)?|^trace id .* rule .*)$"
)
_may_rule = any_of(
    "table ", "Type: ", "-A ", "-I ", " -j ", "add ", " cookie=", " MAC", "_mac", "-mac", " rule "
)
# An element that goes by itself was seen, not written.
_SEEN = re.compile(r"(?: timeout \S+)? expires ")

_ANY = re.compile(f"{macs.PATTERN.pattern}|{macs.UPPER.pattern}")


def only(evidence: Evidence, shown: Callable[[str], Collection[str]]) -> frozenset[str]:
    """The MACs that stand in rules and nowhere else; `shown` gives those of a text."""
    ruled: set[str] = set()
    elsewhere: set[str] = set()
    for text in evidence.texts:
        there = {*shown(text), *macs.upper(text)}
        if there and '"nftables": [' in text:
            ruled.update(there)
        elif there and _may_rule(text):
            for mac, in_rule in _each(text):
                (ruled if in_rule else elsewhere).add(mac)
        else:
            elsewhere.update(there)
    ruled -= elsewhere
    for packets in evidence.captures() if ruled else ():
        ruled = {mac for mac in ruled if bytes.fromhex(mac.replace(":", "")) not in packets}
    return frozenset(ruled)


def _each(text: str) -> Iterator[tuple[str, bool]]:
    """Every MAC of a text, and whether it stands in a rule."""
    sections = [found.span() for found in _SECTION.finditer(text)]
    for found in _ANY.finditer(text):
        at = bisect_right(sections, (found.start(), len(text))) - 1
        if at >= 0 and found.start() < sections[at][1]:
            yield found[0].lower(), not _SEEN.match(text, found.end())
            continue
        start = text.rfind("\n", 0, found.start()) + 1
        before = text[start : found.start()]
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        yield found[0].lower(), bool(_LINE.match(line) or _BEFORE.search(before))
