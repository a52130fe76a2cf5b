"""The kinds of lines whose order means nothing, each declared in one place; and how they are kept.

A kind finds its lines on both sides. What lies around them is in order; within them every new
line is joined to an equal old one wherever that stands, and takes its place.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from macros.ground.alignment import old_order
from macros.kinds import ipsets, registry, service_rules
from macros.kinds.kind import Span, in_any_order
from macros.kinds.registry import KINDS
from macros.settle.declaration import Order


def _whole(command: str, lines: Sequence[str]) -> list[Span]:
    """What the kind of a command says of its lines."""
    return registry.free(command, lines)


def _services(_command: str, lines: Sequence[str]) -> list[Span]:
    return service_rules.free(lines)


def _members(_command: str, lines: Sequence[str]) -> list[Span]:
    return ipsets.free(lines)


_CHANCE = re.compile(
    r"(?:[\w.]+/)*(?:[0-9a-f]{12,13}|[0-9a-f]{64}"
    r"|(?:cni-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[a-z][0-9a-z-]*-[bcdfghjklmnpqrstvwxz2456789]{5})"
)

_END_OF_CHANCE = re.compile(r"(?:[0-9a-f]{12}|-[bcdfghjklmnpqrstvwxz2456789]{5})(?!\S)")


def _by_name(_command: str, lines: Sequence[str]) -> list[Span]:
    """Lines that are sorted by a name of chance: their first word, their last, or their second."""
    if not _END_OF_CHANCE.search("\n".join(lines)):
        return []
    words = [line.split() for line in lines]
    spans: list[Span] = []
    for column in (0, 1, -1):
        least = 1 if column == 0 else 2
        by_chance = [len(line) >= least and bool(_CHANCE.fullmatch(line[column])) for line in words]
        names = [
            "" if not chance else line[0] if column == 1 else f"by word {column}"
            for line, chance in zip(words, by_chance, strict=True)
        ]
        for span in service_rules.runs(names):
            keys = [line[column] for line in words[span.start : span.end]]
            taken = any(span.start < other.end and other.start < span.end for other in spans)
            if keys == sorted(keys) and not taken:
                spans.append(span)
    return sorted(spans)


TABLE = Order(
    name="tables",
    what=", ".join(kind.what for kind in KINDS if kind.free is in_any_order),
    find=_whole,
    command="bridge fdb",
    same=(
        (
            "86:e6:61:aa:b2:10 dev br0 permanent\n33:33:00:00:00:01 dev br0 self permanent\n",
            "33:33:00:00:00:01 dev br0 self permanent\n86:e6:61:aa:b2:10 dev br0 permanent\n",
        ),
    ),
    differ=(
        (
            "86:e6:61:aa:b2:10 dev br0 permanent\n33:33:00:00:00:01 dev br0 self permanent\n",
            "33:33:00:00:00:01 dev br0 self permanent\n",
        ),
    ),
)

_DNS = (
    "-A KUBE-SERVICES -d 10.43.0.10/32 -p udp -m comment --comment"
    ' "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU\n'
)
_API = (
    "-A KUBE-SERVICES -d 10.43.0.1/32 -p tcp -m comment --comment"
    ' "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y\n'
)
_LAST = (
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the'
    ' last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n'
)
# kube-proxy before 1.20 marks what is to be masqueraded by a rule of the Service's own.
_MARK = (
    "-A KUBE-SERVICES ! -s 10.42.0.0/16 -d 10.43.0.10/32 -p udp -m comment --comment"
    ' "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-MARK-MASQ\n'
)
_NODE_PORT = "-A KUBE-NODEPORTS -p tcp -m tcp --dport 30002 -j KUBE-EXT-BMS7TTZGRMITTABD\n"
_LOOPBACK = "-A KUBE-NODEPORTS -s 127.0.0.0/8 -p tcp -m tcp --dport 30002 -j KUBE-MARK-MASQ\n"
_ALL_PORTS = "-A KUBE-SERVICES -d 10.43.0.1/32 -p tcp -j KUBE-SVC-NPX46M4PTMTKRN6Y\n"
_ANYWHERE = "-A KUBE-SERVICES -p udp -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU\n"
_HALF = (
    "-A KUBE-SVC-BMS7TTZGRMITTABD -m statistic --mode random --probability 0.50000000000"
    " -j KUBE-SEP-UQOB44FT3ETTQ756\n"
)
_REST = "-A KUBE-SVC-BMS7TTZGRMITTABD -j KUBE-SEP-43J65J3KPW7GTT3K\n"

SERVICES = Order(
    name="rules of different Services",
    what="kube-proxy's rules of different Services in KUBE-SERVICES and KUBE-NODEPORTS: those that"
    " differ in address, protocol or port; the order of one Service's rules, and of all others, is"
    " a fact",
    find=_services,
    command="iptables-save -t nat",
    same=(
        (_DNS + _API + _LAST, _API + _DNS + _LAST),
        (_MARK + _DNS + _API + _LAST, _API + _MARK + _DNS + _LAST),
        (
            _LOOPBACK + _NODE_PORT + _NODE_PORT.replace("30002", "30003"),
            _NODE_PORT.replace("30002", "30003") + _LOOPBACK + _NODE_PORT,
        ),
    ),
    differ=(
        (_MARK + _DNS + _API + _LAST, _DNS + _MARK + _API + _LAST),
        # In another order of Services too, and where one of a Service's rules is new.
        (_MARK + _DNS + _API + _LAST, _API + _DNS + _MARK + _LAST),
        (_DNS + _API + _LAST, _API + _DNS + _MARK + _LAST),
        (_LOOPBACK + _NODE_PORT, _NODE_PORT + _LOOPBACK),
        # All ports of an address are no other Service than one of its ports.
        (_API + _ALL_PORTS, _ALL_PORTS + _API),
        (_API + _ANYWHERE, _ANYWHERE + _API),
        (_DNS + _API + _LAST, _DNS + _LAST + _API),
        (_DNS + _API + _LAST, _API + _LAST),
        (_HALF + _REST, _REST + _HALF),
        # The same address and port twice: the first rule decides.
        (
            _DNS + _DNS.replace("KUBE-SVC-TCOU7JCQXEZGVUNU", "KUBE-MARK-MASQ"),
            _DNS.replace("KUBE-SVC-TCOU7JCQXEZGVUNU", "KUBE-MARK-MASQ") + _DNS,
        ),
    ),
)

MEMBERS = Order(
    name="members of a set",
    what="the members of an ipset",
    find=_members,
    command="ipset list",
    same=(
        (
            "Name: cali40this-host\nMembers:\n192.168.56.10\n10.0.2.15\n",
            "Name: cali40this-host\nMembers:\n10.0.2.15\n192.168.56.10\n",
        ),
    ),
    differ=(
        (
            "Name: cali40this-host\nMembers:\n192.168.56.10\n10.0.2.15\n",
            "Name: cali40this-host\nMembers:\n192.168.56.10\n10.0.2.16\n",
        ),
        (
            "Name: a\nMembers:\n192.168.56.10\n\nName: b\nMembers:\n10.0.2.15\n",
            "Name: a\nMembers:\n10.0.2.15\n\nName: b\nMembers:\n192.168.56.10\n",
        ),
    ),
)

BY_NAME = Order(
    name="sorted by chance",
    what="lines that a tool has sorted by an identity: ids, uids, generated names",
    find=_by_name,
    command="ctr -n k8s.io containers ls",
    same=(
        (
            (
                "hello-5b84569dcd-7w28v   1/1   Running   node1\n"
                "hello-5b84569dcd-dmwkr   1/1   Running   node0\n"
            ),
            (
                "hello-5b84569dcd-5gk2x   1/1   Running   node0\n"
                "hello-5b84569dcd-xw7zq   1/1   Running   node1\n"
            ),
        ),
    ),
    differ=(
        # In the order in which they came to be.
        (
            (
                "hello-5b84569dcd-dmwkr   1/1   Running   node0\n"
                "hello-5b84569dcd-7w28v   1/1   Running   node1\n"
            ),
            (
                "hello-5b84569dcd-xw7zq   1/1   Running   node1\n"
                "hello-5b84569dcd-5gk2x   1/1   Running   node0\n"
            ),
        ),
        (
            (
                "hello-5b84569dcd-7w28v   1/1   Running   node1\n"
                "hello-5b84569dcd-dmwkr   1/1   Running   node0\n"
            ),
            (
                "hello-5b84569dcd-5gk2x   1/1   Running   node0\n"
                "hello-5b84569dcd-xw7zq   1/1   Running   node0\n"
            ),
        ),
    ),
)

ALL = (TABLE, SERVICES, MEMBERS, BY_NAME)


@dataclass(frozen=True, slots=True)
class Free:
    """Lines without order that both sides have; `groups`: which new ones stay in order."""

    old: range
    new: range
    groups: tuple[Hashable, ...] = ()


def free(command: str, old: Sequence[str], new: Sequence[str]) -> list[Free]:
    """The lines without order of an answer's two sides, in their order on both."""
    for kind in ALL:
        mine = kind.find(command, old)
        theirs = kind.find(command, new) if mine else []
        if theirs:
            return joined(mine, theirs)
    return []


