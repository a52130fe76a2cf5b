"""How many blocks: counted as an author writes them, so that a trace is one, whatever its taps."""

from collections import Counter
from collections.abc import Sequence

from macros.ground.enumeration import counted
from macros.ground.model import Block


def written(block: Block) -> str:
    """The id that an author gave the call which a block is of: its own, or its trace's."""
    return (block.capture.trace if block.capture else "") or block.id


def in_words(blocks: Sequence[Block], others: int = 0) -> str:
    """So many blocks of one page or several: "18 blocks (1 trace of 6 captures)".

    `others` are counted too: blocks that no page has any more.
    """
    calls = {(block.page, written(block)) for block in blocks if not _tap(block)}
    traces = Counter((block.page, written(block)) for block in blocks if _tap(block))
    words = counted(len(calls) + len(traces) + others, "blocks")
    if not traces:
        return words
    return f"{words} ({counted(len(traces), 'traces')} of {counted(traces.total(), 'captures')})"


def _tap(block: Block) -> bool:
    return block.capture is not None and bool(block.capture.trace)
