"""A value is bound from a command that reads: a reader types that command again to find it."""

from collections.abc import Sequence
from itertools import pairwise

from macros.ground import commandline, shell, wrappers

_OBJECTS = frozenset(
    ["addr", "address", "fdb", "link", "mdb", "neigh", "neighbor", "netns", "route", "rule", "vlan"]
)
_KUBECTL = frozenset(["apply", "create", "delete", "expose", "patch", "replace", "run", "scale"])
_WG = frozenset(["addconf", "genkey", "genpsk", "set", "setconf", "syncconf"])
_READ_BY = ("/dev/null", "/dev/stderr", "/dev/stdout")


def changes(command: str) -> str:
    """What the first simple command of a command changes, in its words; "" where that is not sure.

    Only what is sure: `ip`, `bridge`, `wg` and `kubectl` with a verb that changes something or
    draws a key, and output that goes into a file.
    """
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return ""
    if not pipelines:
        return ""
    simple = pipelines[0][0]
    if written := [name for name in simple.into if name not in _READ_BY]:
        return f"writes {written[0]}"
    inner = wrappers.through(simple.words)
    if inner is None or not inner.words:
        return ""
    return of_words(wrappers.program(inner.words), [word.text for word in inner.words[1:]])


def of_words(tool: str, words: Sequence[str]) -> str:
    """What `ip`, `bridge`, `wg` or `kubectl` with these words changes, in its words; or ""."""
    asked = [word for word in words if not word.startswith("-")]
    pairs = pairwise(asked)
    verb = next(
        (f"{of} {do}" for of, do in pairs if of in _OBJECTS and do in commandline.CHANGES), ""
    )
    if tool in {"ip", "bridge"} and verb:
        return f"runs `{tool} {verb}`"
    sure = {"wg": _WG, "kubectl": _KUBECTL}.get(tool, frozenset[str]())
    return f"runs `{tool} {words[0]}`" if words and words[0] in sure else ""
