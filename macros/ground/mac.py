"""MAC addresses: how one came to be, and what is computed from it."""

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

PATTERN = re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])")
"""A MAC in a text, in lower case and with leading zeros, as most tools write it."""
_NEAR = re.compile(":[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}:")
UPPER = re.compile(
    r"(?<![0-9A-Fa-f:])(?=[0-9:]*[A-F])(?:[0-9A-F]{2}:){5}[0-9A-F]{2}(?![0-9A-Fa-f:])"
)
"""A MAC in capitals, which has a letter."""
_BYTE, _LETTERED = "[0-9A-F]{2}", "(?:[A-F][0-9A-F]|[0-9][A-F])"
_NEAR_UPPER = re.compile(
    f":(?:{_BYTE}:{_LETTERED}|{_LETTERED}:{_BYTE}|(?<={_LETTERED}:){_BYTE}:{_BYTE})"
)
"""A piece of one, behind a colon, which is found fast: most texts have none."""
_DOTTED = defaultdict(lambda: " ", {ord(sign): sign for sign in "0123456789."})
"""For `translate`: a text's numbers with dots, all else blanks; five times as fast as a search."""


def shown(text: str) -> frozenset[str]:
    """The MACs in a text, in the form of `PATTERN`."""
    return frozenset(PATTERN.findall(text)) if _NEAR.search(text) else frozenset()


@lru_cache(maxsize=2048)
def upper(text: str) -> frozenset[str]:
    """The MACs that a text has in capitals, as others write them."""
    if not _NEAR_UPPER.search(text):
        return frozenset()
    return frozenset(mac.lower() for mac in UPPER.findall(text))


Tails = Collection[str]
"""The last four bytes of MACs that are computed from addresses: see `tails`."""


class Form(NamedTuple):
    """How a MAC came to be, in words; `chance` says that it was drawn, so that it only names."""

    words: str
    chance: bool = False


def form(mac: str, computed: Tails = ()) -> Form:
    """The form of a MAC; `computed` are the `tails` of the same machines' addresses.

    IEEE 802: bit 0 of the first byte is group, bit 1 locally administered; the kernel draws the
    rest (eth_random_addr). Four bytes that are an address of these machines are no chance,
    whatever stands before them. Some prefixes stand before an address that need not be shown: see
    `_PREFIXES`. ee:ee:ee:ee:ee:ee is on all of Calico's ports.
    """
    if mac[1] in _ODD:
        return _GROUP
    if mac == "ee:ee:ee:ee:ee:ee":
        return Form(mac)
    if mac[1] not in _LOCAL:
        return _FIXED
    if mac[6:] in computed or (mac[:5] in _PREFIXES and _is_private(mac[:5], mac[6:])):
        return Form(f"{mac[:5]} + address")
    if mac.startswith("02:42:"):
        # Docker until 27, for a bridge that has no address yet.
        return Form("02:42 + random", chance=True)
    return _BY_HAND if mac.startswith(_SET_BY_HAND) else _RANDOM


_ODD, _LOCAL = frozenset("13579bdfBDF"), frozenset("26aeAE")
"""The second digit of a group's MAC; of others, where bit 1 of the first byte is set."""
_GROUP, _FIXED, _BY_HAND = Form("group"), Form("fixed by its maker"), Form("set by hand")
_RANDOM = Form("random", chance=True)


_SET_BY_HAND = ("02:00:00:", "06:00:00:", "52:54:00:", "fe:54:00:")
"""As people count them; QEMU's, and libvirt's of the other end.

Of 02:00 and 06:00 alone one drawn MAC in 8192 begins with one.
"""

