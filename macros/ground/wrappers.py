"""Programs that run another: what they run, and in whose namespace.

Each reader takes the words of a command and gives what is behind its program; None where the
program is used in a way that is not known here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from macros.ground import shell
from macros.ground import word_options as known
from macros.ground.shell import Word

OWN = ""
"""The name of the node's own namespace."""

SHELLS = frozenset({"sh", "bash", "ash", "dash"})
"""Programs that run a script given by `-c`."""


@dataclass(frozen=True, slots=True)
class Inner:
    """The words behind wrappers, and where they run.

    `contained`: the programs are busybox's or a container's own. `within`: the namespace, container
    or pod whose network they see. `tool`: they begin with the tool itself, no wrapper is left.
    """

    words: tuple[Word, ...]
    contained: bool = False
    within: str = OWN
    tool: bool = False

    def into(self, words: Sequence[Word], name: str | None = None, *, box: bool = False) -> "Inner":
        """What a wrapper runs; `name` is the namespace if it is another, `box`: it is contained."""
        if name is None:
            name = self.within
        elif self.contained and name and self.within:
            name = f"{self.within}/{name}"
        return Inner(tuple(words), self.contained or box, name)

    def as_tool(self, words: Sequence[Word], name: str | None = None) -> "Inner":
        """The tool itself, which may go into a namespace of its own accord."""
        return replace(self.into(words, name), tool=True)


def through(words: Sequence[Word]) -> Inner | None:
    """Read one wrapper after the other up to the tool; None at one used in a way not known here."""
    inner: Inner | None = Inner(tuple(words))
    while inner is not None and not inner.tool:
        inner = _step(inner)
    return inner


def program(words: Sequence[Word]) -> str:
    """The name of the program that words begin with, without its folder."""
    return words[0].text.rpartition("/")[2]


def _step(outer: Inner) -> Inner | None:
    words = known.behind_assignments(outer.words)
    if not words:
        return outer.as_tool(())
    name = program(words)
    if name in known.PREFIXES:
        return _prefix(outer, name, words[1:])
    read = _READERS.get(name)
    return outer.as_tool(words) if read is None else read(outer, words)


def _prefix(outer: Inner, name: str, words: Sequence[Word]) -> Inner | None:
    prefix = known.PREFIXES[name]
    parsed = known.parse(words, prefix.options)
    if parsed is None:
        return None
    left: Sequence[Word] = (*parsed.words, *(parsed.behind or ()))
    if name in {"sudo", "env", "doas"}:
        left = known.behind_assignments(left)
    return outer.into(left[prefix.own :])


def _iproute(outer: Inner, words: Sequence[Word]) -> Inner | None:
    """`ip [options] netns exec NAME command` and `ip vrf exec`; else `ip`, `bridge`, `tc` or so.

    With -n these are in that namespace.

    Any beginning of an option's or an object's name is that name (ip.c, ipnetns.c).
    """
    name: str | None = None
    every = False
    left = list(words[1:])
    while left and left[0].text.startswith("-"):
        option = left.pop(0).text.lstrip("-").partition("=")[0]
        if _begins(option, "netns", 1):
            name = left.pop(0).text if left else None
        elif option in {"f", "b", "l", "rc"} or _begins(option, "family batch loops rcvbuf"):
            del left[:1]
        every |= option == "a" or _begins(option, "all")
    texts = [word.text for word in left[:2]]
    runs = len(texts) == 2 and _begins(texts[0], "netns", 3) and _begins(texts[1], "exec", 1)
    if len(texts) == 2 and _begins(texts[0], "vrf", 1) and _begins(texts[1], "exec", 1):
        # A VRF is within its namespace, whose interfaces the command sees.
        return outer.into(left[3:], name) if len(left) > 3 else None
    if not runs or program(words) != "ip":
        return outer.as_tool(words, name)
    if every:
        # One answer after the other: no single tool's.
        return outer.as_tool(words, "every namespace")
    return outer.into(left[3:], left[2].text) if len(left) > 3 else None


def _begins(text: str, names: str, least: int = 2) -> bool:
    return len(text) >= least and any(name.startswith(text) for name in names.split())


def _ss(outer: Inner, words: Sequence[Word]) -> Inner:
    """`ss -N NAME`, `ss --net=NAME`: it goes into the namespace itself."""
    texts = [word.text for word in words]
    for option, value in zip(texts, [*texts[1:], None], strict=True):
        if re.match(r"--net\w*=", option):
            return outer.as_tool(words, option.partition("=")[2])
        if re.fullmatch(r"--net|-[A-Za-z0-9]*N", option):
            return outer.as_tool(words, value)
    return outer.as_tool(words)


def _nsenter(outer: Inner, words: Sequence[Word]) -> Inner | None:
    """The command that nsenter runs in other namespaces; contained, if these have their mounts."""
    parsed = known.parse(words[1:], known.NSENTER)
    if parsed is None or {"-N", "--net-socket"} & {*parsed.values}:
        return None
    options = parsed.values
    every = "-a" in options or "--all" in options
    net = options.get("-n", options.get("--net"))
    target = options.get("-t", options.get("--target", ""))
    name: str | None = None
    if net:
        name = _of_file(net)
    elif net is not None or every:
        if not target:
            return None
        name = _of_process(target)
    box = every or bool({"-m", "--mount", "-r", "--root"} & {*options})
    return outer.into((*parsed.words, *(parsed.behind or ())), name, box=box)


