"""Rules of kube-proxy whose order means nothing: those of different Services.

kube-proxy writes the rules of its Services from a map. Each matches an address, a protocol and a
port of its own; the rule for node ports has no address, and is the last.
"""

import re
from collections.abc import Callable, Sequence

from macros.kinds.kind import Span

_IPTABLES = re.compile(
    r"^(?:\[\d+:\d+\] )?-A (KUBE-(?:SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)) .*"
    r"(?:-d \S+/32|--dport \d+) .*-j "
)
_NFT = re.compile(r"^\t+ip daddr [\d.]+ .*(?:jump|goto) KUBE-(?:SVC|EXT|FW)-")


def free(lines: Sequence[str]) -> list[Span]:
    """The rules of different Services that follow one another, as iptables or nft print them."""

    def name(line: str) -> str:
        rule = _IPTABLES.search(line)
        if rule:
            return rule[1]
        return "KUBE-SERVICES" if _NFT.search(line) else ""

    # Two rules with the same match: the first decides, so their order is a fact.
    return [
        (start, end, label)
        for start, end, label in runs(lines, name)
        if len({_match(line) for line in lines[start:end]}) == end - start
    ]


def runs(lines: Sequence[str], name: Callable[[str], str], *, least: int = 2) -> list[Span]:
    """Runs of lines that follow one another and have the same name; "" is none."""
    spans: list[Span] = []
    start, last = 0, ""
    for number, line in enumerate([*lines, ""]):
        label = name(line) if number < len(lines) else ""
        if label != last:
            if last and number - start >= least:
                spans.append((start, number, last))
            start, last = number, label
    return spans


def _match(line: str) -> str:
    """What a rule matches: all before what it does."""
    return re.split(r" -j | counter | jump | goto ", re.sub(r"^\[\d+:\d+\] ", "", line))[0]