_RANGES = {
    "10/8": ("0a:",),
    "172.16/12": tuple(f"ac:{byte:02x}:" for byte in range(16, 32)),
    "192.168/16": ("c0:a8:",),
}
_PRIVATE = tuple(chain(*_RANGES.values()))
_PREFIXES = {
    # Docker until 27, from its own pools: by chance one bridge in 4000 begins so.
    "02:42": (*_RANGES["172.16/12"], *_RANGES["192.168/16"]),
    # CNI's plugins (pkg/utils/hwaddr), kubenet, OVN (IPAddrToHWAddr): from any address, of IPv6
    # also a part of its hash. By chance one in 16384 begins so.
    "0a:58": ("",),
    # The lab's own, and its pages'.
    "02:00": _PRIVATE,
    "06:00": _PRIVATE,
    # slirp's, for the guest's network.
    "52:55": (*_RANGES["10/8"], *_RANGES["192.168/16"]),
}
"""Which private addresses (RFC 1918) a prefix stands before, as a MAC writes them."""


def _is_private(prefix: str, tail: str) -> bool:
    return tail.startswith(_PREFIXES.get(prefix, ()))


_BY_CHANCE = 2**32 // 1000
"""So many pairs of a MAC and an address: in one of 1,000 such runs a drawn MAC is an address."""


def tails(texts: Iterable[str], shown_macs: Iterable[str]) -> frozenset[str]:
    """The last four bytes of those MACs that are computed from an IPv4 address in the texts.

    Where MACs and addresses are so many that four bytes agree by chance, what computes them is
    seen by a second MAC with the same first two bytes.
    """
    by_address: defaultdict[str, set[str]] = defaultdict(set)
    for mac in filter(None, shown_macs):
        by_address[".".join(map(str, bytes.fromhex(mac[6:].replace(":", ""))))].add(mac)
    agreeing: set[str] = set()
    addresses = 0
    for text in texts if by_address else ():
        in_text = {word for word in text.translate(_DOTTED).split() if "." in word}
        addresses += len(in_text)
        agreeing |= by_address.keys() & in_text
    computed = [mac for address in agreeing for mac in by_address[address]]
    if len(by_address) * addresses > _BY_CHANCE:
        prefixes = Counter(mac[:5] for mac in computed)
        computed = [mac for mac in computed if prefixes[mac[:5]] > 1]
    return frozenset(mac[6:] for mac in computed)


def link_local(mac: str) -> str:
    """The link-local address that is computed from a MAC (EUI-64, RFC 4291 appendix A)."""
    raw = bytes.fromhex(mac.replace(":", ""))
    host = bytes((raw[0] ^ 2, raw[1], raw[2], 0xFF, 0xFE, *raw[3:]))
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + host))


def of_link_local(address: str) -> str:
    """The MAC that a link-local address was computed from: the reverse of `link_local`; or ""."""
    try:
        raw = ipaddress.IPv6Address(address).packed
    except ValueError:
        return ""
    if raw[:8] != b"\xfe\x80" + bytes(6) or raw[11:13] != b"\xff\xfe":
        return ""
    return bytes((raw[8] ^ 2, raw[9], raw[10], *raw[13:])).hex(":")


def solicited(mac: str) -> str:
    """The group that solicits the MAC's link-local address (RFC 4291 section 2.7.1)."""
    return str(ipaddress.IPv6Address(f"ff02::1:ff{mac[9:11]}:{mac[12:].replace(':', '')}"))


def multicast(mac: str) -> str:
    """The same group as a MAC (RFC 2464 section 7)."""
    return f"33:33:ff:{mac[9:]}"


def tail_of_group(group: str) -> str:
    """The last three bytes of the MAC behind `solicited` or `multicast`."""
    if group.startswith("33:33"):
        return group[9:]
    high, _, low = group.removeprefix("ff02::1:ff").partition(":")
    return f"{high}:{low.zfill(4)[:2]}:{low.zfill(4)[2:]}"


def short(mac: str) -> str:
    """A MAC without leading zeros, as iproute2 writes it in a bridge's id, and xtables-monitor."""
    return ":".join(byte.removeprefix("0") for byte in mac.split(":"))


def long(mac: str) -> str:
    """The reverse of `short`."""
    return ":".join(byte.zfill(2) for byte in mac.split(":"))
