"""One look at a node: its state, its rules and its counters, by one script."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from macros.figures.topology import observation
from macros.figures.topology.observation import Namespace, Node
from macros.ground.errors import GuideError
from macros.ground.places import SCRIPTS
from macros.kinds import fdb, neighbours, rules
from macros.tracer.access import Access

_OBSERVE = SCRIPTS / "node" / "observe.sh"
_LOOK = SCRIPTS / "node" / "look.sh"
STAT = 'stat --version >/dev/null 2>&1 || stat() { command stat -L -c "${@:3}"; }'
"""What observe.sh asks of stat, in words that busybox's knows too: no long options (stat.c)."""
_NEEDED = ("ip", "bridge", "tcpdump", "nsenter", "jq")
_PATIENCE = 60.0
_COUNTER = re.compile(r"counter packets (\d+) bytes \d+ ?")
_CHAIN = re.compile(r"^\tchain (\S+) \{")
_TABLE = re.compile(r"^table (\S+ \S+) \{")
_HOOK = re.compile(r"type \w+ hook (\w+) ")
_TABLES = re.compile(r"^\*(\w+)", re.MULTILINE)
_VERDICT = re.compile(r"(?:^| )(drop|reject)(?= |$)")
_ENDING = frozenset({"DROP", "REJECT"})


@dataclass(frozen=True, slots=True)
class Counted:
    """A rule that ends a packet, and how many it has ended.

    `lists` is the command that shows it. `packets` is None where the rule does not count. `hook` is
    where its chain is called by the kernel ("forward"); "" where other chains lead to it.
    """

    table: str
    chain: str
    text: str
    verdict: str
    packets: int | None
    lists: str
    number: int = 0
    hook: str = ""


@dataclass(frozen=True)
class Look:
    """What a node said: the observer's JSON, and the parts of look.sh by their names."""

    node: str
    parts: Mapping[str, str]
    raw: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def state(self) -> Node:
        """Its namespaces, interfaces and routes."""
        return observation.read(self.raw)

    def neighbours(self, space: Namespace) -> tuple[neighbours.Neighbour, ...]:
        """The neighbours of a namespace."""
        return neighbours.read("", self._of(space)["neighbours"])

    def entries(self, space: Namespace) -> tuple[fdb.Entry, ...]:
        """The forwarding entries of a namespace."""
        return fdb.read("", self._of(space)["fdb"])

    def sysctl(self, name: str) -> str:
        """A setting, such as `net/ipv4/conf/eth0/forwarding`; "" where it was not read."""
        match = re.search(rf"^{re.escape(name)} = (.*)$", self.parts["sysctl"], re.MULTILINE)
        return match[1] if match else ""

    @cached_property
    def ending(self) -> tuple[Counted, ...]:
        """All rules that drop or reject."""
        told: list[Counted] = []
        managed: set[str] = set()
        for tool, family in (("iptables", "ip"), ("ip6tables", "ip6")):
            for text in self.listings(tool):
                told += _of_iptables(text, tool)
                if "(nf_tables)" in text:
                    managed |= {f"{family} {name}" for name in _TABLES.findall(text)}
        return (*told, *_of_nft(self.parts["nft"], frozenset(managed)))

    def listings(self, part: str) -> tuple[str, ...]:
        """The listings of iptables or ip6tables: of the new one, and of the old where it is used.

        They have tables of the same names, which are others.
        """
        every: list[list[str]] = [[]]
        for line in self.parts[part].splitlines():
            if line.startswith("*") and line in every[-1]:
                every.append([])
            every[-1].append(line)
        return tuple("\n".join(lines) for lines in every)

    @cached_property
    def counters(self) -> Mapping[str, int]:
        """The kernel's own: `IpInReceives`, as nstat calls them."""
        return dict(_counters(self.parts["counters"]))

    def _of(self, space: Namespace) -> Mapping[str, Any]:
        return next(part for part in self.raw["namespaces"] if part["inode"] == space.inode)


