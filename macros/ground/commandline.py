"""Which tool a displayed command runs, and with which words; without ever guessing.

A command with more than one simple command in it (a pipe, a list, a redirection, several lines)
is not read at all. `$NAME` and quotes are; `$( )` where all it does is to look something up.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# Characters that end a simple command or do more than one word says, outside quotes.
_SHELL = frozenset("|&;<>()`\n")
# What may stand in `$( )`: run a second time, for a twin, it answers the same and changes nothing.
_LOOKUP = re.compile(r"(?:docker (?:container |network )?inspect|pidof|pgrep|cat) [^|&;<>()`$\n]*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes, and where it stands in the command."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """The tool that answers, and its words.

    `contained`: it is busybox's or a container's own, which need not be what the node has.
    """

    tool: str
    args: tuple[str, ...]
    words: tuple[Word, ...]
    contained: bool = False


def call(command: str) -> Call | None:
    """The tool behind `ip netns exec`, `nsenter`, `docker exec` or nothing.

    None for what is no simple command, and for wrappers used in a way not known here.
    """
    words = _words(command.strip("\n"))
    contained = False
    while words:
        inner: tuple[Word, ...] | None
        texts = tuple(word.text for word in words)
        match texts[0]:
            case "ip" if texts[1:3] == ("netns", "exec") and len(texts) > 4:
                inner = words[4:]
            case "nsenter":
                inner = _nsenter(words)
            case "docker" if texts[1:2] == ("exec",):
                inner, contained = _after_options(words[2:], _DOCKER_EXEC), True
                inner = inner[1:] if inner else None
            case "busybox":
                inner, contained = words[1:], True
            case "kubectl" if "exec" in texts and "--" in texts:
                inner, contained = words[texts.index("--") + 1 :], True
            case _:
                return Call(texts[0], texts[1:], words, contained)
        words = inner or ()
    return None


# Options of `docker exec` that take a value, and those that take none.
_DOCKER_EXEC = (
    frozenset(["-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "--detach-keys"]),
    frozenset(["-i", "--interactive", "-t", "--tty", "-it", "-ti", "--privileged"]),
)


def _after_options(
    words: Iterable[Word], options: tuple[frozenset[str], frozenset[str]]
) -> tuple[Word, ...] | None:
    """The words from the first that is no option; None at an option not known."""
    left = list(words)
    while left and left[0].text.startswith("-"):
        option = left.pop(0).text
        name = option.partition("=")[0]
        if name in options[0]:
            if "=" not in option and left:
                left.pop(0)
        elif option not in options[1]:
            return None
    return tuple(left)


def _nsenter(words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """The command that nsenter runs in another network namespace.

    None where it enters a mount namespace too: the tool is another program there.
    """
    left = list(words[1:])
    while left and left[0].text.startswith("-"):
        option = left.pop(0).text
        if option == "--":
            break
        if option in ("-t", "--target"):
            if left:
                left.pop(0)
        elif not re.match(r"-t.|--target=|-n|--net(=|$)", option):
            return None
    return tuple(left)


def _words(command: str) -> tuple[Word, ...]:
    """The words of a simple command; none if it is not simple."""
    words: list[Word] = []
    at, start, quote = 0, None, ""
    while at < len(command):
        char = command[at]
        step = 1
        if char == "\\" and quote != "'":
            if command[at + 1 : at + 2] in ("", "\n"):
                return ()
            start = at if start is None else start
            step = 2
        elif command.startswith("$(", at) and quote != "'":
            step = _lookup(command, at)
            if not step:
                return ()
            start = at if start is None else start
        elif quote:
            if char == "`" and quote == '"':
                return ()
            quote = "" if char == quote else quote
        elif char in _SHELL or (char == "#" and start is None):
            return ()
        elif char.isspace():
            if start is not None:
                words.append(_word(command, start, at))
            start = None
        else:
            quote = char if char in "\"'" else ""
            start = at if start is None else start
        at += step
    if quote:
        return ()
    if start is not None:
        words.append(_word(command, start, at))
    return tuple(words)


def _word(command: str, start: int, end: int) -> Word:
    raw = command[start:end]
    try:
        text = "".join(shlex.split(raw)) if "$(" not in raw else raw
    except ValueError:
        text = raw
    return Word(text, start, end)


def _lookup(command: str, at: int) -> int:
    """The length of the `$( )` that begins at `at`; 0 if it is more than a look-up."""
    end = command.find(")", at)
    if end < 0 or not _LOOKUP.fullmatch(command[at + 2 : end].strip() + " "):
        return 0
    return end + 1 - at
