"""What an nftables rule does, from its JSON (libnftables-json(5), STATEMENTS), as branches."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from macros.ways import ends, nft_terms
from macros.ways.ends import End
from macros.ways.nft_terms import Json, Sets
from macros.ways.ruleset import Action, Branch, Field, Test

_WHOLE = 0xFFFFFFFF
_MARK = {"meta": {"key": "mark"}}
# After these the rule goes on, the packet's addresses and mark as they were.
_SILENT = frozenset(
    {"counter", "log", "comment", "notrack", "last", "set", "map", "ct helper", "ct timeout",
     "ct expectation", "flow", "dup", "meter", "secmark", "reset", "tcp option"}
)  # fmt: skip
# Whether they let a packet through depends on those before it.
_COUNTING = frozenset({"limit", "quota", "ct count", "connlimit"})
_VERDICTS = frozenset({"jump", "goto", "return", "accept", "drop", "reject", "continue", "queue"})


@dataclass(slots=True)
class _Open:
    """A rule while it is read: what it asks, what it does, how often."""

    tests: list[Test] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    share: Fraction = Fraction(1)
    in_turn: bool = False

    def branch(self) -> Branch:
        actions = tuple(self.actions) or (Action("none"),)
        return Branch(tuple(self.tests), actions, self.share, in_turn=self.in_turn)


def branches(statements: Iterable[Json], sets: Sets, origin: str) -> Iterator[Branch]:
    """The branches of a rule; `origin` names it, for what is asked anew by every rule."""
    rule = _Open()
    for statement in statements:
        ((kind, body),) = statement.items()
        if kind in ("dnat", "snat"):
            rule.tests += _families(body)
        chosen = _chosen(kind, body)
        if chosen is not None:
            yield from _mapped(kind, chosen, sets, rule)
            return
        if kind == "match":
            _matched(body, sets, rule)
        elif kind == "mangle":
            rule.actions += _mangled(body)
        elif kind in _VERDICTS:
            rule.actions.append(_verdict(statement))
        elif kind in ("dnat", "snat"):
            rule.actions.append(_rewriting(kind, _end(body), body))
        elif kind == "masquerade":
            rule.actions.append(Action("masquerade"))
        elif kind in _COUNTING:
            asked = f"{_words(kind, body)} ({origin})"
            rule.tests.append(Test((Field("other", asked),), (("yes",),)))
        elif kind == "xt" and isinstance(body, Mapping) and body.get("type") == "match":
            # nft does not say what iptables' own matches ask.
            asked = f"xt match {body.get('name')} ({origin})"
            rule.tests.append(Test((Field("other", asked),), (("yes",),)))
        elif kind not in _SILENT and not _watches(kind, body):
            rule.actions.append(Action("end", _words(kind, body)))
    yield rule.branch()


def _families(body: Any) -> Iterator[Test]:
    """`dnat ip to …` in a table of both families: it does nothing to a packet of the other one.

    Source: nft_nat_inet_eval() of the kernel's net/netfilter/nft_nat.c.
    """
    family = (body or {}).get("family")
    if family in ("ip", "ip6"):
        yield Test((Field("family"),), ((family,),))


def _watches(kind: str, body: Any) -> bool:
    """Whether it is a target of iptables' after which the rule goes on (LOG)."""
    # An nft without libxtables says of an extension nothing at all: null.
    return kind == "xt" and isinstance(body, Mapping) and body.get("type") == "watcher"


def _words(kind: str, body: Any) -> str:
    """A statement in few words: `redirect {"port": 8080}`, `xt target NETMAP`."""
    if kind == "xt" and isinstance(body, Mapping):
        return f"xt {body.get('type')} {body.get('name')}"
    if kind == "limit" and isinstance(body, Mapping):
        return f"limit rate {body.get('rate')}/{body.get('per')}"
    if kind == "redirect" and isinstance(body, Mapping) and isinstance(body.get("port"), int):
        return f"redirect to :{body['port']}"
    return f"{kind} {json.dumps(body)}" if body else kind


def _matched(body: Json, sets: Sets, rule: _Open) -> None:
    """A match asks, or lets chance decide: `numgen random mod 10 < 3`."""
    drawn = nft_terms.chance(body["left"])
    if drawn is None:
        rule.tests += nft_terms.test(body, sets)
        return
    numbers = _drawn(body)
    if numbers is None:
        rule.tests.append(nft_terms.opaque(body))
        return
    own = sum((nft_terms.share(drawn, *span) for span in numbers), Fraction(0))
    rule.share *= 1 - own if body["op"] == "!=" else own
    rule.in_turn = rule.in_turn or drawn[2]


