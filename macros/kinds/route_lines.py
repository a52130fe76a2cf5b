"""The text of `ip route` and `ip route get`, in the words of their JSON.

Source: iproute2, ip/iproute.c, print_route(), print_rta_multipath(), print_rta_metrics();
ip/iproute_lwtunnel.c, lwt_print_encap(). Words of an encapsulation are its own (`dst` there is a
tunnel's end): they come in the order in which it prints them, and end with the first other word.
"""

from collections.abc import Iterator
from typing import Any, Literal

from macros.ground.errors import GuideError
from macros.kinds.fields import any_of, is_address, unreadable, whole

# rtnl_rtntype_n2a() of lib/rt_names.c.
TYPES = any_of(
    "unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat xresolve"
)
# print_rt_flags(): these stand alone.
_FLAGS = any_of(
    "dead onlink pervasive offload trap notify linkdown unresolved rt_offload rt_trap "
    "rt_offload_failed"
)
# Words with a value, by their names in JSON; those with numbers apart.
_STRINGS = {
    "from": "from",
    "dev": "dev",
    "table": "table",
    "proto": "protocol",
    "scope": "scope",
    "src": "prefsrc",
    "tos": "tos",
    "iif": "iif",
    "oif": "oif",
    "pref": "pref",
    "ipid": "ipid",
    "ts": "ts",
}
_NUMBERS = any_of("nhid metric uid error weight")
# How often and how long ago it was used: where no number stands there, it is something else.
_COUNTS = any_of("users used tsage")
_SECONDS = any_of("expires age")
# mx_names[]: what stands in the list `metrics` in JSON; times are milliseconds there.
_METRICS = any_of(
    "mtu window rtt rttvar ssthresh cwnd advmss reordering hoplimit initcwnd rto_min initrwnd "
    "quickack fastopen_no_cookie"
)
_FEATURES = any_of("ecn tcp_usec_ts")

_Form = Literal["value", "number", "bare", "first", "segments"]
_TUNNEL: tuple[tuple[str, _Form], ...] = (("id", "number"), ("src", "value"), ("dst", "value"))
_KEYS: tuple[tuple[str, _Form], ...] = (("key", "bare"), ("csum", "bare"), ("seq", "bare"))
# The words of each encapsulation in the order of its print_encap_…(); "first" has no word.
_ENCAPSULATIONS: dict[str, tuple[tuple[str, _Form], ...]] = {
    "mpls": (("dst", "first"), ("ttl", "number")),
    "ip": (*_TUNNEL, ("ttl", "number"), ("tos", "number"), *_KEYS),
    "ip6": (*_TUNNEL, ("hoplimit", "number"), ("tc", "number"), *_KEYS),
    "ila": (
        ("locator", "first"),
        ("csum-mode", "value"),
        ("ident-type", "value"),
        ("hook-type", "value"),
    ),
    "seg6": (("mode", "value"), ("tunsrc", "value"), ("segs", "segments"), ("hmac", "value")),
    "seg6local": (
        ("action", "value"),
        ("segs", "segments"),
        ("hmac", "value"),
        ("table", "value"),
        ("vrftable", "value"),
        ("nh4", "value"),
        ("nh6", "value"),
        ("iif", "value"),
        ("oif", "value"),
        ("endpoint", "value"),
        ("packets", "number"),
        ("bytes", "number"),
        ("errors", "number"),
        ("flavors", "value"),
        ("lblen", "number"),
        ("nflen", "number"),
    ),
    "rpl": (("segs", "segments"),),
    "ioam6": (
        ("freq", "value"),
        ("mode", "value"),
        ("tunsrc", "value"),
        ("tundst", "value"),
        ("trace", "bare"),
        ("prealloc", "bare"),
        ("type", "value"),
        ("ns", "number"),
        ("size", "number"),
    ),
    "xfrm": (("if_id", "number"), ("link_dev", "value")),
}
_OPTIONS = any_of("geneve_opts vxlan_opts erspan_opts")


