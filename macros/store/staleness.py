"""Which recordings of a page do not serve, and which edit of the page made them stale.

A recording keeps the hash of its block's plan, and that covers the hash of the block before it. So
what a block comes to behind each block that was recorded tells a new order from a new option.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from macros.ground import enumeration
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording
from macros.plan import hashes

_LIKE = 0.6  # likeness of two commands from which one is called near the other
_SHOWN = 8  # blocks that an error names

_OPTIONS = {
    "run": "expect_exit=, until=, timeout=, bind= or netns=",
    "capture": "during=, closed=, until=, container= or timeout=",
    "observe": "timeout=; or the script that observes is another",
}
_START = "what the page's front matter says of its lab, setup, cleanup or manifests"

Recorded = Mapping[str, Recording]


def differences(planned: Page, recorded: Recorded, fix: str) -> Iterator[GuideError]:
    """What keeps a page from being replayed by what was recorded: each cause once."""
    unused = [rec for rec in recorded.values() if planned.block(rec.id) is None]
    lacking = [block for block in planned.blocks if block.id not in recorded]
    stale = _stale(planned, recorded)
    causes = [(block, why) for block, why in stale if why]
    behind = _behind_them(len(stale) - len(causes))
    if lacking:
        yield _error(_lacking(lacking, unused) + behind, planned, lacking[0], fix)
        behind = ""
    for block, why in causes:
        message = f"the recording of block {block.id} is stale: {why}{behind}"
        yield _error(message, planned, block, fix)
        behind = ""
    if unused:
        names, one = _named([rec.id for rec in unused]), len(unused) == 1
        words = f"recording {names} belongs" if one else f"recordings {names} belong"
        yield GuideError(f"{words} to no block of the page", page=planned.source, fix=fix)


def renamed(page: Page, recorded: Recorded, name: str) -> Block | None:
    """The block that was recorded as `name`, by its node and command; None where there is none."""
    was = recorded.get(name)
    if was is None:
        return None
    same = [b for b in page.blocks if (b.node, b.command) == (was.node, was.command)]
    return next((block for block in same if block.id not in recorded), None)


def _lacking(blocks: Sequence[Block], unused: Sequence[Recording]) -> str:
    """What is said of the blocks without a recording, one or many."""
    if len(blocks) == 1:
        return f"block {blocks[0].id} has no recording{_nearest(blocks[0], unused)}"
    return f"{len(blocks)} blocks have no recording: {_named([block.id for block in blocks])}"


def _nearest(block: Block, unused: Sequence[Recording]) -> str:
    """Which recording came nearest, and why it does not serve."""
    likeness, best = max(
        ((SequenceMatcher(None, block.command, rec.command).ratio(), rec) for rec in unused),
        key=lambda pair: pair[0],
        default=(0.0, None),
    )
    if best is None or likeness < _LIKE:
        return ""
    return f"; the nearest is {best.id} (`{best.command}`), which no block has as its id"


def _stale(planned: Page, recorded: Recorded) -> list[tuple[Block, str]]:
    """Each block whose recording is stale, and why; no reason where a block before it is why."""
    if all(recorded[b.id].plan == b.plan for b in planned.blocks if b.id in recorded):
        return []
    whys = []
    before = {rec.plan: rec.id for rec in recorded.values()} | {planned.start: ""}
    moved = ""
    start_known = any(
        hashes.behind(planned.start, block) == recorded[block.id].plan
        for block in planned.blocks
        if block.id in recorded
    )
    for place, block in enumerate(planned.blocks):
        recording = recorded.get(block.id)
        if recording is None or recording.plan == block.plan:
            continue
        behind = [
            name for plan, name in before.items() if hashes.behind(plan, block) == recording.plan
        ]
        if block.command != recording.command:
            why = f"it was recorded for `{recording.command}`"
        elif block.node != recording.node:
            why = f"it was recorded on {recording.node}"
        elif behind:
            why = "" if moved else _moved(behind[0], planned.blocks[:place], recorded)
            moved = moved or why  # one block elsewhere has others behind it
        else:
            why = f"one of its options has changed ({_OPTIONS[block.kind]})"
            why += "" if start_known else f", or {_START}"
            start_known = True  # only what was the first block rests on it
        whys.append((block, why))
    return whys


def _moved(name: str, before: Sequence[Block], recorded: Recorded) -> str:
    """What stood right before a block when it was recorded, if that is not what does now.

    Nothing where a block that is new stands there, for that it has no recording is said.
    """
    now = before[-1].id if before else ""
    if now == name or (now and now not in recorded):
        return ""
    stood = f"it stood right behind {name}" if name else "it was the page's first block"
    stands = f"stands behind {now}" if now else "is the first"
    return f"{stood} when it was recorded, and now {stands}"


def _behind_them(count: int) -> str:
    """What is said of the recordings that are stale because of a block before theirs."""
    if not count:
        return ""
    verb = "are" if count > 1 else "is"
    many = enumeration.counted(count, "recordings")
    return f"; stale with it {verb} {many} behind it, as each rests on those before"


def _named(names: Sequence[str]) -> str:
    return enumeration.first(names, _SHOWN)


def _error(message: str, planned: Page, block: Block, fix: str) -> GuideError:
    return GuideError(
        message,
        page=planned.source,
        line=block.line,
        node=block.node,
        command=block.command,
        fix=fix,
    )
