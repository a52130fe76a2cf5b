"""Commands that make keys: which files they write them into, and whether they print them.

Read from the command alone; nothing is expanded. What hands a key on (`tee`, `base64`) is followed
through a pipe, what makes something else of it (`wg pubkey`, `sha256sum`) ends it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from macros.ground import shell, wrappers
from macros.ground.shell import Pipeline, Simple, Word

Printed = Literal["made", "asked", "public", "other"]
"""What a pipeline prints: a key that it makes, keys that it asks for, a public one, or else."""

_RANDOM = frozenset({"/dev/urandom", "/dev/random"})
_HANDS_ON = frozenset(
    {"awk", "base32", "base64", "basenc", "cat", "cut", "fold", "grep", "head", "hexdump", "od"}
    | {"rev", "sed", "tail", "tee", "tr", "xxd"}
)
_SILENT = frozenset(
    {":", "cd", "chmod", "chown", "cp", "export", "install", "mkdir", "mv", "rm", "set", "sleep"}
    | {"true", "umask"}
)
_ASSIGNS = re.compile(r"(\w+)=")
_INNER = re.compile(r"\$\((.*?)\)|`(.*?)`", re.DOTALL)


class Made(NamedTuple):
    """What becomes of the keys of one command: their files, and what its pipelines print."""

    files: tuple[str, ...]
    printed: tuple[Printed, ...]


@lru_cache(maxsize=1024)  # asked of each command when it is learned from and when it is hidden
def made(command: str) -> Made:
    """The files that keys are written into, and what each pipeline that prints does print.

    A file's name is as written, without its quotes, behind the folder of a `cd`. A command
    that no shell could read makes none.
    """
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return Made((), ())
    files: list[str] = []
    printed: list[Printed] = []
    holders: set[str] = set()  # variables that hold a key
    folder = ""
    for pipeline in pipelines:
        if pipeline[-1].words[0].text == "cd" and len(pipeline[-1].words) > 1:
            folder = f"{pipeline[-1].words[1].text}/"
        for_files, prints = _followed(pipeline, holders)
        files += (name if name.startswith(("/", "~")) else folder + name for name in for_files)
        printed += prints
    return Made(tuple(dict.fromkeys(files)), tuple(printed))


def _followed(pipeline: Pipeline, holders: set[str]) -> tuple[list[str], Sequence[Printed]]:
    files: list[str] = []
    hot = False
    tool, own = "", list[str]()
    words: tuple[Word, ...] = ()
    for simple in pipeline:
        inner = wrappers.through(simple.words)
        words = inner.words if inner is not None else tuple(simple.words)
        tool = wrappers.program(words) if words else ""
        if not words:
            holders |= set(_assigned(simple))
        if tool in wrappers.SHELLS and (script := _script(words)) is not None:
            behind = made(script)
            files += behind.files
            hot = "made" in behind.printed
        else:
            makes = _makes(tool, words, simple) or _says(tool, words, holders)
            hot = makes or (hot and tool in _HANDS_ON)
            own = list(_named(tool, words)) if hot else []
            files += own
        files += simple.into if hot else ()
    if not words or pipeline[-1].into_file or tool in _SILENT or (tool != "tee" and own):
        return files, ()
    texts = {word.text for word in words[1:]}
    if hot or (tool == "wg" and texts & {"private-key", "preshared-keys"}):
        return files, ("made" if hot else "asked",)
    return files, ("public",) if tool == "wg" and texts & {"pubkey", "public-key"} else ("other",)


def _makes(tool: str, words: Sequence[Word], simple: Simple) -> bool:
    """Whether a tool draws a key: wg(8), openssl(1), random(4)."""
    texts = [word.text for word in words[1:]]
    first = texts[0] if texts else ""
    if tool == "wg":
        return first in {"genkey", "genpsk"}
    if tool == "openssl":
        return first == "rand" or first.startswith("gen")
    read = {text.removeprefix("if=") for text in texts} | set(simple.out_of)
    return (tool in _HANDS_ON or tool == "dd") and bool(read & _RANDOM)


def _says(tool: str, words: Sequence[Word], holders: set[str]) -> bool:
    """Whether `echo` or `printf` is given a key: made in its words, or held in a variable."""
    if tool not in {"echo", "printf"}:
        return False
    text = " ".join(word.text for word in words[1:])
    held = any(re.search(rf"\$(?:{name}\b|\{{{name}\}})", text) for name in holders)
    return held or _makes_inside(text)


def _assigned(simple: Simple) -> Iterator[str]:
    """The variables that a command sets to a key."""
    for word in simple.words:
        if (name := _ASSIGNS.match(word.text)) and _makes_inside(word.text):
            yield name[1]


def _makes_inside(text: str) -> bool:
    scripts = (inner[1] or inner[2] or "" for inner in _INNER.finditer(text))
    return any("made" in made(script).printed for script in scripts)


def _named(tool: str, words: Sequence[Word]) -> Iterator[str]:
    """The files that a tool itself writes what it has into."""
    texts = [word.text for word in words[1:]]
    if tool == "tee":
        yield from (text for text in texts if not text.startswith("-"))
    elif tool == "openssl":
        yield from (file for option, file in pairwise(texts) if option == "-out")
    elif tool == "dd":
        yield from (text.removeprefix("of=") for text in texts if text.startswith("of="))


def _script(words: Sequence[Word]) -> str | None:
    """What a shell is given by -c."""
    texts = [word.text for word in words]
    found = (script for option, script in pairwise(texts) if re.fullmatch(r"-[a-z]*c", option))
    return next(found, None)
