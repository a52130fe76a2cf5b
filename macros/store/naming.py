"""What a name that is no block's may mean: a block that was renamed or misspelt, or a trace."""

from collections.abc import Mapping, Sequence

from macros.ground import enumeration
from macros.ground.errors import GuideError
from macros.ground.model import Page, Recording
from macros.plan.options import nearest
from macros.store import staleness

_SHOWN = 12  # ids that an error lists


def no_block(page: Page, name: str, recorded: Mapping[str, Recording]) -> GuideError:
    """What is said where `name` is no block of the page, by what was `recorded` of it."""
    taps = [b.id for b in page.blocks if b.capture is not None and b.capture.trace == name]
    if taps:
        return GuideError(f"{name} is a trace; take one of its taps: {', '.join(taps)}")
    message = f"page {page.key} has no block {name!r}"
    if block := staleness.renamed(page, recorded, name):
        was = f"`{block.command}`, which was recorded as {name}, is {block.id} now"
        return GuideError(f"{message}; {was}")
    ids = [block.id for block in page.blocks]
    traces = [block.capture.trace for block in page.blocks if block.capture is not None]
    near = nearest(name, dict.fromkeys([*ids, *filter(None, traces)]))
    return GuideError(message + (near or f"; it has {_listed(ids, page)}"))


def no_trace(key: str, name: str, page: Page | None) -> GuideError:
    """The same where `name` is no trace."""
    blocks = page.blocks if page is not None else ()
    message = f"page {key} has no trace {name!r}"
    block = page.block(name) if page is not None else None
    if block is not None:
        tap = block.capture and block.capture.trace
        kind = f"a tap of the trace {tap}" if tap else f"the id of `{block.command}`"
        return GuideError(f"{message}; that is {kind}")
    known = sorted({b.capture.trace for b in blocks if b.capture and b.capture.trace})
    near = nearest(name, dict.fromkeys(known))
    return GuideError(message + (near or f"; it has {', '.join(known) or 'none'}"))


def _listed(ids: Sequence[str], page: Page) -> str:
    more = f"; guide paths {page.key} lists them" if len(ids) > _SHOWN else ""
    return enumeration.first(ids, _SHOWN) + more
