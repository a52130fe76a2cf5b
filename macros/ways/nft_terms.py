"""What nftables' expressions ask, from their JSON (libnftables-json(5), EXPRESSIONS)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from macros.ways.ruleset import Field, Test, What

Json = Mapping[str, Any]
Sets = Mapping[str, Json]

_PAYLOAD: dict[tuple[str, str], What] = {
    ("ip", "saddr"): "source",
    ("ip", "daddr"): "destination",
    ("ip6", "saddr"): "source",
    ("ip6", "daddr"): "destination",
    ("ip", "protocol"): "protocol",
    ("ip6", "nexthdr"): "protocol",
}
_PORTS: dict[str, What] = {"sport": "source-port", "dport": "destination-port"}
_TRANSPORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_INSIDE_IP = (*_TRANSPORTS, "icmp", "icmpv6", "esp", "ah", "comp")
_META: dict[str, What] = {
    "l4proto": "protocol",
    "mark": "mark",
    "nfproto": "family",
    "protocol": "family",
    "iifname": "in",
    "iif": "in",
    "oifname": "out",
    "oif": "out",
}
_FAMILIES = {"ipv4": "ip", "ipv6": "ip6", "ip": "ip", "ip6": "ip6"}
_WHOLE = 0xFFFFFFFF
_MOST = (1 << 63) - 1


def test(body: Json, sets: Sets) -> tuple[Test, ...]:
    """What a `match` statement asks, with what it takes for granted (`tcp dport` asks for TCP)."""
    left, right, op = body["left"], body["right"], body["op"]
    if left == {"ct": {"key": "status"}} and right == "dnat":
        return (Test((Field("rewritten"),), (("yes",),), op == "!="),)
    fields = fields_of(left)
    granted = tuple(implied(left))
    if op in ("<", ">", "<=", ">=") and isinstance(right, int):
        low, high = {
            "<": (0, right - 1),
            "<=": (0, right),
            ">": (right + 1, _MOST),
            ">=": (right, _MOST),
        }[op]
        return (*granted, Test(fields, ((f"{low}-{high}",),)))
    values = _values(right, sets)
    if fields == (Field("mark"),):
        values = _marks(values, left)
    elif isinstance(left, Mapping) and "&" in left:
        values = None
    # Of flags a packet can have several at once; of states a connection has one.
    if op == "in" and fields != (Field("state"),):
        values = None
    if op not in ("==", "!=", "in") or values is None:
        return (*granted, opaque(body))
    if any(len(value) != len(fields) for value in values):
        return (*granted, opaque(body))
    return (*granted, Test(fields, tuple(values), op == "!=", _is_dynamic(right, sets)))


def opaque(body: Json) -> Test:
    """A question in the words of nft; of what is not equal, the same question turned."""
    turned = body.get("op") == "!="
    op = "" if body.get("op") in ("==", "!=", "in") else f"{body.get('op')} "
    asked = f"{words(body.get('left'))} {op}{words(body.get('right'))}"
    return Test((Field("other", asked),), (("yes",),), turned)


def words(expression: Any) -> str:
    """An expression as nft writes it; as JSON where it is none of these."""
    match expression:
        case str() | int():
            return str(expression)
        case list():
            return ",".join(words(piece) for piece in expression)
        case {"payload": {"protocol": protocol, "field": name}}:
            return f"{protocol} {name}"
        case {"meta": {"key": key}}:
            return f"meta {key}"
        case {"ct": {"key": key, **rest}}:
            return " ".join(["ct", *(str(value) for value in rest.values()), str(key)])
        case {"concat": pieces}:
            return " . ".join(words(piece) for piece in pieces)
        case {"&": [left, right]}:
            return f"{words(left)} & {words(right)}"
        case {"jhash": {"mod": mod, "expr": inner, **rest}}:
            return " ".join(["jhash", words(inner), f"mod {mod}", *_given(rest)])
        case {"symhash": {"mod": mod, **rest}}:
            return " ".join([f"symhash mod {mod}", *_given(rest)])
    return json.dumps(expression, sort_keys=True)


def _given(rest: Mapping[Any, Any]) -> Iterable[str]:
    return (f"{name} {value}" for name, value in sorted(rest.items()) if value)


def _marks(values: list[tuple[str, ...]] | None, left: Any) -> list[tuple[str, ...]] | None:
    """Marks as `value/mask`; None where they are not numbers, or are masked by none."""
    mask = left["&"][1] if "&" in left else None
    marks: list[tuple[str, ...]] = []
    for text, *_ in values or ():
        low, dash, high = text.partition("-")
        if not (low.isdigit() and (not dash or (high.isdigit() and mask is None))):
            return None
        marks.append((text if dash else f"{int(low):#x}/{mask or _WHOLE:#x}",))
    return None if values is None else marks


def _values(right: Any, sets: Sets) -> list[tuple[str, ...]] | None:
    """The values that a match allows; None where they are not body as values."""
    elements: Iterable[Any] = [right]
    if isinstance(right, str) and right.startswith("@"):
        if right[1:] not in sets:
            return None
        elements = sets[right[1:]].get("elem", ())
    elif isinstance(right, Mapping) and "set" in right:
        elements = right["set"] if isinstance(right["set"], list) else [right["set"]]
    elif isinstance(right, list):
        elements = right
    return [parts(element) for element in elements]


def _is_dynamic(right: Any, sets: Sets) -> bool:
    """Whether it is a set that rules themselves put clients into, for a while."""
    named = sets.get(right[1:]) if isinstance(right, str) and right.startswith("@") else None
    # nft 1.0 does not print the flag dynamic, but that of the timeout that such a set has.
    return named is not None and bool({"dynamic", "timeout"} & {*(named.get("flags") or ())})


def fields_of(left: Any) -> tuple[Field, ...]:
    """The fields of an expression, each of a concatenation."""
    pieces = left["concat"] if isinstance(left, Mapping) and "concat" in left else [left]
    return tuple(_field(piece) for piece in pieces)


def _field(piece: Any) -> Field:
    match piece:
        case {"&": [inner, int()]} if _field(inner).what == "mark":
            return Field("mark")
        case {"payload": {"protocol": protocol, "field": name}}:
            what = _PAYLOAD.get((protocol, name))
            if what is None and protocol in (*_TRANSPORTS, "th"):
                what = _PORTS.get(name)
            if what is not None:
                return Field(what)
        case {"meta": {"key": str(key)}} if key in _META:
            return Field(_META[key])
        case {"ct": {"key": "state"}}:
            return Field("state")
        case {"fib": {"result": "type", "flags": flags}}:
            names = [flags] if isinstance(flags, str) else list(flags)
            for side, what in _TYPED.items():
                if side in names:
                    return Field(what, " ".join(name for name in names if name != side))
    return Field("other", words(piece))


_TYPED: dict[str, What] = {"saddr": "source-type", "daddr": "destination-type"}


def implied(left: Any) -> Iterable[Test]:
    """What nft asks besides and does not print: the family, and the protocol that has the ports."""
    pieces: Sequence[Any] = (
        left["concat"] if isinstance(left, Mapping) and "concat" in left else [left]
    )
    for piece in pieces:
        inner = piece["&"][0] if isinstance(piece, Mapping) and "&" in piece else piece
        payload = inner.get("payload") if isinstance(inner, Mapping) else None
        protocol = payload.get("protocol") if isinstance(payload, Mapping) else None
        if protocol in _FAMILIES:
            yield Test((Field("family"),), ((_FAMILIES[protocol],),))
        elif protocol in _INSIDE_IP:
            yield Test((Field("protocol"),), ((str(protocol),),))


def parts(value: Any) -> tuple[str, ...]:
    """The texts of an element, one for each field."""
    if isinstance(value, Mapping):
        if "concat" in value:
            return tuple(text for piece in value["concat"] for text in parts(piece))
        if "elem" in value:  # with a comment or counters of its own
            return parts(value["elem"]["val"])
        if "prefix" in value:
            return (f"{value['prefix']['addr']}/{value['prefix']['len']}",)
        if "range" in value:
            return ("-".join(str(end) for end in value["range"]),)
        if "|" in value:
            return (json.dumps(value, sort_keys=True),)
    return (str(value),)


def chance(key: Any) -> tuple[int, int, bool] | None:
    """Of `numgen`: its first number, how many there are, and whether it counts in turn."""
    drawn = key.get("numgen") if isinstance(key, Mapping) else None
    if not isinstance(drawn, Mapping) or not int(drawn.get("mod", 0)):
        return None
    return int(drawn.get("offset", 0)), int(drawn["mod"]), drawn.get("mode") == "inc"


def hashed(key: Any) -> range | None:
    """The numbers that `jhash` and `symhash` can give; None for any other key."""
    for name in ("jhash", "symhash"):
        if isinstance(key, Mapping) and isinstance(key.get(name), Mapping):
            first = int(key[name].get("offset", 0))
            return range(first, first + int(key[name].get("mod", 0)))
    return None


def share(drawn: tuple[int, int, bool], low: int, high: int) -> Fraction:
    """How many of the numbers that can be drawn are among these."""
    first, count, _ = drawn
    among = min(high, first + count - 1) - max(low, first) + 1
    return Fraction(max(0, among), count)