def routes(text: str) -> Iterator[dict[str, Any]]:
    """The output of `ip route` as the objects that `ip -j route` would have printed.

    GuideError where a line has a word that is not known here: what follows it has no meaning then.
    """
    route: dict[str, Any] | None = None
    for number, line in enumerate(text.replace("\\", "\n").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            if not line[0].isspace():
                if route is not None:
                    yield route
                route = _first(_Words(words))
            elif route is None:
                raise unreadable("routes", line, number)
            else:
                _next(route, _Words(words))
        except (GuideError, ValueError) as error:
            raise unreadable("routes", line, number) from error
    if route is not None:
        yield route


class _Words:
    """The words of a line, taken from the left. ValueError where one is wanted and none is left."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0

    @property
    def next(self) -> str:
        """The word that comes, "" at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        """That word, which is taken."""
        if not self.next:
            raise ValueError("a word has no value")
        self._at += 1
        return self._words[self._at - 1]


def _first(words: _Words) -> dict[str, Any]:
    """A route's own line: its type, its destination, its words."""
    route: dict[str, Any] = {"type": words.take()} if words.next in TYPES else {}
    destination = words.take()
    if destination != "default" and not is_address(destination):
        raise ValueError("a route begins with its destination")
    route |= {"dst": destination, "flags": []}
    _read(route, words)
    return route


def _next(route: dict[str, Any], words: _Words) -> None:
    """A line under a route's own: one of its next hops, the cache, or more of its words."""
    if words.next == "nexthop":
        words.take()
        hop: dict[str, Any] = {"flags": []}
        _read(hop, words)
        route.setdefault("nexthops", []).append(hop)
        return
    if words.next == "cache":
        words.take()
        flags = words.take().strip("<>").split(",") if words.next.startswith("<") else []
        _put(route, "cache", flags)
    elif words.next in _OPTIONS and "encap" in route:
        name = words.take()
        _put(route["encap"], name, words.take())
    _read(route, words)


def _read(route: dict[str, Any], words: _Words) -> None:
    while words.next:
        word = words.take()
        if word in _FLAGS:
            route["flags"].append(word)
        elif word in _STRINGS:
            _put(route, _STRINGS[word], words.take())
        elif word in _NUMBERS:
            _put(route, word, whole(words.take()))
        elif word in _COUNTS:
            _put(route, word, int(words.take()))
        elif word in _SECONDS:
            _put(route, word, int(words.take().removesuffix("sec")))
        elif word in _METRICS or word in ("features", "congctl"):
            _metric(route, word, words)
        elif word == "via":
            _via(route, words)
        elif word == "encap":
            _put(route, "encap", _encapsulation(words))
        else:
            _rare(route, word, words)


def _via(route: dict[str, Any], words: _Words) -> None:
    # A next hop of another family than the route (RFC 8950) is an object of its own.
    family = words.take()
    if family in ("inet", "inet6"):
        _put(route, "via", {"family": family, "host": words.take()})
    else:
        _put(route, "gateway", family)


def _metric(route: dict[str, Any], word: str, words: _Words) -> None:
    metrics = route.setdefault("metrics", [{}])[0]
    if words.next == "lock":
        # Not to be changed by what the kernel learns; JSON does not say so.
        words.take()
        route.setdefault("locked", []).append(word)
    if word == "features":
        while words.next in _FEATURES:
            _put(metrics, words.take(), None)
        if words.next.startswith("0x"):
            _put(metrics, word, words.take())
    elif word == "congctl":
        _put(metrics, "congestion", words.take())
    else:
        _put(metrics, word, _amount(words.take()))


def _amount(word: str) -> int | str:
    """A number; a time in milliseconds."""
    if word.endswith("ms") and word[:-2].isdigit():
        return int(word[:-2])
    if word.endswith("s") and word[:-1].replace(".", "", 1).isdigit():
        return round(float(word[:-1]) * 1000)
    return whole(word)


def _rare(route: dict[str, Any], word: str, words: _Words) -> None:
    if word == "as" and words.take() == "to":
        _put(route, "to", words.take())
    elif word == "mark":
        _put(route, "mark", int(words.take(), 0))
    elif word in ("realm", "realms"):
        from_, slash, to = words.take().rpartition("/")
        _put(route, "flow", {"from": from_, "to": to} if slash else {"to": to})
    elif word == "ttl-propogate":
        _put(route, word, words.take() == "enabled")
    else:
        raise ValueError(f"{word} is not known")


def _encapsulation(words: _Words) -> dict[str, Any]:
    kind = words.take()
    encap: dict[str, Any] = {"encap_type": kind}
    if kind == "bpf":
        _programs(encap, words)
    elif kind not in _ENCAPSULATIONS:
        raise ValueError(f"an encapsulation {kind} is not known")
    for name, form in _ENCAPSULATIONS.get(kind, ()):
        if form == "first":
            encap[name.replace("-", "_")] = words.take()
        elif words.next == name:
            words.take()
            encap[name.replace("-", "_")] = _value(form, words)
    return encap


def _value(form: _Form, words: _Words) -> Any:
    if form == "bare":
        return True
    if form != "segments":
        return whole(words.take()) if form == "number" else words.take()
    count = words.take()
    if words.take() != "[":
        raise ValueError("segments stand in brackets")
    segments = []
    while words.next != "]":
        segments.append(words.take())
    words.take()
    if count != str(len(segments)):
        raise ValueError("there are so many segments as is said")
    return segments


def _programs(encap: dict[str, Any], words: _Words) -> None:
    """`in F out G xmit H`, each with a name or without, and the headroom of the last."""
    places = ("in", "out", "xmit")
    for word in places:
        if words.next == word:
            words.take()
            nameless = words.next in (*places, "via", "dev", "tos") or words.next.isdigit()
            encap[word] = "<unknown>" if nameless else words.take()
    if words.next.isdigit():
        encap["headroom"] = int(words.take())


def _put(held: dict[str, Any], key: str, value: Any) -> None:
    """A word that comes twice is another one than it seems."""
    if key in held:
        raise ValueError(f"{key} comes twice")
    held[key] = value
