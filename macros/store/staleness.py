"""Which recordings of a page do not serve, and which edit of the page made them stale.

A recording keeps the hash of its block's plan, and that covers the hash of the block before it. So
what a block comes to behind each block that was recorded tells a new order from a new option.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from macros.ground import block_count, enumeration
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording
from macros.plan import hashes

_LIKE = 0.6  # likeness of two commands from which one is called near the other
_SHOWN = 8  # blocks that an error names
_WAS = "it was recorded"

_OPTIONS = {
    "run": "expect_exit=, until=, timeout=, bind= or netns=",
    "capture": "during=, closed=, until=, container= or timeout=",
    "trace": "during=, closed= or timeout=",
    "observe": "timeout=; or the script that observes is another",
}
_START = "lab:, setup:, cleanup: or manifests: of the page's front matter has changed"

Recorded = Mapping[str, Recording]
Misread = Callable[[str], bool]
"""Whether a block's id is of a call that could not be planned, so that nothing is known of it."""


def differences(
    planned: Page,
    recorded: Recorded,
    fix: str,
    start: Mapping[str, str] | None = None,
    misread: Misread | None = None,
) -> Iterator[GuideError]:
    """What keeps a page from being replayed by what was recorded: each cause once.

    `start` is that of the recording. With `misread` the page is planned in part, and what may
    follow from the rest is not said.
    """
    unused = [rec for rec in recorded.values() if planned.block(rec.id) is None]
    lacking = [block for block in planned.blocks if block.id not in recorded]
    stale = _stale(planned, recorded, start or {}, misread)
    causes = _once([(block, why) for block, why in stale if why])
    behind = "" if misread else _behind_them(sum(not why for _, why in stale))
    if lacking:
        yield _error(_lacking(lacking, unused) + behind, planned, lacking[0], fix)
        behind = ""
    for block, message in causes:
        yield _error(message + behind, planned, block, fix)
        behind = ""
    unused = [rec for rec in unused if not (misread and misread(rec.id))]
    if unused:
        names, one = _named([rec.id for rec in unused]), len(unused) == 1
        words = f"recording {names} belongs" if one else f"recordings {names} belong"
        yield GuideError(f"{words} to no block of the page", page=planned.source, fix=fix)


def _once(causes: Sequence[tuple[Block, str]]) -> list[tuple[Block, str]]:
    """The causes as messages; what an edit of a trace did to several of its taps is one."""
    of_call: dict[str, list[tuple[Block, str]]] = {}
    for block, why in causes:
        trace = block.capture.trace if block.capture else ""
        of_call.setdefault(f"trace {trace}" if trace else f"block {block.id}", []).append(
            (block, why)
        )
    told = []
    for call, edited in of_call.items():
        block, why = edited[0]
        if len(edited) == 1:
            told.append((block, f"the recording of block {block.id} is stale: {why}"))
            continue
        why = why.replace("it", block.id, 1) if why.startswith(_WAS) else why
        told.append((block, f"{len(edited)} recordings of {call} are stale: {why}"))
    return told


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
    names = _named([block.id for block in blocks])
    return f"{block_count.in_words(blocks)} have no recording: {names}"


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


def _stale(
    planned: Page, recorded: Recorded, start: Mapping[str, str], misread: Misread | None
) -> list[tuple[Block, str]]:
    """Each block whose recording is stale, and why; no reason where a block before it is why."""
    if all(recorded[b.id].plan == b.plan for b in planned.blocks if b.id in recorded):
        return []
    whys = []
    before = {rec.plan: rec.id for rec in recorded.values()} | {planned.start: ""}
    moved = ""
    first = _of_the_start(planned, recorded, start, known=misread is None or bool(planned.start))
    for place, block in enumerate(planned.blocks):
        recording = recorded.get(block.id)
        if recording is None or recording.plan == block.plan:
            continue
        behind = [
            name for plan, name in before.items() if hashes.behind(plan, block) == recording.plan
        ]
        if block.command != recording.command:
            why = f"{_WAS} for `{recording.command}`"
        elif block.node != recording.node:
            why = f"{_WAS} on {recording.node}"
        elif behind:
            known = misread is None or not misread(behind[0])
            why = _moved(behind[0], planned.blocks[:place], recorded) if known and not moved else ""
            moved = moved or why  # one block elsewhere has others behind it
        else:
            options = _OPTIONS["trace" if block.capture and block.capture.trace else block.kind]
            why = f"one of its options has changed ({options})"
            why, first = why if first is None else first(block, why), None
        whys.append((block, why))
    return whys


def _of_the_start(
    planned: Page, recorded: Recorded, start: Mapping[str, str], *, known: bool
) -> Callable[[Block, str], str] | None:
    """What is said of the block that was recorded first, where the start may be why it is stale.

    Only that one rests on it. None where the start is as it was; `known` is whether the page's
    front matter could be read.
    """
    blocks = [block for block in planned.blocks if block.id in recorded]
    if any(hashes.behind(planned.start, b) == recorded[b.id].plan for b in blocks):
        return None
    if not known:
        return lambda _block, _why: ""
    if not start:
        return lambda _block, why: f"{_START}, or {why}"
    edited = [name for name, part in hashes.parts(planned).items() if part != start.get(name)]
    if not edited:
        return None
    said = enumeration.in_words([f"{name}:" for name in edited])
    said += f" of the page's front matter {'has' if len(edited) == 1 else 'have'} changed"

    def only_start(block: Block, why: str) -> str:
        same = hashes.behind(start.get("all", ""), block) == recorded[block.id].plan
        return said if same else f"{said}, or {why}"

    return only_start


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
