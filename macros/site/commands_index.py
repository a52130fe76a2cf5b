"""The index of commands: which tools the guide uses, and where."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from macros.figures.markup import render
from macros.ground import shell, wrappers
from macros.ground.model import Block, Page

_OBJECTS = frozenset({"ip", "bridge", "docker", "kubectl", "systemctl", "tc"})
_WORD = re.compile(r"[a-z][\w-]*")
_TOOL = re.compile(r"[a-z][\w.+-]*")
_FUNCTION = re.compile(r"^\s*(\w+)\(\)", re.MULTILINE)  # one that the block defines
_STEERING = frozenset(
    {":", "true", "false", "exit", "set", "wait", "sleep", "cd", "export", "break"}
)

Use = tuple[str, str]
"""Where a command stands: the page's title, and the address of the block."""
Index = dict[str, dict[str, list[Use]]]
"""Every tool (`ip addr`, `iptables`), its commands in order, and where each stands."""


def uses(
    pages: Iterable[Page],
    address: Callable[[Path], str],
    ran: Callable[[Block], str] = lambda block: block.command,
) -> Index:
    """Every tool, and each command that begins with it, as it `ran`."""
    tools: Index = {}
    for page in pages:
        for block in page.blocks:
            if block.kind == "observe" or not block.shown:
                continue  # no place on the page to lead to
            href = f"{address(page.source)}#b-{block.id}"
            for tool, line in dict.fromkeys(_commands(ran(block))):
                places = tools.setdefault(tool, {}).setdefault(line, [])
                again = 1 + sum(title.startswith(page.title) for title, _ in places)
                places.append((f"{page.title} ({again})" if again > 1 else page.title, href))
    return {tool: tools[tool] for tool in sorted(tools)}


def table(tools: Index) -> str:
    """The index as HTML: a list of tools, each with its commands, each linking to its blocks."""
    ids = {tool: re.sub(r"[^a-z0-9]+", "-", tool) for tool in tools}
    return render("site/commands_index.html", tools=tools, ids=ids)


def _commands(command: str) -> list[tuple[str, str]]:
    """The pipelines of a block, each with its tool; a document that it reads is not a command."""
    try:
        pipelines = shell.pipelines(command)
    except shell.UnreadableError:
        return []
    tools = []
    own = set(_FUNCTION.findall(command))
    for pipeline in pipelines:
        text = command[pipeline[0].start : pipeline[-1].end].replace("\\\n", " ")
        tool = _tool(pipeline[0])
        if tool and tool not in _STEERING | own:
            tools.append((tool, " ".join(text.split())))
    return tools


def _tool(simple: shell.Simple) -> str:
    """The tool that a simple command runs, and its object; nothing where it has none."""
    inner = wrappers.through(simple.words)
    if inner is None:
        return ""
    words = [word.text for word in inner.words if "=" not in word.text]
    if not words or not _TOOL.fullmatch(words[0].rpartition("/")[2]):
        return ""
    tool = words[0].rpartition("/")[2]
    if tool not in _OBJECTS:
        return tool
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word in ("-n", "-netns"):
            skip = True  # the next word names a namespace
        elif _WORD.fullmatch(word):
            return f"{tool} {_OBJECT_NAMES.get(word, word)}"
    return tool


_OBJECT_NAMES = {"a": "addr", "address": "addr", "l": "link", "r": "route", "neighbour": "neigh"}
