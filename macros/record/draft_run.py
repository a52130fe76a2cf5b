"""One page on a lab that stays up: what is edited is run again, as a draft of what it answers.

A draft comes from a lab on which the page's commands have been run more than once and in another
order, so it shows what a command prints, and is no recording.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from macros.ground.errors import GuideError, raise_all
from macros.ground.model import Block, Page
from macros.lab.lab import Lab
from macros.plan import hashes
from macros.plan.lasting import lasts
from macros.record import known_state, session, tcpdump
from macros.record.kept import Kept
from macros.record.session import Progress
from macros.store import drafts


class DraftRun:
    """The run of a page that is being written; `folder` gets its drafts.

    `says` hears why the page is run again from its clean-up on.
    """

    def __init__(
        self,
        lab: Lab,
        page: Page,
        folder: Path,
        progress: Progress,
        waits: tcpdump.Waits = tcpdump.silent,
        says: Callable[[str], object] = str,
    ) -> None:
        self._lab = lab
        self._page = page
        self._folder = folder
        self._kept = Kept(folder)
        self._values: dict[str, Mapping[str, str]] = {}  # what each block bound, as it is
        self._progress = progress
        self._waits = waits
        self._says = says
        self._whole = False  # whether every block has been run since the last clean-up
        self._before: known_state.State = {}
        self._owed: frozenset[str] = frozenset()  # blocks that an edit asked for and did not get

    def enter(self) -> None:
        """See that the lab is in its known state. GuideError where it is not: nothing is run."""
        self._before = known_state.enter(self._lab, self._page)
        drafts.forget(self._folder)
        self._folder.mkdir(parents=True)

    def begin(self) -> Sequence[Block]:
        """Run the whole page. GuideError: what failed."""
        return self._all(self._page)

    def follow(self, page: Page) -> Sequence[Block]:
        """Run what differs from the page as it was, and what uses its values; the blocks run.

        All of it is run anew, from a clean-up on, where the setup differs, where the last run
        failed, where something would meet what it made before it was edited, and where a block
        cannot be run a second time. A new block that fails has nothing to do with that: it is
        tried again with the next edit.
        """
        old, self._page = self._page, page
        if page.start != old.start:
            return self._again(old, "its lab, setup or cleanup was edited")
        if not self._whole:
            return self._again(old, "the last run of it failed")
        todo = touched(old, page, self._owed)
        if why := lasting_change(old, page, todo):
            return self._again(old, why)
        drafts.stamp(self._folder, page.blocks)
        for number, block in enumerate(todo):
            try:
                self._run(block)
            except GuideError as error:
                if old.block(block.id) is None:
                    self._owed = frozenset(waiting.id for waiting in todo[number:])
                    raise
                why = f"block {block.id} cannot be run a second time ({error.message})"
                return self._again(old, why)
        self._owed = frozenset()
        return _with_captures(page, todo)

    def anew(self) -> Sequence[Block]:
        """Clean up and run the whole page."""
        return self._again(self._page, "as asked")

    def end(self) -> list[GuideError]:
        """Clean up; what is wrong with that, or still differs from the lab as it was."""
        return session.give_up(self._lab, self._page, self._before)

    def _again(self, old: Page, why: str) -> Sequence[Block]:
        """Clean up behind the page as it was, and run all of it.

        GuideError where the clean-up leaves something: nothing is run on that, for it would pass
        here and fail where the page is recorded.
        """
        self._says(f"the page runs again, from its clean-up on: {why}")
        self._whole, page = False, self._page
        session.clean(self._lab, old)
        left = known_state.left(self._lab, old, self._before)
        if left and page.cleanup != old.cleanup:  # its author may have mended that
            session.clean(self._lab, page)
            left = known_state.left(self._lab, page, self._before)
        raise_all(left)
        return self._all(page)

    def _all(self, page: Page) -> Sequence[Block]:
        self._whole, self._owed = False, frozenset()
        session.prepare(self._lab, page, self._kept)
        todo = [block for block in page.blocks if block.capture is None]
        for block in todo:
            self._run(block)
        self._whole = True
        return page.blocks

    def _run(self, block: Block) -> None:
        self._values[block.id] = session.record_block(
            self._lab,
            self._page,
            block,
            self._kept,
            self._bound(block),
            self._progress,
            self._waits,
        )
        self._kept.write()

    def _bound(self, until: Block) -> Mapping[str, str]:
        """The values that the blocks before this one bind. A draft may hide one."""
        bound: dict[str, str] = {}
        for block in self._page.blocks:
            if block.id == until.id:
                break
            bound |= self._values.get(block.id, {})
        return bound


def _with_captures(page: Page, run: Collection[Block]) -> Sequence[Block]:
    """These blocks and the captures that listen during them."""
    ids = {block.id for block in run}
    return [b for b in page.blocks if (b.capture.during if b.capture else b.id) in ids]


def touched(old: Page, new: Page, owed: Collection[str] = ()) -> list[Block]:
    """The commands and observations to run again when a page was edited, in the page's order.

    Those that differ, those during which a capture listens that differs, and those that use a
    value which one of these binds; and those that are `owed`.
    """
    before = {block.id: hashes.behind("", block) for block in old.blocks}
    differ = {block.id for block in new.blocks if before.get(block.id) != hashes.behind("", block)}
    differ |= set(owed)
    triggers = {b.capture.during for b in new.blocks if b.capture is not None and b.id in differ}
    names: set[str] = set()
    todo = []
    for block in new.blocks:
        if block.capture is None and (
            block.id in differ | triggers or _uses(_asked_during(block, new.blocks), names)
        ):
            todo.append(block)
            names |= block.bind.keys()
    return todo


def lasting_change(old: Page, new: Page, todo: Sequence[Block]) -> str:
    """Why these blocks cannot be run on what the page as it was has left; "" where they can.

    What an edited block made is still there, and what is gone from the page is, too. A new block
    that makes something is no trouble at the page's end, and comes too late before others.
    """
    again = {block.id for block in todo}
    for block in old.blocks:
        if (block.id in again or new.block(block.id) is None) and (what := lasts(block.command)):
            return f"block {block.id} was edited, and it {what}"
    for number, block in enumerate(new.blocks):
        known = old.block(block.id)
        before_others = any(old.block(other.id) for other in new.blocks[number:])
        if block in todo and before_others and (what := lasts(block.command)):
            return f"block {block.id} {'was edited' if known else 'is new'}, and it {what}"
    return ""


def _asked_during(block: Block, blocks: Iterable[Block]) -> str:
    """All text in which a block, or a capture that listens during it, may use a value."""
    listening = [b for b in blocks if b.capture is not None and b.capture.during == block.id]
    return "\n".join(f"{asked.command}\n{asked.until or ''}" for asked in (block, *listening))


def _uses(text: str, names: Iterable[str]) -> bool:
    return any(f"${name}" in text or f"${{{name}}}" in text for name in names)
