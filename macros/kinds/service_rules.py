"""Rules of kube-proxy whose order means nothing: those of different Services.

kube-proxy writes the rules of its Services from a map (kubernetes, pkg/proxy/iptables/proxier.go).
Two rules are of different Services for certain only where no packet fits both: each names one
destination address (or none, as for node ports), a protocol and a port, and one of the three
differs. All that such rules also ask (a source, an interface, a mark) only narrows them. Rules that
agree in the three are one Service's: their order is a fact, and so is that of all other rules.
"""

import re
from collections.abc import Callable, Hashable, Sequence

from macros.kinds.kind import Span

_IPTABLES = re.compile(
    r"(?:\[\d+:\d+\] )?-A (?P<chain>KUBE-(?:SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)) "
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_HOST = re.compile(r"(?<!! )-d (\S+)/(?:32|128)(?= )")
_ANY = re.compile(r"(?:-d|--destination|--dst-range|--ipp?-?set|--match-set) ")
_PROTOCOL = re.compile(r"(?<!! )-p (\S+)")
_PORT = re.compile(r"(?<!! )--dport (\d+)(?= )")
_NFT = re.compile(
    r"\t+(?:meta l4proto \w+ )?ip6? daddr (?P<address>[0-9a-f.:]+) (?P<protocol>tcp|udp|sctp) "
    r"dport (?P<port>\d+) .*(?:jump|goto) KUBE-(?:SVC|EXT|FW)-"
)


def free(lines: Sequence[str]) -> list[Span]:
    """The rules of different Services that follow one another, as iptables or nft print them."""
    matches = [_match(line) for line in lines]
    spans = []
    for span in runs(lines, lambda at: matches[at][0]):
        groups = tuple(service for _, service in matches[span.start : span.end])
        if len(set(groups)) > 1:
            spans.append(span._replace(groups=groups))
    return spans


def _match(line: str) -> tuple[str, Hashable]:
    """A name for the rules that this one may change places with, "" for none; and whose it is."""
    rule = _IPTABLES.match(line)
    if rule is None:
        rule = _NFT.match(line)
        service = rule and (rule["address"], rule["protocol"], int(rule["port"]))
        return ("services", service) if service else ("", None)
    plain = _QUOTED.sub("", line)
    host, protocol, port = (pattern.search(plain) for pattern in (_HOST, _PROTOCOL, _PORT))
    if protocol is None or port is None or (host is None and _ANY.search(plain)):
        return "", None
    # Rules with an address and those without can fit one packet: they stay on their sides.
    label = f"{rule['chain']}{'' if host else ', any address'}"
    return label, (host and host[1], protocol[1], int(port[1]))


def runs(lines: Sequence[str], name: Callable[[int], str], *, least: int = 2) -> list[Span]:
    """Runs of lines that follow one another and have the same name; "" is none."""
    spans: list[Span] = []
    start, last = 0, ""
    for at in range(len(lines) + 1):
        label = name(at) if at < len(lines) else ""
        if label != last:
            if last and at - start >= least:
                spans.append(Span(start, at, last))
            start, last = at, label
    return spans