def look(access: Access, node: str, *, tracked: str = "", whole: bool = True) -> Look:
    """Ask a node; without `whole`, its counters alone. GuideError where it cannot be asked.

    `tracked` are the options by which conntrack lists what is looked for.
    """
    asked = f"TRACKED={tracked!r}\n{_LOOK.read_text(encoding='utf-8')}"
    if whole:
        asked = f"echo @observe\n(\n{STAT}\n{_OBSERVE.read_text(encoding='utf-8')}\n)\n{asked}"
    reply = access.run(node, asked, timeout=_PATIENCE)
    return read(node, reply.text, whole=whole)


def read(node: str, text: str, *, whole: bool = True) -> Look:
    """A look from what the script printed. GuideError where it is not whole."""
    parts = dict(_parts(text))
    if "end" not in parts:
        raise GuideError(f"{node} did not say all that was asked: {text[-300:].strip()}", node=node)
    lacking = [tool for tool in _NEEDED if tool not in parts["tools"].split()]
    if whole and lacking:
        raise GuideError(
            f"{node} has no {' and no '.join(lacking)}",
            node=node,
            fix="install it there, or trace by kubectl with an image that has it: --image",
        )
    raw: Mapping[str, Any] = {}
    if whole:
        try:
            raw = {**json.loads(parts["observe"]), "node": node}
        except ValueError as error:
            printed = parts["observe"].strip()[-300:]
            raise GuideError(f"{node} could not be observed: {printed}", node=node) from error
    return Look(node, parts, raw)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What the script printed, by the names that stand before it."""
    for part in re.split(r"^@(?=[a-z0-9]+$)", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        yield name, body


def _of_iptables(text: str, tool: str) -> Iterator[Counted]:
    for table in rules.parse(text, "filter").values():
        for chain in table.chains.values():
            hook = chain.name.lower() if chain.policy else ""
            for rule in chain.rules:
                if rule.target in _ENDING:
                    yield Counted(
                        table.name, chain.name, rule.text, str(rule.target), rule.packets,
                        f"{tool} -t {table.name} -vS {chain.name}", rule.number, hook,
                    )  # fmt: skip
            if chain.policy == "DROP":
                text_of = f"-P {chain.name} DROP"
                yield Counted(
                    table.name, chain.name, text_of, "DROP", chain.packets,
                    f"{tool} -t {table.name} -vS {chain.name}", hook=hook,
                )  # fmt: skip


def _of_nft(text: str, managed: frozenset[str]) -> Iterator[Counted]:
    """Those of tables that iptables did not write: `managed` are read from its own listing."""
    table = chain = hook = ""
    number = 0
    for line in text.splitlines():
        if head := _TABLE.match(line):
            table, chain = head[1], ""
        elif head := _CHAIN.match(line):
            chain, number, hook = head[1], 0, ""
        elif line == "\t}":
            chain = ""
        elif chain and table not in managed:
            number += 1
            rule = line.strip()
            hook = base[1] if (base := _HOOK.match(rule)) else hook
            policy = "policy drop" in rule and rule.startswith("type ")
            ends = _VERDICT.search(_unquoted(rule))
            if policy or ends:
                counter = _COUNTER.search(rule)
                yield Counted(
                    table, chain, _COUNTER.sub("", rule), (ends[1] if ends else "drop").upper(),
                    int(counter[1]) if counter else None,
                    f"nft list chain {table} {chain}", number, hook,
                )  # fmt: skip


def _unquoted(text: str) -> str:
    return re.sub(r'"[^"]*"', '""', text)


def _counters(text: str) -> Iterator[tuple[str, int]]:
    """/proc/net/snmp and netstat: a line of names, then a line of numbers."""
    lines = text.splitlines()
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        kind, _, words = names.partition(":")
        values = numbers.partition(":")[2]
        for name, value in zip(words.split(), values.split(), strict=False):
            yield f"{kind}{name}", int(value)
