"""From `nft list table` (or `list ruleset`) and its JSON to rules that a packet can be led through.

What a rule means is read from the JSON (libnftables-json(5)), how it is written from the text; both
have the rules of a chain in the same order. A verdict map becomes one branch for each element, and
`numgen random mod 3 map { … }` one for each number, with a share of a third.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from macros.ground.errors import GuideError
from macros.ways.nft_statements import branches
from macros.ways.nft_terms import Json, Sets
from macros.ways.ruleset import Action, Branch, Chain, Hook, Rule, Rules

_Table = tuple[str, str]
_HANDLE = re.compile(r" # handle \d+$")
_TABLE_HEAD = re.compile(r"^table (?P<family>\S+) (?P<table>\S+) \{")
_CHAIN_HEAD = re.compile(r"^\tchain (\S+) \{$")
_NO_RULE = re.compile(r'^(type \S+ hook |policy |comment "[^"]*"$|$)')
_HOOKED = re.compile(
    r"type nat hook (?P<hook>\w+) priority (?P<name>[a-z]\w*)? ?(?P<more>[+-]? ?\d+)?;"
)
_PRIORITIES = {"dstnat": -100, "srcnat": 100, "mangle": -150, "raw": -300, "security": 50}
"""The kernel's names of priorities, nft(8)."""
_QUOTED = re.compile(r'"[^"]*"')


def read(text: str, twin: Any, table: str = "", *, terse: bool = False) -> Rules:
    """The rules of one table: as nft printed them, and as `nft -j` did.

    `table` is a name, with its family before it where both have one: `ip6 kube-proxy`. Without it
    the table is the first that rewrites; all others are among its `others`, else only those of the
    same name. `terse`: nft was asked to leave the elements of sets and maps out, so one without
    any is not known to be empty. GuideError where the output has no such table.
    """
    try:
        return _read(text, _items(text, twin), table, terse=terse)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise GuideError(
            f"the recorded JSON is not in the form of nft's: {type(error).__name__}: {error}"
        ) from error


def _read(text: str, items: Sequence[Json], table: str, *, terse: bool) -> Rules:
    keys = [(item["table"]["family"], item["table"]["name"]) for item in items if "table" in item]
    wanted = [key for key in keys if table in ("", key[1], " ".join(key))]
    written, heads = _written(text)
    if terse:
        # As if they were not there, which is what is known of them.
        items = [item for item in items if not _is_left_out(item)]
    tables = [_rules(key, items, written, heads) for key in wanted]
    if not table:
        tables.sort(key=lambda rules: not any(chain.hook for chain in rules.chains.values()))
    if not tables:
        there = ", ".join(dict.fromkeys(name for _, name in keys))
        raise GuideError(f"the recorded rules have no table {table!r}, only {there}")
    return replace(tables[0], others=tuple(tables[1:]))


def _is_left_out(item: Json) -> bool:
    """Whether an object is a set or a map whose elements were not printed."""
    return any(kind in ("set", "map") and not of.get("elem") for kind, of in item.items())


def plain(text: str) -> str:
    """A rule's text without what is different in every listing: counters, and handles (`-a`)."""
    return re.sub(r" ?counter packets \d+ bytes \d+", "", _HANDLE.sub("", text)).strip()


def _items(text: str, twin: Any) -> Sequence[Json]:
    """The objects of the JSON, recorded beside the text or in its origin."""
    if not isinstance(twin, Mapping):
        try:
            twin = json.loads(text)
        except ValueError as error:
            raise GuideError(
                "rules of nftables are read from their JSON, and none was recorded",
                fix="record `nft list table …` as a command of its own; its JSON comes with it",
            ) from error
    items = twin.get("nftables") if isinstance(twin, Mapping) else None
    if not isinstance(items, list):
        raise GuideError("the recorded JSON is not nftables' own")
    return items


def _rules(
    key: _Table,
    items: Sequence[Json],
    written: Mapping[_Table, Any],
    heads: Mapping[_Table, Mapping[str, str]],
) -> Rules:
    family, name = key
    own = [
        (kind, value)
        for item in items
        for kind, value in item.items()
        if kind != "metainfo" and (value.get("family"), value.get("table")) == key
    ]
    sets: Sets = {value["name"]: value for kind, value in own if kind in ("set", "map")}
    lines = written.get(key, {})
    asleep = any(_is_dormant(item["table"], key) for item in items if "table" in item)
    chains = {}
    for kind, value in own:
        if kind == "chain":
            rules = [
                rule for what, rule in own if what == "rule" and rule["chain"] == value["name"]
            ]
            read = _chain(value, rules, lines.get(value["name"]), sets)
            chains[value["name"]] = replace(read, hook=None) if asleep else read
    for chain, head in heads.get(key, {}).items():
        if chain not in chains:
            unknown = _unread(chain, f"chain {chain}, which the recorded JSON does not have")
            hook, priority = _hook(head)
            chains[chain] = replace(unknown, hook=None if asleep else hook, priority=priority)
    return Rules("nftables", name, chains, family)