def joined(old: Sequence[Span], new: Sequence[Span]) -> list[Free]:
    """The first of a name is the first of the other side's, and none crosses another."""
    waiting: dict[str, list[Span]] = {}
    for span in new:
        waiting.setdefault(span.name, []).append(span)
    pairs: list[Free] = []
    for span in old:
        if waiting.get(span.name):
            other = waiting[span.name].pop(0)
            if not pairs or other.start >= pairs[-1].new.stop:
                sides = range(span.start, span.end), range(other.start, other.end)
                pairs.append(Free(*sides, other.groups))
    return pairs


def in_old_order(old: Sequence[str], new: Sequence[str], spans: Sequence[Free]) -> list[int]:
    """The places of the new lines with those without order as the old ones were, equal by equal."""
    order = list(range(len(new)))
    for span in spans:
        waiting: dict[str, list[int]] = {}
        for index in reversed(span.old):
            waiting.setdefault(old[index], []).append(index)
        places = {
            number: waiting[new[index]].pop()
            for number, index in enumerate(span.new)
            if waiting.get(new[index])
        }
        inner = old_order(len(span.new), places, span.groups)
        order[span.new.start : span.new.stop] = [span.new[number] for number in inner]
    return order


def collapsed(lines: Sequence[str], spans: Sequence[range]) -> tuple[list[str], list[int]]:
    """The lines with each of `spans` as a single one, and where each of these stood."""
    kept, places = [], []
    start = 0
    for number, span in enumerate(spans):
        kept += [*lines[start : span.start], f"\0free {number}"]
        places += [*range(start, span.start), span.start]
        start = span.stop
    return [*kept, *lines[start:]], [*places, *range(start, len(lines))]
