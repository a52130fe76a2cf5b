"""What goes wrong while a block is recorded, said with its place."""

from macros.ground.errors import GuideError
from macros.ground.model import Block


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
