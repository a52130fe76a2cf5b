"""What two lines must have in common to be the same line."""

import re
from collections.abc import Callable, Sequence

from macros.settle.declaration import Token
from macros.settle.matches import Mark
from macros.settle.scan import Part

Value = Callable[[Token], str | None]
"""The settled name of an identity, as both sides know it; None while it has none."""

_GAP = re.compile(" +")


def of(parts: Sequence[Part], value: Value, *, loose: bool = False) -> str:
    """The line without its noise, and with every identity that has no settled name yet masked.

    Masked identities are numbered within the line: one that occurs twice differs from two.
    `loose`: columns are as wide as what stands in them, so the width of a gap does not count.
    """
    if len(parts) == 1 and isinstance(parts[0], str):
        return _narrow(parts[0], first=True) if loose else parts[0]
    found: list[str] = []
    numbers: dict[tuple[str, str, str], int] = {}
    if loose and _is_right_aligned(parts):
        # The number is as wide as it is large.
        found, parts = [_INDENT], parts[1:]
    for part in parts:
        if isinstance(part, str):
            found.append(_narrow(part, first=not found) if loose else part)
        elif isinstance(part, Mark):
            found.append(f"\0{part.mask}\0")
        else:
            known = value(part)
            if known is None:
                number = numbers.setdefault(part.key, len(numbers))
                known = f"\0{part.key[0]} {part.form} {part.shape} {number}\0"
            found.append(known)
    return "".join(found)


_INDENT = " " * 4


def _is_right_aligned(parts: Sequence[Part]) -> bool:
    """Whether the first thing in a line, behind blanks, is noise: a counter under its head."""
    if len(parts) < 2:
        return False
    blanks, value = parts[0], parts[1]
    return (
        isinstance(blanks, str)
        and len(blanks) >= len(_INDENT)
        and blanks.isspace()
        and isinstance(value, Mark)
    )


def _narrow(text: str, *, first: bool) -> str:
    """Gaps as one space; a line's indentation stays."""
    if "  " not in text:
        return text
    body = text.lstrip(" ") if first else text
    return text[: len(text) - len(body)] + _GAP.sub(" ", body)
