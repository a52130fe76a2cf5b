"""From `nft list table` and its JSON to rules that a packet can be led through.

What a rule means is read from the JSON (libnftables-json(5)), how it is written from the text; both
have the rules of a chain in the same order. A verdict map becomes one branch for each element, and
`numgen random mod 3 map { … }` one for each number, with a share of a third.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, get_args

from macros.ground.errors import GuideError
from macros.ways.ruleset import Action, Branch, Chain, Hook, Rule, Rules, Test, What

_Json = Mapping[str, Any]
_FIELDS: dict[tuple[str, str], What] = {
    ("ip", "saddr"): "source",
    ("ip", "daddr"): "destination",
    ("ip6", "saddr"): "source",
    ("ip6", "daddr"): "destination",
    ("ip", "protocol"): "protocol",
    ("meta", "l4proto"): "protocol",
    ("meta", "mark"): "mark",
    ("meta", "iifname"): "in",
    ("meta", "iif"): "in",
    ("meta", "oifname"): "out",
    ("meta", "oif"): "out",
} | {
    (protocol, port): name
    for protocol in ("th", "tcp", "udp", "sctp")
    for port, name in (("sport", "source-port"), ("dport", "destination-port"))
}  # type: ignore[assignment] # the names are Whats
_WHOLE = 0xFFFFFFFF
_CHAIN = re.compile(r"^\tchain (\S+) \{$")
_NO_RULE = re.compile(r'^(type \S+ hook |policy |comment "[^"]*"$|$)')


def read(text: str, twin: Any, table: str = "") -> Rules:
    """The rules of one table: as `nft list table` printed them, and `nft -j list table`.

    Without `table` the output must have one only. GuideError where it has not.
    """
    items: Sequence[_Json] = twin["nftables"] if isinstance(twin, Mapping) else ()
    tables = [each["table"]["name"] for each in items if "table" in each]
    if not table and len(set(tables)) == 1:
        table = tables[0]
    if table not in tables:
        raise GuideError(f"the recorded rules have no table {table!r}, only {', '.join(tables)}")
    sets = {
        item[kind]["name"]: item[kind]
        for item in items
        for kind in ("set", "map")
        if kind in item and item[kind]["table"] == table
    }
    written = _written(text)
    chains = {}
    for each in (item["chain"] for item in items if "chain" in item):
        if each["table"] == table:
            own = [i["rule"] for i in items if "rule" in i and i["rule"]["chain"] == each["name"]]
            lines = written.get(each["name"], [])
            if len(own) != len(lines):
                raise GuideError(
                    f"chain {each['name']} has {len(lines)} rules as text and {len(own)} as JSON"
                )
            chains[each["name"]] = _chain(each, own, lines, sets)
    return Rules("nftables", table, chains)


def plain(text: str) -> str:
    """A rule's text without what is different in every listing: counters."""
    return re.sub(r" ?counter packets \d+ bytes \d+", "", text).strip()


def _written(text: str) -> dict[str, list[str]]:
    """The text of each chain's rules, a rule that goes over several lines joined."""
    chains: dict[str, list[str]] = {}
    rules: list[str] | None = None
    for line in text.splitlines():
        if found := _CHAIN.match(line):
            rules = chains.setdefault(found[1], [])
        elif line == "\t}":
            rules = None
        elif rules is not None:
            if rules and rules[-1].count("{") > rules[-1].count("}"):
                rules[-1] += f" {line.strip()}"
            elif not _NO_RULE.match(line.strip()):
                rules.append(line.strip())
    return chains


def _chain(
    chain: _Json, rules: Iterable[_Json], lines: Sequence[str], sets: Mapping[str, _Json]
) -> Chain:
    # Only nat chains rewrite; what filters stand at the same hooks is another story.
    hook = chain.get("hook") if chain.get("type") == "nat" else None
    return Chain(
        chain["name"],
        tuple(
            Rule(
                chain["name"],
                number,
                plain(line),
                tuple(_branches(rule["expr"], sets)),
                rule.get("comment", ""),
            )
            for number, (rule, line) in enumerate(zip(rules, lines, strict=True), 1)
        ),
        hook if hook in get_args(Hook) else None,
    )