def _of_file(path: str) -> str:
    """The namespace that a file stands for: under /run/netns by its name, in /proc by process."""
    named = re.fullmatch(r"(?:/var)?/run/(?:docker/)?netns/([^/]+)", path)
    if named:
        return named[1]
    process = re.fullmatch(r"/proc/(.+)/ns/net", path)
    return _of_process(process[1]) if process else path


_DOCKERS = frozenset({"docker", "podman", "nerdctl"})


def _of_process(text: str) -> str:
    """The namespace of a process: of the first one the node's own, of a container's its name."""
    if text == "1":
        return OWN
    substituted = re.fullmatch(r"\$\((.*)\)", text, re.DOTALL)
    inner = shell.words(substituted[1]) if substituted else ()
    words = [word for word in inner if word.text != "container"]
    if len(words) > 2 and words[0].text in _DOCKERS and words[1].text == "inspect":
        parsed = known.parse(words[2:], known.DOCKER_INSPECT)
        if parsed is not None and len(parsed.words) == 1:
            return parsed.words[0].text
    return f"pid {text}"


def _docker(outer: Inner, words: Sequence[Word]) -> Inner | None:
    """`docker exec`, `docker container exec`, `docker compose exec`, `docker run`."""
    parsed = known.parse(words[1:], known.DOCKER)
    if parsed is None:
        return outer.as_tool(words)
    left = parsed.words
    if left and left[0].text == "container":
        left = left[1:]
    verb = left[0].text if left else ""
    if verb == "compose":
        return _compose(outer, left, words)
    if verb not in {"exec", "run"}:
        return outer.as_tool(words)
    inner = known.parse(left[1:], known.DOCKER_EXEC if verb == "exec" else known.DOCKER_RUN)
    if inner is None or not inner.words:
        return None
    name = inner.words[0].text
    return outer.into(inner.words[1:], name if verb == "exec" else _started(name, inner), box=True)


def _started(image: str, run: known.Parsed) -> str:
    """Whose network a new container has: its own, another's, or the node's."""
    network = run.values.get("--network", run.values.get("--net", ""))
    if network == "host":
        return OWN
    if network.startswith("container:"):
        return network.removeprefix("container:")
    return run.values.get("--name", f"a container of {image}")


def _compose(outer: Inner, words: Sequence[Word], whole: Sequence[Word] = ()) -> Inner | None:
    """`docker compose exec SERVICE command`, from `compose` on."""
    parsed = known.parse(words[1:], known.COMPOSE)
    verb = parsed.words[0].text if parsed is not None and parsed.words else ""
    return _exec(outer, parsed, known.COMPOSE_EXEC) if verb == "exec" else outer.as_tool(whole)


def _crictl(outer: Inner, words: Sequence[Word]) -> Inner | None:
    parsed = known.parse(words[1:], known.CRICTL)
    verb = parsed.words[0].text if parsed is not None and parsed.words else ""
    return _exec(outer, parsed, known.CRICTL_EXEC) if verb == "exec" else outer.as_tool(words)


def _exec(outer: Inner, parsed: known.Parsed | None, options: known.Options) -> Inner | None:
    """`exec [options] NAME command`."""
    inner = known.parse(parsed.words[1:], options) if parsed is not None else None
    if inner is None or not inner.words:
        return None
    return outer.into(inner.words[1:], inner.words[0].text, box=True)


def _kubectl(outer: Inner, words: Sequence[Word]) -> Inner | None:
    """`kubectl exec POD -- command`, in whatever order its options stand; `debug` and `run` too.

    A pod of another namespace than `default` is called by both names.
    """
    verbs = {word.text for word in words} & {"exec", "debug", "run"}
    parsed = known.parse(words[1:], known.KUBECTL) if verbs else None
    if not verbs or (parsed is not None and parsed.words[0].text not in verbs):
        return outer.as_tool(words)
    if parsed is None or len(parsed.words) < 2:
        return None
    pod = re.sub("^(?:pods?|po)/", "", parsed.words[1].text)
    space = parsed.values.get("-n", parsed.values.get("--namespace", "default"))
    name = pod if space == "default" else f"{space}/{pod}"
    if parsed.behind is None:
        # What runs there is not said, but whose network it has is.
        return outer.as_tool(words, name)
    return outer.into(parsed.behind, name, box=True)


def _ssh(outer: Inner, words: Sequence[Word]) -> Inner | None:
    parsed = known.parse(words[1:], known.SSH)
    if parsed is None or not parsed.words:
        return None
    return outer.into(parsed.words[1:], f"ssh {parsed.words[0].text}", box=True)


def _busybox(outer: Inner, words: Sequence[Word]) -> Inner:
    return outer.into(words[1:], box=True)


def _k3s(outer: Inner, words: Sequence[Word]) -> Inner:
    """`k3s kubectl`, `k3s crictl`: the tool of that name."""
    named = len(words) > 1 and words[1].text in {"kubectl", "crictl"}
    return outer.into(words[1:]) if named else outer.as_tool(words)


_READERS: Mapping[str, Callable[[Inner, Sequence[Word]], Inner | None]] = {
    "ip": _iproute,
    "bridge": _iproute,
    "tc": _iproute,
    "ss": _ss,
    "nsenter": _nsenter,
    **dict.fromkeys(sorted(_DOCKERS), _docker),
    "docker-compose": lambda outer, words: _compose(outer, words, words),
    "crictl": _crictl,
    "kubectl": _kubectl,
    "oc": _kubectl,
    "ssh": _ssh,
    "busybox": _busybox,
    "k3s": _k3s,
}
