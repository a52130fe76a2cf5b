"""The JSON twin of a displayed command: the same question, answered as JSON."""

from dataclasses import dataclass
from typing import Literal

from macros.ground.commandline import Call, call
from macros.ground.shell import Word

Object = Literal["link", "address", "route", "neighbour", "fdb", "ports"]

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
    *("ntable", "ntbl", "link", "l2tp", "netns"),
)
_READ: dict[str, Object] = {
    "address": "address",
    "route": "route",
    "neighbor": "neighbour",
    "neighbour": "neighbour",
    "link": "link",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a call of ip or bridge asks for, and its options by what becomes of them."""

    object: Object
    json: bool
    detailed: bool
    dropped: tuple[Word, ...]


def twin(command: str) -> str | None:
    """The command whose output is the JSON twin of `command`, None where there is none.

    It asks the same of the same namespace, and at least as much: `-br` is left out, and `-d` is
    added for links, for only that names a link's kind. None for what prints JSON itself, for what
    runs in a container (busybox has no `-j`), and for everything that is not one simple command.
    `kubectl get` answers with whole objects, whichever columns it was asked for.
    """
    found = call(command)
    if found is None or found.contained:
        return None
    if found.tool == "nft":
        return _nft(command.strip("\n"), found)
    if found.tool == "kubectl":
        return _kubectl(command.strip("\n"), found)
    question = asked(found)
    if question is None or question.json:
        return None
    add = " -j -d" if question.object == "link" and not question.detailed else " -j"
    text = command.strip("\n")
    for word in reversed(question.dropped):
        # With the blanks before it: it is never the first word.
        text = text[: word.start].rstrip(" \t") + text[word.end :]
    tool = found.words[0].end
    return (text[:tool] + add + text[tool:]).strip()


def asked(found: Call) -> Question | None:
    """What a call of `ip` or `bridge` shows; None for other tools, and where it changes things."""
    if found.tool not in ("ip", "bridge"):
        return None
    known = _IP if found.tool == "ip" else _BRIDGE
    words = list(found.words[1:])
    kept: list[str] = []
    dropped: list[Word] = []
    while words and words[0].text.startswith("-"):
        word = words.pop(0)
        name = _option(word.text, known)
        if name is None or (known[name] == "value" and not words):
            return None
        kept.append(name)
        if known[name] == "drop":
            dropped.append(word)
        elif known[name] == "value":
            words.pop(0)
    rest = [word.text for word in words]
    object_ = _ip_object(rest) if found.tool == "ip" else _bridge_object(rest)
    if object_ is None:
        return None
    return Question(object_, "json" in kept, "details" in kept, tuple(dropped))


def _option(word: str, known: dict[str, str]) -> str | None:
    name = word.removeprefix("--") if word.startswith("--") else word.removeprefix("-")
    name = name.partition("=")[0]
    if name in _SHORT and _SHORT[name] in known:
        return _SHORT[name]
    if name in known:
        return name
    # One letter that is none of the above can be an option not listed here: -b is --batch.
    return next((each for each in known if len(name) > 1 and each.startswith(name)), None)


def _ip_object(rest: list[str]) -> Object | None:
    if not rest or not rest[0]:
        return None
    name = next((each for each in _IP_OBJECTS if each.startswith(rest[0])), None)
    object_ = _READ.get(name or "")
    if object_ is None or len(rest) == 1:
        return object_
    if object_ == "route" and rest[1] in ("get", "ge", "g"):
        return object_
    return object_ if _shows(rest[1]) else None


def _bridge_object(rest: list[str]) -> Object | None:
    if not rest or not rest[0]:
        return None
    object_: Object | None = None
    if "fdb".startswith(rest[0]):
        object_ = "fdb"
    elif "link".startswith(rest[0]):
        object_ = "ports"
    if object_ == "fdb" and rest[1:2] == ["get"]:
        return object_
    return object_ if len(rest) == 1 or _shows(rest[1]) else None


def _shows(verb: str) -> bool:
    # `ip link s` is `set`: one letter is not enough there.
    return len(verb) > 1 and any(each.startswith(verb) for each in ("show", "list", "lst"))


# Options of `kubectl get` that change its columns only, and those among them that take a value.
_LOOKS = frozenset({"-o", "--output", "-L", "--label-columns", "--no-headers", "--show-labels"})
_LOOKS_VALUED = frozenset({"-o", "--output", "-L", "--label-columns"})
_TABLES = ("wide", "custom-columns")


def gets(found: Call) -> bool:
    """Whether a call is `kubectl get` with a table as its answer."""
    before = found.args[2:] if found.args[:1] in (("-n",), ("--namespace",)) else found.args
    if found.tool != "kubectl" or before[:1] != ("get",):
        return False
    if {"-w", "--watch", "--watch-only", "--raw"} & {arg.partition("=")[0] for arg in found.args}:
        return False
    form = _form(found)
    return form is None or form.partition("=")[0] in _TABLES


def _form(found: Call) -> str | None:
    """What `-o` asks for."""
    for at, arg in enumerate(found.args):
        if arg in ("-o", "--output"):
            return found.args[at + 1] if at + 1 < len(found.args) else None
        if arg.startswith(("-o", "--output=")):
            return arg.removeprefix("--output=").removeprefix("-o").removeprefix("=")
    return None


def _nft(command: str, found: Call) -> str | None:
    """`nft -j list …`, for what only lists; the text has the rules in the same order."""
    plain = [arg for arg in found.args if not arg.startswith("-")]
    if plain[:1] != ["list"] or {"-j", "--json"} & {*found.args}:
        return None
    tool = found.words[0].end
    return f"{command[:tool]} -j{command[tool:]}"


def _kubectl(command: str, found: Call) -> str | None:
    if not gets(found):
        return None
    dropped: list[Word] = []
    words = list(found.words)
    while words:
        word = words.pop(0)
        name = word.text.partition("=")[0]
        joined = word.text.startswith(("-o", "-L")) and not word.text.startswith("--")
        if name in _LOOKS or joined:
            dropped.append(word)
            if word.text in _LOOKS_VALUED and words:
                dropped.append(words.pop(0))
    for word in reversed(dropped):
        command = command[: word.start].rstrip(" \t") + command[word.end :]
    return f"{command} -o json"
