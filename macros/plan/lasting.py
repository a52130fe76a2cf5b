"""What a command leaves on a node: where it is run a second time, it meets what it made."""

from collections.abc import Mapping

from macros.ground import commandline, shell, wrappers
from macros.plan.bound_change import of_words

_RULES = frozenset("ADFINPRXZ")  # what iptables(8) calls commands: they change, -C -L -S ask
_VERBS: Mapping[str, frozenset[str]] = {
    "bridge": commandline.CHANGES,
    "docker": frozenset(["connect", "create", "disconnect", "kill", "rm", "run", "start", "stop"]),
    "ip": commandline.CHANGES | {"attach", "detach"},
    "ipset": frozenset(["-A", "-D", "-N", "-X", "add", "create", "del", "destroy", "flush"]),
    "kubectl": frozenset(["annotate", "cordon", "drain", "label", "rollout", "taint", "uncordon"]),
    "nft": frozenset(["-f", "add", "create", "delete", "destroy", "flush", "insert", "replace"]),
    "systemctl": frozenset(["kill", "reload", "restart", "start", "stop"]),
    "tc": commandline.CHANGES,
}
"""Words of a tool's command line by which it changes something, wherever in it they stand."""
_ALWAYS = frozenset(["ip6tables-restore", "iptables-restore", "modprobe", "mount", "systemd-run"])


def lasts(command: str) -> str:
    """What one of a command's simple commands changes on its node, in its words; "" where none.

    It is better to find too much here than too little: a page is then run as a whole.
    """
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return ""
    for simple in (simple for pipeline in pipelines for simple in pipeline):
        inner = wrappers.through(simple.words)
        # `docker run` wraps what it runs, and leaves a container itself.
        for words in (inner.words if inner is not None else (), tuple(simple.words)):
            texts = [word.text for word in words[1:]]
            tool = wrappers.program(words) if words else ""
            if said := of_words(tool, texts) or _more(tool, texts):
                return said
    return ""


def _more(tool: str, words: list[str]) -> str:
    changed = next((word for word in words if word in _VERBS.get(tool, ())), None)
    if changed is None and tool.startswith(("iptables", "ip6tables")):
        changed = next((word for word in words if word[:1] == "-" and word[1:2] in _RULES), None)
    if changed is None and tool == "sysctl":
        changed = next((word for word in words if word == "-w" or "=" in word), None)
    if changed is not None:
        return f"runs `{tool} {changed}`"
    return f"runs `{tool}`" if tool in _ALWAYS else ""
