"""What goes wrong while a block is recorded, said with its place."""

import re

from macros.ground.errors import GuideError
from macros.ground.model import Block

COLLECTED = "systemd-run -G (--collect) forgets a unit that failed"
"""What an author is told of a unit that failed and is still known by its name."""
_TAKEN = re.compile(r"Unit (\S+) was already loaded or has a fragment file")


def cure(printed: str) -> str:
    """What mends a command that printed this and failed; nothing where that is not known."""
    taken = _TAKEN.search(printed)
    if taken is None:
        return ""
    return f"{COLLECTED}: use it for {taken[1]}; `systemctl reset-failed {taken[1]}` clears it now"


def at(block: Block, message: str, *, command: str | None = None, fix: str | None) -> GuideError:
    """An error at `block`; `command` is what ran, where that is known."""
    return GuideError(
        message,
        page=block.source,
        line=block.line,
        node=block.node,
        command=command,
        fix=fix,
    )