def _branches(statements: Iterable[_Json], sets: Mapping[str, _Json]) -> Iterator[Branch]:
    """The branches of a rule."""
    tests: list[Test] = []
    actions: list[Action] = []
    for statement in statements:
        ((kind, said),) = statement.items()
        match kind:
            case "match":
                tests.append(_test(said, sets))
            case "vmap":
                for key, test, share, to in _elements(said, sets):
                    decided = _verdict(to)
                    yield Branch(
                        (*tests, *test),
                        (*actions, decided),
                        share,
                        f"{key} : {decided.kind} {decided.to}".rstrip(),
                    )
                return
            case "dnat" if isinstance(said.get("addr"), Mapping) and "map" in said["addr"]:
                for key, test, share, to in _elements(said["addr"]["map"], sets):
                    yield Branch(
                        (*tests, *test),
                        (*actions, Action("dnat", _end(to))),
                        share,
                        f"{key} : {' . '.join(_parts(to))}",
                    )
                return
            case "dnat":
                port = said.get("port")
                actions.append(
                    Action("dnat", f"{said['addr']}:{port}" if port else _end(said["addr"]))
                )
            case "mangle" if said["key"] == {"meta": {"key": "mark"}}:
                actions.append(_mark(said["value"]))
            case "masquerade":
                actions.append(Action("masquerade"))
            case "jump" | "goto" | "return" | "accept" | "drop" | "reject":
                actions.append(_verdict(statement))
            case "counter" | "log" | "comment":
                pass
            case _:
                tests.append(Test(("other",), ((kind,),)))
    yield Branch(tuple(tests), tuple(actions) or (Action("none"),))


def _elements(
    chosen: _Json, sets: Mapping[str, _Json]
) -> Iterator[tuple[str, tuple[Test, ...], Fraction, Any]]:
    """Of a map each element: its key, what it asks, its share by chance, what it stands for."""
    data = chosen["data"]
    pairs = sets[data[1:]].get("elem", ()) if isinstance(data, str) else data["set"]
    number = chosen["key"].get("numgen") if isinstance(chosen["key"], Mapping) else None
    fields = _fields(chosen["key"])
    for key, value in pairs:
        written = " . ".join(_parts(key))
        if number is not None and number["mode"] == "random":
            yield written, (), Fraction(1, int(number["mod"])), value
        else:
            yield written, (Test(fields, (_parts(key),)),), Fraction(1), value


def _test(said: _Json, sets: Mapping[str, _Json]) -> Test:
    left, right, negated = said["left"], said["right"], said["op"] == "!="
    if left == {"ct": {"key": "status"}} and right == "dnat":
        return Test(("rewritten",), (("",),), negated)
    mask = _WHOLE
    if isinstance(left, Mapping) and "&" in left:
        left, mask = left["&"]
    fields = _fields(left)
    values: Iterable[Any] = [right]
    if isinstance(right, str) and right.startswith("@"):
        values = sets[right[1:]].get("elem", ())
    elif isinstance(right, Mapping) and "set" in right:
        values = right["set"]
    found = tuple(_parts(each) for each in values)
    if fields == ("mark",):
        found = tuple((f"{int(each[0], 0):#x}/{mask:#x}",) for each in found)
    return Test(fields, found, negated)


def _fields(left: Any) -> tuple[What, ...]:
    parts = left["concat"] if isinstance(left, Mapping) and "concat" in left else [left]
    return tuple(_field(each) for each in parts)


def _field(part: _Json) -> What:
    if "payload" in part:
        payload = part["payload"]
        return _FIELDS.get((payload.get("protocol", ""), payload.get("field", "")), "other")
    if "meta" in part:
        return _FIELDS.get(("meta", part["meta"]["key"]), "other")
    return "other"


def _parts(value: Any) -> tuple[str, ...]:
    """The texts of an element, one for each field."""
    if isinstance(value, Mapping):
        if "concat" in value:
            return tuple(text for each in value["concat"] for text in _parts(each))
        if "elem" in value:  # with a comment or counters of its own
            return _parts(value["elem"]["val"])
        if "prefix" in value:
            return (f"{value['prefix']['addr']}/{value['prefix']['len']}",)
        if "range" in value:
            return ("-".join(str(each) for each in value["range"]),)
    return (str(value),)


def _end(value: Any) -> str:
    """An address and port of a map's element, as `10.42.0.3:80`."""
    return ":".join(_parts(value))


def _mark(value: Any) -> Action:
    """`meta mark set meta mark | 0x4000`: which bits are kept, and which flipped."""
    mark = {"meta": {"key": "mark"}}
    match value:
        case {"|": [left, int(bits)]} if left == mark:
            return Action("mark", f"{~bits & _WHOLE:#x}/{bits:#x}")
        case {"^": [left, int(bits)]} if left == mark:
            return Action("mark", f"{_WHOLE:#x}/{bits:#x}")
        case {"&": [left, int(bits)]} if left == mark:
            return Action("mark", f"{bits:#x}/0x0")
        case int(bits):
            return Action("mark", f"0x0/{bits:#x}")
    raise GuideError(f"a rule sets the mark in a way not known here: {value}")


def _verdict(statement: _Json) -> Action:
    ((kind, said),) = statement.items()
    match kind:
        case "jump":
            return Action("jump", said["target"])
        case "goto":
            return Action("goto", said["target"])
        case "return":
            return Action("return")
        case "accept":
            return Action("accept")
        case "drop" | "reject":
            return Action("drop")
    raise GuideError(f"a rule does what is not known here: {kind}")
