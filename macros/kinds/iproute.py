"""Calls of iproute2's `ip` and `bridge`: which table is asked for, and the same question as JSON.

Sources: iproute2, ip/ip.c, bridge/bridge.c, and ip(8), bridge(8).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from macros.ground.commandline import Call
from macros.ground.shell import Word
from macros.kinds.kind import Kind, Records, Speech

# Options of ip(8) in the order in which ip.c tries them: any beginning of a name is that name.
# The value says what becomes of it: kept, kept with the next word, left out (it changes only the
# looks, or how much is shown), already JSON, or not understood here.
_IP = {
    "family": "value",
    "4": "keep",
    "6": "keep",
    "0": "keep",
    "M": "keep",
    "B": "keep",
    "human-readable": "drop",
    "iec": "drop",
    "stats": "keep",
    "statistics": "keep",
    "details": "keep",
    "resolve": "drop",
    "oneline": "drop",
    "brief": "drop",
    "json": "json",
    "pretty": "drop",
    "color": "drop",
    "netns": "value",
    "Numeric": "keep",
}
_BRIDGE = {
    "stats": "keep",
    "statistics": "keep",
    "details": "keep",
    "oneline": "drop",
    "netns": "value",
    "color": "drop",
    "compressvlans": "keep",
    "json": "json",
    "pretty": "drop",
}
# Each is a short form of its own that would else be another's beginning.
_SHORT = {"br": "brief", "c": "color", "o": "oneline", "n": "netns", "h": "human-readable"}
_SHORT |= {"j": "json", "p": "pretty", "s": "statistics", "d": "details", "f": "family"}
_SHORT |= {"r": "resolve", "N": "Numeric"}
# Objects in the order of cmds[] in ip.c: `ip n` is neigh, `ip r` route, `ip net` netns.
_IP_OBJECTS = (
    *("address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour"),
    *("ntable", "ntbl", "link", "l2tp", "netns", "vrf"),
)
_BRIDGE_OBJECTS = ("fdb", "link", "vlan")
_SAME = {"neighbor": "neighbour"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a call of ip or bridge asks for, and its options by what becomes of them.

    `object` has the tool before it: "ip address", "bridge fdb". `get`: it asks for one entry.
    """

    object: str
    get: bool
    json: bool
    detailed: bool
    brief: bool
    dropped: tuple[Word, ...]


def shows(name: str, *, get: bool = False) -> Callable[[Call], bool]:
    """Whether a call lists an object ("ip route"), or, with `get`, asks for one entry of it."""

    def asked(call: Call) -> bool:
        question = question_of(call)
        return question is not None and question.object == name and (get or not question.get)

    return asked


def worded(call: Call) -> bool:
    """Whether the answer is words one after the other: all but iproute2's tables are (`-br`)."""
    question = question_of(call)
    return question is None or not question.brief


def twin(command: str, call: Call) -> str | None:
    """The command whose output is the JSON twin of `command`, None where there is none.

    It asks the same of the same namespace, and at least as much: `-br` is left out. None for what
    prints JSON itself, and for what runs in a container (busybox has no `-j`).
    """
    return _twin(command, call, "")


def detailed_twin(command: str, call: Call) -> str | None:
    """The same with `-d`: only that names a link's kind."""
    return _twin(command, call, " -d")


def _twin(command: str, call: Call, more: str) -> str | None:
    question = question_of(call)
    if call.contained or question is None or question.json:
        return None
    for word in reversed(question.dropped):
        # With the blanks before it: it is never the first word.
        command = command[: word.start].rstrip(" \t") + command[word.end :]
    tool = call.words[0].end
    return f"{command[:tool]} -j{'' if question.detailed else more}{command[tool:]}".strip()


@lru_cache(maxsize=256)
def question_of(call: Call) -> Question | None:
    """What a call of `ip` or `bridge` shows; None for other tools, and where it changes things."""
    if call.tool not in ("ip", "bridge"):
        return None
    known = _IP if call.tool == "ip" else _BRIDGE
    words = list(call.words[1:])
    names: list[str] = []
    dropped: list[Word] = []
    while words and words[0].text.startswith("-"):
        word = words.pop(0)
        name = _option(word.text, known)
        if name is None or (known[name] == "value" and not words):
            return None
        names.append(name)
        if known[name] == "drop":
            dropped.append(word)
        elif known[name] == "value":
            words.pop(0)
    rest = [word.text for word in words]
    object_ = _object(call.tool, rest)
    if object_ is None:
        return None
    get = _gets(object_, rest)
    if not get and len(rest) > 1 and not _shows(rest[1]):
        return None
    options = {key: key in names for key in ("json", "brief")}
    return Question(object_, get, detailed="details" in names, dropped=tuple(dropped), **options)


def _option(word: str, known: dict[str, str]) -> str | None:
    name = word.removeprefix("--") if word.startswith("--") else word.removeprefix("-")
    name = name.partition("=")[0]
    if name in _SHORT and _SHORT[name] in known:
        return _SHORT[name]
    if name in known:
        return name
    # One letter that is none of the above can be an option not listed here: -b is --batch.
    return next((option for option in known if len(name) > 1 and option.startswith(name)), None)


def _object(tool: str, rest: list[str]) -> str | None:
    """The object that the words after the options begin with, with its tool."""
    if not rest or not rest[0]:
        return None
    objects = _IP_OBJECTS if tool == "ip" else _BRIDGE_OBJECTS
    name = next((object_ for object_ in objects if object_.startswith(rest[0])), None)
    return None if name is None else f"{tool} {_SAME.get(name, name)}"


def _gets(object_: str, rest: list[str]) -> bool:
    """Whether one entry is asked for; `ip route g` is enough, `bridge fdb g` is not."""
    verb = rest[1] if len(rest) > 1 else ""
    if object_ == "ip route":
        return verb in ("get", "ge", "g")
    return object_ == "bridge fdb" and verb == "get"


def _shows(verb: str) -> bool:
    # `ip link s` is `set`: one letter is not enough there.
    return len(verb) > 1 and any(word.startswith(verb) for word in ("show", "list", "lst"))


# What the tools' JSON calls by other words than their text, which is the field's.
_WORDS = {
    "operstate": "state",
    "linkmode": "mode",
    "txqlen": "qlen",
    "ifindex": "index",
    "link_index": "index of the other end",
    "link_netnsid": "namespace of the other end",
    "gateway": "next hop",
    "protocol": "proto",
    "prefsrc": "src",
    "lladdr": "mac",
    "info_kind": "kind",
    "prefixlen": "prefix length",
    "flags": "flag",
    "altnames": "other name",
    "valid_life_time": "valid lifetime",
    "preferred_life_time": "preferred lifetime",
}
_SILENT = ("linkinfo.", "info_data.", "metrics[1].")


def _word(path: str) -> str:
    for silent in _SILENT:
        path = path.removeprefix(silent)
    if path.startswith("info_slave_data."):
        return f"{path.removeprefix('info_slave_data.')} as a port"
    return _WORDS.get(path, path)


SPEECH = Speech(
    word=_word,
    sets=frozenset({"flags", "state", "altnames"}),
    # A flag that stands alone is null in JSON.
    silent=("", [], {}),
)
"""How fields of iproute2's JSON are said: by the words of its text."""


@dataclass(frozen=True, slots=True)
class Listing(Kind[Records]):
    """A kind that `ip` or `bridge` lists: its records hold all of the text, in the tool's words."""

    twin: Callable[[str, Call], str | None] = twin
    speech: Speech = SPEECH
    whole: bool = True
    wraps: Callable[[Call], bool] = worded
