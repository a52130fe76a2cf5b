"""Which tool a displayed command runs, with which words, and in whose namespace; never guessed.

`call` reads one simple command, whatever runs it: `sudo`, `env`, `ip netns exec`, `nsenter`,
`docker exec`, `kubectl exec`. A pipe, a list or a redirection has no single tool: None. `within`
says of any command whose interface names it prints, `namespaces` says it of each part.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from macros.ground import shell, word_options, wrappers
from macros.ground.shell import Pipeline, Simple, Word

# What may stand in `$( )`: run a second time, for a twin, it answers the same and changes nothing.
_LOOKUP = re.compile(r"(?:docker (?:container |network )?inspect|pidof|pgrep|cat) [^|&;<>()`$\n]*")


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
    """The tool behind all that only runs it.

    None for what is no simple command, and for wrappers used in a way not known here.
    """
    words = shell.words(command.strip("\n"))
    if not all(_looks_up(word.text) for word in words):
        return None
    inner = wrappers.through(words)
    if inner is None or not inner.words:
        return None
    texts = tuple(word.text for word in inner.words)
    return Call(wrappers.program(inner.words), texts[1:], inner.words, inner.contained)


def _looks_up(text: str) -> bool:
    """Whether all that a word substitutes is only looked up."""
    inner = re.findall(r"\$\((.*?)\)", text, re.DOTALL)
    known = all(_LOOKUP.fullmatch(f"{command.strip()} ") for command in inner)
    return known and text.count("$(") == len(inner) and not re.search("`|[<>]\\(", text)


@lru_cache(maxsize=4096)
def within(command: str) -> str:
    """The namespace, container or pod whose interface names a command prints; "" is the node's own.

    Where several print, the names of all: together they are nobody else's, so nothing is taken for
    another's.
    """
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return wrappers.OWN
    names = [_printing(command, pipeline) for pipeline in pipelines]
    printed = list(dict.fromkeys(name for name in names if name is not None))
    if len(printed) > 1:
        return " + ".join(name or "the node's own" for name in printed)
    return printed[0] if printed else wrappers.OWN


@lru_cache(maxsize=4096)
def namespaces(command: str) -> tuple[tuple[int, int, str], ...]:
    """The simple commands in a command: where each begins and ends, and whose network it sees."""
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return ()
    return tuple(
        (simple.start, simple.end, _whose(command, simple)[0])
        for pipeline in pipelines
        for simple in pipeline
    )


# They print what they are given: in a pipe, what comes before decides.
_FILTERS = frozenset(
    {
        *(
            "awk",
            "cat",
            "column",
            "comm",
            "cut",
            "egrep",
            "fgrep",
            "fold",
            "grep",
            "head",
            "jq",
            "nl",
        ),
        *("paste", "rev", "sed", "sort", "tac", "tail", "tee", "tr", "uniq", "wc"),
    }
)
# They print nothing of an interface.
_SILENT = frozenset(
    {
        *(
            ":",
            "[",
            "cd",
            "chmod",
            "cp",
            "echo",
            "export",
            "false",
            "kill",
            "mkdir",
            "mv",
            "printf",
        ),
        *("pwd", "read", "rm", "set", "shift", "sleep", "test", "touch", "trap", "true", "umask"),
        *("unset", "wait"),
    }
)
CHANGES = frozenset(["add", "append", "change", "del", "delete", "flush", "replace", "set"])
"""Verbs by which iproute2's tools change something."""


def _printing(command: str, pipeline: Pipeline) -> str | None:
    """Whose names a pipeline prints; None where it prints none."""
    if pipeline[-1].into_file:
        return None
    seen = [_whose(command, simple) for simple in pipeline]
    name, tool = next((pair for pair in reversed(seen) if pair[1] not in _FILTERS), seen[0])
    return None if tool in _SILENT else name


def _whose(command: str, simple: Simple) -> tuple[str, str]:
    """Whose network a simple command sees, and its tool: ":" for one that changes and is silent."""
    inner = wrappers.through(simple.words)
    if inner is None:
        # A wrapper used in a way not known here: these names are nobody else's.
        return f"? {command[simple.start : simple.end]}", ""
    if not inner.words:
        return inner.within, ":"
    tool = wrappers.program(inner.words)
    if tool in {"ip", "bridge", "tc"} and CHANGES & {word.text for word in inner.words[1:]}:
        return inner.within, ":"
    if tool in wrappers.SHELLS:
        parsed = word_options.parse(inner.words[1:], word_options.SHELL)
        if parsed is not None and "-c" in parsed.values:
            return within(parsed.values["-c"]) or inner.within, tool
    return inner.within, tool
