"""Values without their noise: what settle calls noise, masked on both sides."""

import re

from macros.settle import noise
from macros.settle.declaration import Noise

# A column is as wide as its widest value; a line drawn below a heading follows it.
_WIDTH = re.compile(r"(?<=\S)(?: {2,}|\t+)|(?<=[-=])[-=]{3,}")


def line(text: str) -> str:
    """A line of output with its noise masked, and columns one blank apart."""
    for kind in noise.ALL:
        for hint, pattern in kind.patterns:
            if hint in text:
                text = pattern.sub(lambda found, kind=kind: _masked(found, kind), text)  # type: ignore[misc]
    return _WIDTH.sub(" ", text).rstrip()


def _masked(found: re.Match[str], kind: Noise) -> str:
    whole, start = found[0], found.start()
    for group in range(len(found.groups()), 0, -1):
        if found[group] is not None:
            low, high = found.start(group) - start, found.end(group) - start
            whole = f"{whole[:low]}<{kind.mask(found[group])}>{whole[high:]}"
    return whole


def value(key: str, found: object) -> object:
    """A value of a tool's JSON, masked where its key or its own form says that it is noise."""
    if isinstance(found, bool) or found is None:
        return found
    if isinstance(found, list):
        return ["known" if one in noise.STATES else value(key, one) for one in found]
    for kind in noise.ALL:
        if kind.keys is not None and kind.keys.fullmatch(key) and not isinstance(found, dict):
            return f"<{kind.mask(str(found))}>"
    return line(found) if isinstance(found, str) else found
