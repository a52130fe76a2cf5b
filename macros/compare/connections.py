"""Tracked connections, sockets and pings."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import fields as fields_of
from typing import Any

from macros.compare.change import Change, said
from macros.kinds.conntrack import Direction, Flow
from macros.kinds.ping import Ping
from macros.kinds.sockets import Socket

_PING = (
    *("target", "address", "source", "size", "transmitted", "received", "loss", "errors"),
    "duplicates",
)


def connections(old: Iterable[Flow], new: Iterable[Flow]) -> Iterator[Change]:
    """Tracked connections by their original direction; how long they stay is noise."""
    before, after = _each(old, _flow), _each(new, _flow)
    for key, one in before.items():
        name = _way(one)
        if key not in after:
            yield said("conntrack", name, f"connection {name} gone", _told(one))
            continue
        was, now = _facts(one), _facts(after[key])
        yield from _worded("conntrack", f"connection {name}", was, now)
    for key, one in after.items():
        if key not in before:
            name = _way(one)
            yield said("conntrack", name, f"connection {name} new", "", _told(one))


def sockets(old: Iterable[Socket], new: Iterable[Socket]) -> Iterator[Change]:
    """Sockets by protocol and addresses; which process number holds one is noise."""
    before, after = _each(old, _socket), _each(new, _socket)
    for key, one in before.items():
        name = _socket_name(one)
        if key not in after:
            yield said("sockets", name, f"{name} gone", _socket_line(one))
            continue
        yield from _worded("sockets", name, _socket_facts(one), _socket_facts(after[key]))
    for key, one in after.items():
        if key not in before:
            name = _socket_name(one)
            yield said("sockets", name, f"{name} new", "", _socket_line(one))


def ping(old: Ping, new: Ping) -> Iterator[Change]:
    """A run of ping without its times."""
    subject = f"ping of {new.target or old.target or 'nothing'}"
    was, now = ({name: _text(getattr(one, name)) for name in _PING} for one in (old, new))
    yield from _worded("ping", subject, was, now)
    answers = [_answers(one) for one in (old, new)]
    if was["received"] == now["received"]:
        for key in dict.fromkeys((*answers[0], *answers[1])):
            one, other = answers[0].get(key, {}), answers[1].get(key, {})
            if not one or not other:
                word = "new" if other else "gone"
                sides = (_join(one), _join(other))
                yield said("ping", subject, f"{key} of {subject} {word}", *sides)
            else:
                yield from _worded("ping", f"{key} of {subject}", one, other)
    errors = [[_failure(one) for one in each.failures] for each in (old, new)]
    for text in dict.fromkeys(errors[0]):
        if text not in errors[1]:
            yield said("ping", subject, f"{subject} no longer says: {text}", text)
    for text in dict.fromkeys(errors[1]):
        if text not in errors[0]:
            yield said("ping", subject, f"{subject} says: {text}", "", text)
    if set(errors[0]) == set(errors[1]) and errors[0] != errors[1]:
        one_, other_ = "; ".join(errors[0]), "; ".join(errors[1])
        yield said("ping", subject, f"errors of {subject} come otherwise", one_, other_)


def _answers(run: Ping) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for reply in run.replies:
        key = f"answer {reply.seq}{' again' if reply.duplicate else ''}"
        facts = {"ttl": _text(reply.ttl), "size": _text(reply.size), "sender": reply.address}
        found[key] = facts
    return found


def _failure(one: Any) -> str:
    way = f"{one.address}: " if one.address else ""
    return f"{way}{one.text}"


def _worded(
    kind: str, subject: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Change]:
    for word in dict.fromkeys((*old, *new)):
        one, other = old.get(word, ""), new.get(word, "")
        if one == other:
            continue
        what = f"{word} of {subject} {one or 'none'} -> {other or 'none'}"
        yield said(kind, subject, what, one, other)


def _each(found: Iterable[Any], key: Any) -> dict[Hashable, Any]:
    """Entries by key, those of one key by their place among them in an order of their own."""
    out: dict[Hashable, Any] = {}
    seen: dict[Hashable, int] = {}
    for one in sorted(found, key=repr):
        own = key(one)
        seen[own] = seen.get(own, 0) + 1
        out[own, seen[own]] = one
    return out


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _join(facts: Mapping[str, str]) -> str:
    return " ".join(f"{word} {value}" for word, value in facts.items() if value)


def _end(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _flow(one: Flow) -> Hashable:
    sent = one.original
    return one.protocol, sent.src, sent.sport, sent.dst, sent.dport, sent.type, sent.code


def _way(one: Flow) -> str:
    sent = one.original
    return f"{one.protocol} {_end(sent.src, sent.sport)} > {_end(sent.dst, sent.dport)}"


def _facts(one: Flow) -> dict[str, str]:
    counted = {
        f"{word} counted {way}": _some(getattr(direction, word))
        for way, direction in (("there", one.original), ("back", one.reply))
        for word in ("packets", "bytes")
    }
    more = {f"{key} {way}": value for way, d in _ways(one) for key, value in d.more.items()}
    return {
        "state": one.state or "",
        "new source": one.snat or "",
        "new destination": one.dnat or "",
        "answer's type": _text(one.reply.type),
        "answer's code": _text(one.reply.code),
        "flags": " ".join(one.flags),
        "mark": one.mark or "",
        **counted,
        **more,
        **{key: value for key, value in one.more.items() if key not in ("use", "id")},
    }


def _ways(one: Flow) -> tuple[tuple[str, Direction], ...]:
    return ("there", one.original), ("back", one.reply)


def _some(count: int | None) -> str:
    """Whether a counter is zero is a fact, how large it is is not."""
    return "" if count is None else "some" if count else "0"


def _told(one: Flow) -> str:
    facts = {key: value for key, value in _facts(one).items() if value}
    return f"{_way(one)} {_join(facts)}"


def _socket(one: Socket) -> Hashable:
    return one.netid, one.local, one.peer


def _socket_name(one: Socket) -> str:
    if one.state in ("LISTEN", "UNCONN"):
        return f"{_netid(one)} {one.local}, which listens,"
    return f"{_netid(one)} {one.local} > {one.peer}"


def _netid(one: Socket) -> str:
    return f"{one.netid} socket" if one.netid else "socket"


def _socket_facts(one: Socket) -> dict[str, str]:
    names = {
        field.name: _text(getattr(one, field.name))
        for field in fields_of(one)
        if field.name in ("state", "recv_q", "send_q")
    }
    # A queue that waits to be read means nothing; of one that listens it is how long it may be.
    if one.state not in ("LISTEN", "UNCONN"):
        names |= {key: _some(int(names[key])) for key in ("recv_q", "send_q")}
    return {**names, "process": ", ".join(sorted({each.name for each in one.processes}))}


def _socket_line(one: Socket) -> str:
    return f"{one.local} {one.peer} {_join(_socket_facts(one))}"
