"""Values that only a recording had, as a shell finds them again: `WEBIF=$(docker exec web …)`."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from macros.ground.bindings import mentioned
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording
from macros.handson import shell_quotes, shell_search

_PATTERN = "re:"


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a block of the page binds: where it is found, with which line, from what.

    `needs` are the values that the line itself uses.
    """

    name: str
    block: Block
    line: str
    needs: tuple[str, ...]

    @property
    def node(self) -> str:
        """The node on which the line finds it."""
        return self.block.node


def of_page(page: Page, recorded: Mapping[str, Recording]) -> Mapping[str, Value]:
    """Every value of a page by its name. GuideError where no line of a shell finds one."""
    by_name: dict[str, Value] = {}
    for block in page.blocks:
        for name, path in block.bind.items():
            line = f"{name}=$({_search(block, name, path, recorded.get(block.id), by_name)})"
            needs = mentioned(block.command, by_name)
            by_name[name] = Value(name, block, line, needs)
    return by_name


def needed(text: str, values: Mapping[str, Value], node: str) -> Sequence[Value]:
    """The values that `text` uses on `node`, each after those that its own line uses.

    What another node's line finds is handed over, so nothing of what that one uses is here.
    """
    by_name: dict[str, Value] = {}

    def take(name: str) -> None:
        value = values[name]
        if value.node == node:
            for other in value.needs:
                take(other)
        by_name.setdefault(name, value)

    for name in mentioned(text, values):
        take(name)
    return tuple(by_name.values())


def _search(
    block: Block, name: str, path: str, recording: Recording | None, names: Collection[str]
) -> str:
    command = shell_quotes.for_a_shell(block.command.strip(), names)
    pattern = path.removeprefix(_PATTERN) if path.startswith(_PATTERN) else ""
    if not pattern:
        pattern = _by_words(block, name, recording)
    try:
        if shell_search.whole(pattern) and recording and len(recording.text.splitlines()) == 1:
            return command
        return f"{command} | {shell_search.cuts(pattern)}"
    except GuideError as error:
        raise GuideError(
            f"block {block.id}: bind {name}: {error.message}",
            page=block.source,
            line=block.line,
            fix="write the pattern with one group that stands in no other",
        ) from error


def _by_words(block: Block, name: str, recording: Recording | None) -> str:
    """A pattern for what a path found: the words of its line before it, as the recording has it."""
    if recording is None or name not in recording.bound:
        return r"(\S+)"
    value = recording.bound[name]
    for line in recording.text.splitlines():
        before, there, behind = line.partition(value)
        if there and not before[-1:].isalnum():
            begin, end = (re.escape(part).replace("\\ ", " ") for part in (before, behind[:1]))
            return f"^{begin}(\\S+?){end}" if end.strip() else f"^{begin}(\\S+)"
    raise GuideError(
        f"block {block.id}: {name} stands in no line of its output as it is",
        page=block.source,
        line=block.line,
        fix="bind it with a pattern, re: and one group",
    )
