"""A packet that a capture does not hold because it had ended: said as the cause."""

from collections.abc import Iterator
from contextlib import contextmanager

from macros.ground.errors import BeyondError, GuideError
from macros.ground.model import Block


@contextmanager
def told(page: str, *blocks: Block) -> Iterator[None]:
    """Whoever asks these blocks for a packet hears which of them ended before it, and where.

    `page` is the key of the page that asks: a block of another is named with its page.
    """
    try:
        yield
    except BeyondError as error:
        counted = [block for block in blocks if block.capture and block.capture.packets is not None]
        if not counted:
            raise
        block = counted[0]
        assert block.capture is not None  # noqa: S101 it counts its packets
        where = f"line {block.line}" + ("" if block.page == page else f" of page {block.page}")
        raise GuideError(
            f"capture {block.id} ended after packets={block.capture.packets} ({where}): "
            + error.message,
            fix="give it more packets= and record again, if what is asked for here came later",
        ) from error