def _is_dormant(table: Json, key: _Table) -> bool:
    """Whether it is this table, and no packet comes through its chains (`flags dormant`)."""
    flags = table.get("flags") or ()
    return (table["family"], table["name"]) == key and "dormant" in (
        [flags] if isinstance(flags, str) else flags
    )


_Written = dict[_Table, dict[str, list[str]]]


def _written(text: str) -> tuple[_Written, dict[_Table, dict[str, str]]]:
    """By table the text of each chain's rules, and what says where it hooks in, if anything.

    A rule that goes over several lines is joined.
    """
    tables: _Written = {}
    heads: dict[_Table, dict[str, str]] = {}
    chains: dict[str, list[str]] = {}
    hooks: dict[str, str] = {}
    name = ""
    rules: list[str] | None = None
    for printed in text.splitlines():
        line = _HANDLE.sub("", printed)
        if head := _TABLE_HEAD.match(line):
            key = head["family"], head["table"]
            chains, hooks = tables.setdefault(key, {}), heads.setdefault(key, {})
        elif head := _CHAIN_HEAD.match(line):
            name = head[1]
            rules = chains.setdefault(name, [])
            hooks.setdefault(name, "")
        elif line == "\t}":
            rules = None
        elif rules is not None:
            if rules and _is_open(rules[-1]):
                rules[-1] += f" {line.strip()}"
            elif not _NO_RULE.match(line.strip()):
                rules.append(line.strip())
            elif line.startswith("\t\ttype "):
                hooks[name] = line.strip()
    return tables, heads


def _is_open(rule: str) -> bool:
    """Whether a rule goes on in the next line: a set of it is not closed."""
    bare = _QUOTED.sub("", rule)
    return bare.count("{") > bare.count("}")


def _chain(chain: Json, rules: Sequence[Json], lines: Sequence[str] | None, sets: Sets) -> Chain:
    if lines is None:
        # The JSON alone was recorded.
        lines = [json.dumps(rule["expr"]) for rule in rules]
    # Only nat chains rewrite; what filters stand at the same hooks is another story.
    hook = chain.get("hook") if chain.get("type") == "nat" else None
    read = _read_rules(chain["name"], rules, lines, sets)
    priority = chain["prio"] if isinstance(chain.get("prio"), int) else 0
    return replace(read, hook=hook if hook in get_args(Hook) else None, priority=priority)


def _read_rules(name: str, rules: Sequence[Json], lines: Sequence[str], sets: Sets) -> Chain:
    """A chain with its rules, or with the reason why these are not known."""
    if len(rules) != len(lines):
        return _unread(
            name, f"chain {name}, which has {len(lines)} rules as text and {len(rules)} as JSON"
        )
    return Chain(name, tuple(_numbered(name, rules, lines, sets)))


def _unread(name: str, why: str) -> Chain:
    """A chain whose rules are not known: the way of a packet that comes into it ends there."""
    return Chain(name, (Rule(name, 1, "", (Branch((), (Action("end", why),)),)),))


def _hook(head: str) -> tuple[Hook | None, int]:
    """Where a chain hooks in, by its text: see `_chain`."""
    of = _HOOKED.match(head)
    if of is None or of["hook"] not in get_args(Hook):
        return None, 0
    named = _PRIORITIES.get(of["name"] or "", 0)
    return cast("Hook", of["hook"]), named + int((of["more"] or "0").replace(" ", ""))


def _numbered(
    chain: str, rules: Sequence[Json], lines: Sequence[str], sets: Sets
) -> Iterable[Rule]:
    for number, (rule, line) in enumerate(zip(rules, lines, strict=True), 1):
        text = plain(line)
        origin = f"rule {number} of {chain}"
        yield Rule(
            chain,
            number,
            text,
            tuple(branches(rule["expr"], sets, origin)),
            rule.get("comment", ""),
        )
