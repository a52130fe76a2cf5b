"""The kinds of lines whose order means nothing, each declared in one place; and how they are kept.

A kind finds its lines on both sides. What lies around them is in order; within them every new
line is joined to an equal old one wherever that stands, and takes its place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from macros.kinds import ipsets, service_rules
from macros.kinds.kind import Span, in_any_order
from macros.kinds.registry import KINDS, kind_of
from macros.settle.declaration import Order


def _whole(command: str, lines: Sequence[str]) -> list[Span]:
    """What the kind of a command says of its lines."""
    kind = kind_of(command)
    return kind.free(lines) if kind is not None else []


def _services(_command: str, lines: Sequence[str]) -> list[Span]:
    return service_rules.free(lines)


def _members(_command: str, lines: Sequence[str]) -> list[Span]:
    return ipsets.free(lines)


_CHANCE = re.compile(
    r"(?:[\w.]+/)*(?:[0-9a-f]{12,13}|[0-9a-f]{64}"
    r"|(?:cni-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[a-z][0-9a-z-]*-[bcdfghjklmnpqrstvwxz2456789]{5})"
)


def _by_name(_command: str, lines: Sequence[str]) -> list[Span]:
    """Lines that are sorted by a name of chance: their first word, their last, or their second."""
    words = [line.split() for line in lines]
    found: list[Span] = []
    for at in (0, 1, -1):

        def name(line: str, at: int = at) -> str:
            word = line.split()
            if len(word) < 2 - (at == 0) or not _CHANCE.fullmatch(word[at]):
                return ""
            return word[0] if at == 1 else f"by word {at}"

        for start, end, label in service_rules.runs(lines, name):
            keys = [word[at] for word in words[start:end]]
            if keys == sorted(keys) and not any(a < end and start < b for a, b, _ in found):
                found.append((start, end, label))
    return sorted(found)


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
_HALF = (
    "-A KUBE-SVC-BMS7TTZGRMITTABD -m statistic --mode random --probability 0.50000000000"
    " -j KUBE-SEP-UQOB44FT3ETTQ756\n"
)
_REST = "-A KUBE-SVC-BMS7TTZGRMITTABD -j KUBE-SEP-43J65J3KPW7GTT3K\n"

SERVICES = Order(
    name="rules of different Services",
    what="kube-proxy's rules of different Services in KUBE-SERVICES and KUBE-NODEPORTS; in all"
    " other chains the order of rules is a fact",
    find=_services,
    command="iptables-save -t nat",
    same=((_DNS + _API + _LAST, _API + _DNS + _LAST),),
    differ=(
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
    """Lines without order that both sides have."""

    old: range
    new: range


def free(command: str, old: Sequence[str], new: Sequence[str]) -> list[Free]:
    """The lines without order of an answer's two sides, in their order on both."""
    for kind in ALL:
        mine, theirs = kind.find(command, old), kind.find(command, new)
        if mine and theirs:
            # The first of a name is the first of the other side's, and none crosses another.
            waiting: dict[str, list[Span]] = {}
            for span in theirs:
                waiting.setdefault(span[2], []).append(span)
            found: list[Free] = []
            for span in mine:
                if waiting.get(span[2]):
                    other = waiting[span[2]].pop(0)
                    if not found or other[0] >= found[-1].new.stop:
                        found.append(Free(range(*span[:2]), range(*other[:2])))
            return found
    return []


def collapsed(lines: Sequence[str], spans: Sequence[range]) -> tuple[list[str], list[int]]:
    """The lines with each of `spans` as a single one, and where each of these stood."""
    found, places = [], []
    at = 0
    for number, span in enumerate(spans):
        found += [*lines[at : span.start], f"\0free {number}"]
        places += [*range(at, span.start), span.start]
        at = span.stop
    return [*found, *lines[at:]], [*places, *range(at, len(lines))]
