"""The index of commands: which tools the guide uses, and where."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from macros.figures.markup import render
from macros.ground import shell, wrappers
from macros.ground.model import Block, Page

_OBJECTS = frozenset({"ip", "bridge", "docker", "kubectl", "systemctl", "tc", "ss"})
_WORD = re.compile(r"[a-z][\w-]*")

Use = tuple[str, str, str]
"""The whole command, the page's title, and the address of the block."""


def uses(pages: Iterable[Page], address: Callable[[Path], str]) -> dict[str, list[Use]]:
    """Every tool (`ip addr`, `iptables`), and each block whose command begins with it."""
    tools: dict[str, list[Use]] = {}
    for page in pages:
        for block in page.blocks:
            if block.kind == "observe" or not block.shown:
                continue  # no place on the page to lead to
            for line in _lines(block):
                use = (line, page.title, f"{address(page.source)}#b-{block.id}")
                tools.setdefault(_tool(line), []).append(use)
    return dict(sorted(tools.items()))


def table(tools: dict[str, list[Use]]) -> str:
    """The index as HTML: a list of tools, each with its commands, each linking to its block."""
    return render("site/commands_index.html", tools=tools)


def _lines(block: Block) -> list[str]:
    """The commands of a block, one a line; what only steers a shell is left out."""
    text = block.command.replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    shell = ("#", "for ", "do", "done", "if ", "then", "else", "fi", "while ", "}", "EOF")
    return [line for line in lines if line and not line.startswith(shell)]


def _tool(line: str) -> str:
    try:
        pipelines = shell.pipelines(line)
    except shell.UnreadableError:
        pipelines = []
    inner = wrappers.through(pipelines[0][0].words) if pipelines else None
    words = [word.text for word in inner.words if "=" not in word.text] if inner else line.split()
    tool = words[0] if words else line
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
