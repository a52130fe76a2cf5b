"""All captures of a trace in one file of the site, made once and then kept in the cache."""

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from macros.ground import cache
from macros.ground.model import Block, Page
from macros.store import sums
from macros.store.guide import Guide


def merged(guide: Guide) -> Mapping[Path, Callable[[], bytes]]:
    """Each trace that is recorded whole: where its file belongs, and what makes it."""
    return {
        guide.recordings / guide.edition_name / page.key / f"{trace}.pcapng": partial(
            _made, guide, page, trace, taps
        )
        for page in guide.pages.values()
        for trace, taps in _traces(guide, page)
    }


def _traces(guide: Guide, page: Page) -> Iterator[tuple[str, list[Block]]]:
    """The traces of a page, each with its taps, that have a recording at every tap."""
    folder = guide.recordings / guide.edition_name / page.key
    traces: dict[str, list[Block]] = {}
    for block in page.blocks:
        if block.capture and block.capture.trace:
            traces.setdefault(block.capture.trace, []).append(block)
    for trace, taps in traces.items():
        if all((folder / f"{tap.id}.txt").is_file() for tap in taps):
            yield trace, taps


def _made(guide: Guide, page: Page, trace: str, taps: list[Block]) -> bytes:
    def make() -> str:
        from macros.site import recorded_traces  # noqa: PLC0415 where nothing is kept

        blocks = guide.recorded(page.key).blocks
        pairs = [(tap, blocks[tap.id]) for tap in taps]
        values = recorded_traces.bound(guide, page.key)
        return base64.b64encode(recorded_traces.merged(pairs, values)).decode("ascii")

    folder = guide.recordings / guide.edition_name / page.key
    inputs = [trace, [repr(tap.capture) for tap in taps], sums.digest(folder)]
    return base64.b64decode(cache.text("merged", inputs, make))
