"""Values without their noise: what settle calls noise, masked on both sides."""

import re

from macros.settle import noise
from macros.settle.declaration import Noise

# A column is as wide as its widest value; a line drawn below a heading follows it.
_WIDTH = re.compile(r"(?<=\S)(?: {2,}|\t+)|(?<=[-=])[-=]{3,}")


_PATTERNS = tuple((pattern, kind) for kind in noise.ALL for pattern in kind.patterns)


def line(text: str) -> str:
    """A line of output with its noise masked, and columns one blank apart."""
    for pattern, kind in _PATTERNS:
        if pattern.may_match(text):
            text = pattern.expression.sub(lambda value, kind=kind: _masked(value, kind), text)  # type: ignore[misc]
    return _WIDTH.sub(" ", text).rstrip()


def _masked(value: re.Match[str], kind: Noise) -> str:
    whole, start = value[0], value.start()
    for group in range(len(value.groups()), 0, -1):
        if value[group] is not None:
            low, high = value.start(group) - start, value.end(group) - start
            whole = f"{whole[:low]}<{kind.mask(value[group])}>{whole[high:]}"
    return whole


def value(key: str, inner: object) -> object:
    """A value of a tool's JSON, masked where its key or its own form says that it is noise."""
    if isinstance(inner, bool) or inner is None:
        return inner
    if isinstance(inner, list):
        return ["known" if word in _WORDS else value(key, word) for word in inner]
    for kind in noise.ALL:
        by_key = kind.keys is not None and not kind.words and kind.keys.fullmatch(key)
        if by_key and not isinstance(inner, dict):
            return f"<{kind.mask(str(inner))}>"
    return line(inner) if isinstance(inner, str) else inner


_WORDS = frozenset(word for kind in noise.ALL for word in kind.words)
