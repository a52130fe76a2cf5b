"""MAC addresses by chance, and what is computed from them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from macros.ground import mac as macs
from macros.settle import mac_rules
from macros.settle.declaration import Evidence, Identity, Named, Token, like, patterns_of


class _Macs(NamedTuple):
    """What computes MACs on a side, and the random ones by their last three bytes, "" for two.

    `ruled` are those that stand in rules only: nothing that was recorded has one of them, as
    something has `owned`.
    """

    computed: frozenset[str]
    tails: Mapping[str, str]
    ruled: frozenset[str]
    owned: frozenset[str]


def _learn(evidence: Evidence) -> _Macs:
    shown = frozenset().union(*map(_shown, evidence.texts))
    tails: dict[str, str] = {}
    otherwise = frozenset(_written_otherwise(evidence.texts))
    shown |= frozenset().union(*map(macs.upper, evidence.texts))
    computed = macs.tails(evidence.texts, shown | otherwise)
    ruled = mac_rules.only(evidence, _shown) - otherwise
    owned = (shown | otherwise) - ruled
    for mac in shown - ruled:
        if macs.form(mac, computed).chance:
            tails[mac[9:]] = "" if mac[9:] in tails else mac
    return _Macs(computed, tails, ruled, owned)


def _meet(old: _Macs, new: _Macs) -> tuple[_Macs, _Macs]:
    """What something has in one run only is a name in both, so that its rule tells that."""
    return (
        old._replace(ruled=old.ruled - new.owned),
        new._replace(ruled=new.ruled - old.owned),
    )


def _written_otherwise(texts: Iterable[str]) -> Iterator[str]:
    """The MACs that texts show without leading zeros, or in a link-local address."""
    for pattern in IDENTITY.patterns:
        for text in texts if pattern.shape in {"short", "link-local"} else ():
            if pattern.may_match(text):
                # The line around it is of no matter here.
                short = pattern.shape == "short"
                for value in (_ANY_SHORT if short else pattern.expression).finditer(text):
                    yield macs.long(value["v"]) if short else macs.of_link_local(value["v"])


_shown = lru_cache(maxsize=2048)(macs.shown)


def _read(raw: str, shape: str, known: _Macs) -> Named | None:
    mac = raw
    if shape == "link-local":
        mac = macs.of_link_local(raw)
    elif shape in {"multicast", "solicited"}:
        mac = known.tails.get(macs.tail_of_group(raw), "")
    elif shape == "short":
        mac = macs.long(raw)
    elif shape == "upper":
        mac = raw.lower()
    if mac in known.ruled:
        return None
    form = macs.form(mac, known.computed) if mac else macs.Form("")
    return Named(mac, form.words, shape) if form.chance else None


def _write(token: Token, value: str) -> str:
    match token.shape:
        case "link-local":
            return macs.link_local(value)
        case "multicast":
            return macs.multicast(value)
        case "solicited":
            return macs.solicited(value)
        case "short":
            return macs.short(value)
        case "upper":
            return value.upper()
        case _:
            return value


_NEAR = ":[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}:"
_SHORT = "(?P<v>(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})(?![0-9a-f:])"
_ANY_SHORT = re.compile(f"(?<![0-9a-f:]){_SHORT}")

IDENTITY = Identity(
    name="mac",
    what="a random MAC address, and what is computed from it: the link-local address, the last"
    " three bytes in solicited-node addresses, a bridge's id; one that stands in rules alone, and"
    " that nothing here has, is its author's: a fact",
    scope="lab",
    rank=10,
    pinned=True,
    learn=_learn,
    meet=_meet,
    read=_read,
    write=_write,
    patterns=patterns_of(
        # iproute2 writes the bytes of a bridge's id without leading zeros.
        (
            like(r"\.[0-9a-f]{1,2}:[0-9a-f]{1,2}:"),
            rf"(?<![0-9a-f])[0-9a-f]{{4}}\.{_SHORT}",
            "short",
        ),
        # So does xtables-monitor.
        ("PACKET: ", rf"^PACKET: .*\bMACSRC={_SHORT}", "short"),
        ("PACKET: ", rf"^PACKET: .*\bMACDST={_SHORT}", "short"),
        (like(f"{_NEAR}"), f"(?P<v>{macs.PATTERN.pattern})"),
        # as NetworkManager and older iptables write it
        (
            like(":[0-9A-F]{2}:[0-9A-F]{2}:[0-9A-F]{2}:"),
            f"(?P<v>{macs.UPPER.pattern})",
            "upper",
        ),
        (
            "fe80::",
            "(?<![0-9a-f:])(?P<v>fe80::[0-9a-f:]*ff:fe[0-9a-f:]+)(?![0-9a-f:])",
            "link-local",
        ),
        ("33:33:ff", "(?<![0-9a-f:])(?P<v>33:33:ff(?::[0-9a-f]{2}){3})(?![0-9a-f:])", "multicast"),
        ("ff02::1:ff", "(?<![0-9a-f:])(?P<v>ff02::1:ff[0-9a-f:]+)(?![0-9a-f:])", "solicited"),
    ),
)
