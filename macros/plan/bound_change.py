"""A value is bound from a command that reads: a reader types that command again to find it."""

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
    words = [word.text for word in inner.words] if inner is not None else []
    if len(words) < 2:
        return ""
    tool = wrappers.program(inner.words) if inner is not None else ""
    asked = [word for word in words[1:] if not word.startswith("-")]
    pairs = pairwise(asked)
    verb = next(
        (f"{of} {do}" for of, do in pairs if of in _OBJECTS and do in commandline.CHANGES), ""
    )
    if tool in {"ip", "bridge"} and verb:
        return f"runs `{tool} {verb}`"
    sure = {"wg": _WG, "kubectl": _KUBECTL}.get(tool, frozenset[str]())
    return f"runs `{tool} {words[1]}`" if words[1] in sure else ""