def _drawn(body: Json) -> list[tuple[int, int]] | None:
    """The numbers that a match lets through (of `!=`, does not)."""
    right = body["right"]
    if body["op"] in ("==", "!="):
        wanted = right["set"] if isinstance(right, Mapping) and "set" in right else [right]
        return _spans(nft_terms.parts(value) for value in wanted)
    if not isinstance(right, int):
        return None
    return {
        "<": [(0, right - 1)],
        "<=": [(0, right)],
        ">": [(right + 1, _WHOLE)],
        ">=": [(right, _WHOLE)],
    }.get(body["op"])


def _spans(values: Iterable[tuple[str, ...]]) -> list[tuple[int, int]] | None:
    spans = []
    for texts in values:
        low, dash, high = texts[0].partition("-")
        if not (low.isdigit() and (not dash or high.isdigit())):
            return None
        spans.append((int(low), int(high or low)))
    return spans


def _chosen(kind: str, body: Any) -> Json | None:
    """The map by which a statement decides, if it has one: `vmap`, `dnat to … map { … }`."""
    if kind == "vmap":
        chosen: Json = body
        return chosen
    if kind in ("dnat", "snat"):
        address = body.get("addr")
        if isinstance(address, Mapping) and "map" in address:
            by_address: Json = address["map"]
            return by_address
    return None


def _mapped(kind: str, chosen: Json, sets: Sets, rule: _Open) -> Iterator[Branch]:
    """A branch for each element of a map; that for all others, `*`, is asked last."""
    elements = list(_elements(chosen, sets))
    if elements and elements[0][1] is None:
        rule.actions.append(Action("end", f"{kind} by a map whose elements were not recorded"))
        yield rule.branch()
        return
    drawn = nft_terms.chance(chosen["key"])
    granted = () if drawn else tuple(nft_terms.implied(chosen["key"]))
    for key, test, share, to in sorted(elements, key=lambda element: element[0] == "*"):
        action = _verdict(to) if kind == "vmap" else _rewriting(kind, _end_of(to), {})
        shown = f"{action.kind} {action.to}".rstrip() if kind == "vmap" else _shown(to)
        yield Branch(
            (*rule.tests, *granted, *(test or ())),
            (*rule.actions, action),
            rule.share * share,
            f"{key} : {shown}",
            in_turn=rule.in_turn or (drawn is not None and drawn[2]),
        )


def _shown(to: Any) -> str:
    return " . ".join(nft_terms.parts(to))


def _elements(
    chosen: Json, sets: Sets
) -> Iterator[tuple[str, tuple[Test, ...] | None, Fraction, Any]]:
    """Of a map each element: its key, what it asks, its share by chance, what it stands for."""
    data = chosen["data"]
    if isinstance(data, str):
        if data[1:] not in sets:
            yield "", None, Fraction(1), None
            return
        pairs = sets[data[1:]].get("elem", ())
    else:
        pairs = data["set"]
    drawn = nft_terms.chance(chosen["key"])
    fields = nft_terms.fields_of(chosen["key"])
    for key, value in pairs:
        texts = nft_terms.parts(key)
        written = " . ".join(texts)
        numbers = _spans([texts]) if drawn else None
        if drawn and numbers:
            yield written, (), nft_terms.share(drawn, *numbers[0]), value
        elif texts == ("*",) or (key is pairs[-1][0] and _complete(chosen["key"], pairs)):
            yield written, *_all_others(chosen, pairs[:-1] if texts != ("*",) else pairs), value
        elif len(texts) == len(fields):
            yield written, (Test(fields, (texts,)),), Fraction(1), value
        else:
            asked = f"{nft_terms.words(chosen['key'])} is {written}"
            yield written, (Test((Field("other", asked),), (("yes",),)),), Fraction(1), value


def _complete(key: Any, pairs: Sequence[Any]) -> bool:
    """Whether a map has an element for each number of a hash, so that the last is all others."""
    numbers = nft_terms.hashed(key)
    spans = _spans(nft_terms.parts(element) for element, _ in pairs)
    if numbers is None or spans is None:
        return False
    return {*numbers} <= {number for low, high in spans for number in range(low, high + 1)}


