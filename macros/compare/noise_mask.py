"""Values without their noise: what settle calls noise, masked on both sides."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from macros.settle import matches, noise
from macros.settle.declaration import BELOW, WISHES, Noise, Pattern
from macros.settle.tables import Cells

# A column is as wide as its widest value; a line drawn below a heading follows it.
_WIDTH = re.compile(r"(?<=\S)(?: {2,}|\t+)|(?<=[-=])[-=]{3,}")


# A number under its head is as wide as it is large.
_RIGHT_ALIGNED = re.compile(r"^ {4,}(?=<[n0]> )")

_Patterns = Sequence[tuple[Pattern, Noise]]


def _cells_first(patterns: _Patterns) -> _Patterns:
    """Those of cells first: they need the places of a line as it is."""
    return sorted(patterns, key=lambda pair: pair[0].shape not in matches.TABLED)


_PATTERNS = _cells_first(matches.Fitting().noise)


class Masks:
    """The lines of some texts with their noise masked; each is masked once.

    `facts` are the names of kinds of noise that are facts here.
    """

    def __init__(self, texts: Sequence[str], facts: frozenset[str] = frozenset()) -> None:
        fits = matches.fitting(texts)
        self._patterns = _cells_first([pair for pair in fits.noise if pair[1].name not in facts])
        self._cells = fits.cells
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """A line of output with its noise masked, and columns one blank apart."""
        masked = self._known.get(text)
        if masked is None:
            masked = self._known[text] = _line(text, self._patterns, self._cells)
        return masked


@lru_cache(maxsize=16384)
def line(text: str, facts: frozenset[str] = frozenset()) -> str:
    """A line by itself: see `Masks`."""
    if facts:
        return _line(text, [pair for pair in _PATTERNS if pair[1].name not in facts])
    return _line(text, _PATTERNS)


def _line(text: str, patterns: _Patterns, cells: Cells | None = None) -> str:
    quoted: list[str] = []
    printed = text
    if '"' in text:
        # Nothing that a rule says in quotes is noise.
        text = matches.QUOTED.sub(lambda quote: _kept(quote[0], quoted), text)
    for (hint, expression, shape, near), kind in patterns:
        if hint in text and (near is None or near(text)):
            place = _anywhere
            if cells and shape in matches.TABLED:
                place = partial(matches.is_cell, printed, shape, kind, cells)
            elif shape == BELOW:
                continue
            text = expression.sub(partial(_masked, kind=kind, may_be=place), text)
    for number, quote in enumerate(quoted):
        text = text.replace(f"\0{number}\0", quote)
    # Most lines have no columns.
    wide = "  " in text or "\t" in text or "---" in text or "==" in text
    text = _WIDTH.sub(" ", text) if wide else text
    return _RIGHT_ALIGNED.sub(" " * 4, text).rstrip()


def _kept(quote: str, quoted: list[str]) -> str:
    quoted.append(quote)
    return f"\0{len(quoted) - 1}\0"


def _anywhere(_place: int) -> bool:
    """Noise that stands in no table."""
    return True


def _masked(value: re.Match[str], kind: Noise, may_be: Callable[[int], bool]) -> str:
    if not may_be(value.start(1)):
        return value[0]
    whole, start = value[0], value.start()
    for group in range(len(value.groups()), 0, -1):
        if value[group] is not None:
            low, high = value.start(group) - start, value.end(group) - start
            whole = f"{whole[:low]}<{kind.mask(value[group])}>{whole[high:]}"
    return whole


def value(
    key: str, inner: object, *, wished: bool = False, facts: frozenset[str] = frozenset()
) -> object:
    """A value of a tool's JSON, masked where its key or its own form says that it is noise.

    `wished`: it is within a `spec`, what an author wished for. `facts`: see `Masks`.
    """
    if isinstance(inner, bool) or inner is None:
        return inner
    if isinstance(inner, list):
        return [
            "known" if _is_known(word) else value(key, word, wished=wished, facts=facts)
            for word in inner
        ]
    for kind in noise.ALL:
        by_key = (
            kind.keys is not None
            and not kind.words
            and kind.name not in facts
            and (kind.in_spec or not wished)
            and kind.keys.fullmatch(key)
        )
        # A word where a number, a time or an id belongs is none of these.
        if by_key and not isinstance(inner, dict) and any(map(str.isdigit, str(inner))):
            return f"<{kind.mask(str(inner))}>"
    return line(inner, facts) if isinstance(inner, str) else inner


def within(key: str, inner: object, *, wished: bool = False) -> object:
    """JSON with all values in it masked, each by its key: see `value`."""
    if isinstance(inner, dict):
        return {
            name: within(name, part, wished=wished or name == WISHES)
            for name, part in inner.items()
        }
    if isinstance(inner, list) and any(isinstance(part, dict | list) for part in inner):
        return [within(key, part, wished=wished) for part in inner]
    return value(key, inner, wished=wished)


_WORDS = frozenset(word for kind in noise.ALL for word in kind.words)


def _is_known(word: object) -> bool:
    return isinstance(word, str) and word in _WORDS
