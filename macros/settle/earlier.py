"""What was run before a block: its noise stays as it was only where that is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from macros.ground.model import Block, Page, Recording
from macros.kinds import registry
from macros.plan import hashes

Recordings = Mapping[str, Recording]


def unmoved(page: Page, was: Recordings, now: Recordings) -> frozenset[str]:
    """The blocks of both runs that asked the same, after the same had been done.

    What the earlier run had done is not kept, but its hashes are: a block whose plan is that of
    the page as it is, with the earlier commands in it, had just these before it.
    """
    same = {key for key, new in now.items() if (old := was.get(key)) and _asked(old) == _asked(new)}
    sure = {key for key in same if was[key].plan == now[key].plan}
    then = hashes.chained(page.start, _as_recorded(page, was))
    before, after = _done_before(then), _done_before(page.blocks)
    sure |= {
        block.id
        for block in then
        if block.id in same
        and block.plan == was[block.id].plan
        and before[block.id] == after[block.id]
    }
    triggers = {block.id: block.capture.during for block in page.blocks if block.capture}
    moved = now.keys() - sure
    return frozenset(key for key in sure if triggers.get(key) not in moved)


def _asked(recording: Recording) -> tuple[str, str]:
    return recording.node, recording.command


def _as_recorded(page: Page, was: Recordings) -> list[Block]:
    """The page's blocks that the earlier run has, with what that asked."""
    return [
        replace(block, node=was[block.id].node, command=was[block.id].command)
        for block in page.blocks
        if block.id in was
    ]


def _done_before(blocks: Sequence[Block]) -> dict[str, tuple[str, ...]]:
    """For each block what was done before it and by it: hashes of what does more than look."""
    done: list[str] = []
    before_block = {}
    for block in blocks:
        alone = hashes.behind("", block)
        if _acts(block):
            done.append(alone)
        before_block[block.id] = (*done, alone)
    return before_block


def _acts(block: Block) -> bool:
    """Whether a block can change what a later one answers."""
    return block.kind == "run" and not registry.only_looks(block.command)