def _all_others(chosen: Json, pairs: Iterable[Any]) -> tuple[tuple[Test, ...], Fraction]:
    """What `*` in a map asks: none of the other elements; and its share of what chance draws."""
    fields = nft_terms.fields_of(chosen["key"])
    others = [texts for texts in (nft_terms.parts(key) for key, _ in pairs) if texts != ("*",)]
    drawn = nft_terms.chance(chosen["key"])
    if drawn is None:
        values = tuple(texts for texts in others if len(texts) == len(fields))
        return (Test(fields, values, negated=True),), Fraction(1)
    numbers = _spans(others) or []
    return (), 1 - sum((nft_terms.share(drawn, *span) for span in numbers), Fraction(0))


def _end(body: Any) -> End | str:
    """Where a dnat or snat rewrites to; as text where it is not an address and port."""
    body = body or {}
    address, port = body.get("addr"), body.get("port")
    if isinstance(address, Mapping) and "concat" in address and port is None:
        return _end_of(address)
    first, last = _range(port)
    hosts = nft_terms.parts(address) if address is not None else ("",)
    if len(hosts) == 1 and "/" in hosts[0] and port is None:
        return f"to {hosts[0]}"
    if (port is not None and first is None) or len(hosts) != 1 or "/" in hosts[0]:
        return json.dumps(body)
    if isinstance(address, Mapping) and not ({"range", "elem"} & {*address}):
        return json.dumps(body)
    return End(hosts[0] or None, first, last)


def _end_of(value: Any) -> End | str:
    """Of a map's element: an address, or an address and a port."""
    texts = nft_terms.parts(value)
    if len(texts) == 1:
        return End(texts[0])
    first, last = _range(texts[1])
    return _shown(value) if first is None or len(texts) != 2 else End(texts[0], first, last)


def _range(port: Any) -> tuple[int | None, int | None]:
    if port is None:
        return None, None
    numbers = _spans([nft_terms.parts(port)])
    return numbers[0] if numbers else (None, None)


def _rewriting(kind: str, end: End | str, body: Any) -> Action:
    text = end.text if isinstance(end, End) else end
    if isinstance(end, str) or not text or (body or {}).get("type_flags") == "prefix":
        return Action("end", f"{kind} {text}".strip())
    refused = ends.refused(text)
    if refused:
        return Action("end", f"{kind} to {text}: {refused}")
    return Action("dnat" if kind == "dnat" else "snat", text)


def _mangled(body: Json) -> Iterator[Action]:
    """`meta mark set …`: which bits are kept, and which flipped; what else is set, rules ignore."""
    if body["key"] != _MARK:
        payload = body["key"].get("payload", {})
        if payload.get("field") in ("saddr", "daddr", "sport", "dport"):
            # Written into the packet, past connection tracking.
            yield Action("end", f"{payload['protocol']} {payload['field']} set")
        return
    match body["value"]:
        case {"|": [left, int(bits)]} if left == _MARK:
            yield Action("mark", f"{~bits & _WHOLE:#x}/{bits:#x}")
        case {"^": [left, int(bits)]} if left == _MARK:
            yield Action("mark", f"{_WHOLE:#x}/{bits:#x}")
        case {"^": [{"&": [left, int(keep)]}, int(bits)]} | {
            "|": [{"&": [left, int(keep)]}, int(bits)]
        } if left == _MARK:
            # Of `|` the bits that are set are none that are kept, or flipping them were no setting.
            keep = keep if "^" in body["value"] else keep & ~bits
            yield Action("mark", f"{keep & _WHOLE:#x}/{bits:#x}")
        case {"&": [left, int(bits)]} if left == _MARK:
            yield Action("mark", f"{bits:#x}/0x0")
        case int(bits):
            yield Action("mark", f"0x0/{bits:#x}")
        case _:
            yield Action("remark", f"{_WHOLE:#x}")


def _verdict(statement: Any) -> Action:
    if not isinstance(statement, Mapping):
        return Action("end", str(statement))
    ((kind, body),) = statement.items()
    match kind:
        case "jump":
            return Action("jump", body["target"])
        case "goto":
            return Action("goto", body["target"])
        case "return":
            return Action("return")
        case "accept":
            return Action("accept")
        case "continue":
            return Action("none")
        case "drop" | "reject":
            return Action("drop")
    return Action("end", _words(kind, body))
