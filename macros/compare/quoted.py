"""What pages say of blocks that changed: each quote with its value before and now.

An author who changes what a page asks often changes the path of a claim with it. What the page said
before is then what its earlier path finds in the earlier recording.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from macros.compare.change import Change
from macros.compare.editions import Blocks
from macros.compare.sentences import Quote, Quoted, quotes, value_of
from macros.ground.errors import GuideError
from macros.plan.planner import page_key

Then = Callable[[Path], str | None]
"""The earlier text of a page, by its file; None where it is not known to be another."""
_ALIKE = 0.6  # of a path that took the place of another one


def unchanged(_source: Path) -> None:
    """Of pages that are the same for both recordings."""


def quoted_by(
    docs: Path,
    old: Callable[[str], Blocks],
    new: Callable[[str], Blocks],
    changes: Iterable[Change],
    versions: Mapping[str, str],
    then: Then = unchanged,
) -> dict[tuple[str, str], list[Quoted]]:
    """What the pages under `docs` quote of the blocks that changed, by page and block.

    `old` and `new` give a page's recordings on either side; `versions` are the new side's: what
    its pages do not have is left out. `then` gives the pages as they were with the old ones.
    """
    changed = {(change.page, change.block) for change in changes if change.block}
    pages: dict[str, tuple[Blocks, Blocks]] = {}
    by_block: dict[tuple[str, str], list[Quoted]] = {}
    for source in sorted(docs.rglob("*.md")) if changed else ():
        key = page_key(docs, source)
        every = list(quotes(source, key))
        mine = [
            quote
            for quote in every
            if (quote.page, quote.block) in changed and quote.shown(versions)
        ]
        stood = earlier(every, source, key, then) if mine else {}
        for quote in mine:
            if quote.page not in pages:
                pages[quote.page] = old(quote.page), new(quote.page)
            quoted = with_values(quote, *pages[quote.page], stood)
            by_block.setdefault((quote.page, quote.block), []).append(quoted)
    return by_block


def with_values(
    quote: Quote, old: Blocks, new: Blocks, stood: Mapping[Quote, Quote] | None = None
) -> Quoted:
    """A quote with what it says in either recording of its page.

    `stood` has what stood in its place: see `earlier`. Of a quote that is new no value changed.
    """
    before = quote if stood is None else stood.get(quote)
    value = value_of(quote, new)
    return Quoted(quote, value if before is None else value_of(before, old), value)


def earlier(now: Sequence[Quote], source: Path, key: str, then: Then) -> Mapping[Quote, Quote]:
    """What stood in the place of each quote that a page has now; a quote that is new has nothing.

    One with the same block and path is the same one, wherever it stands. Of the others, those of
    one block whose paths are alike are.
    """
    text = then(source)
    try:
        before = [*quotes(source, key, text)] if text is not None else now
    except GuideError:  # the earlier text is no page
        before = now
    of_place = {(quote.page, quote.block, quote.path): quote for quote in before}
    kept = {(quote.page, quote.block, quote.path) for quote in now} & of_place.keys()
    left = [quote for place, quote in of_place.items() if place not in kept]
    stood: dict[Quote, Quote] = {}
    for quote in now:
        place = quote.page, quote.block, quote.path
        former = of_place[place] if place in kept else _like(quote, left)
        if former is not None:
            stood[quote] = former
    return stood


def _like(quote: Quote, left: Iterable[Quote]) -> Quote | None:
    """The quote of the same block whose path is most like this one's."""
    paths = {
        other.path: other
        for other in left
        if (other.page, other.block) == (quote.page, quote.block)
    }
    alike = get_close_matches(quote.path, paths, n=1, cutoff=_ALIKE)
    return paths[alike[0]] if alike else None
