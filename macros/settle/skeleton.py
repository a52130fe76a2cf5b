"""What two lines must have in common to be the same line."""

import re
from collections.abc import Callable, Sequence

from macros.settle.declaration import Form, Key, Token
from macros.settle.matches import Mark
from macros.settle.scan import Part

Value = Callable[[Token], str | None]
"""The settled name of an identity, as both sides know it; None while it has none."""

_GAP = re.compile("  +")


def form(parts: Sequence[Part], *, loose: bool = False) -> Form:
    """The line with a mask for its noise.

    `loose`: columns are as wide as what stands in them, so the width of a gap does not count.
    """
    if len(parts) == 1 and isinstance(parts[0], str):
        return narrow(parts[0], first=True) if loose else parts[0]
    pieces: list[str | Token] = []
    text = ""
    at_start = True
    if loose and _is_right_aligned(parts):
        # The number is as wide as it is large.
        text, parts, at_start = _INDENT, parts[1:], False
    for part in parts:
        if isinstance(part, str):
            text += narrow(part, first=at_start) if loose and "  " in part else part
        elif isinstance(part, Mark):
            text += f"\0{part.mask}\0"
        else:
            if text:
                pieces.append(text)
                text = ""
            pieces.append(part)
        at_start = False
    if not pieces:
        return text
    return (*pieces, text) if text else tuple(pieces)


def named(line: Form, value: Value) -> str:
    """The line with every identity that has no settled name yet masked.

    Masked identities are numbered within the line: one that occurs twice differs from two.
    """
    if isinstance(line, str):
        return line
    words: list[str] = []
    numbers: dict[Key, int] = {}
    for part in line:
        if isinstance(part, str):
            words.append(part)
        else:
            known = value(part)
            if known is None:
                _, key, form, shape = part
                number = numbers.setdefault(key, len(numbers))
                known = f"\0{key[0]} {form} {shape} {number}\0"
            words.append(known)
    return "".join(words)


def as_printed(lines: Sequence[Form]) -> list[str]:
    """Each line with its identities under their own names."""
    return [
        line
        if isinstance(line, str)
        else "".join([part if isinstance(part, str) else part.raw for part in line])
        for line in lines
    ]


def all_named(lines: Sequence[Form], value: Value) -> list[str]:
    """Each line as `named` gives it."""
    return [line if isinstance(line, str) else named(line, value) for line in lines]


def of(parts: Sequence[Part], value: Value) -> str:
    """What `parts` have in common with others, with the names that are known: see `named`."""
    return named(form(parts), value)


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


def narrow(text: str, *, first: bool = True) -> str:
    """Gaps as one space; a line's indentation stays."""
    if "  " not in text:
        return text
    body = text.lstrip(" ") if first else text
    return text[: len(text) - len(body)] + _GAP.sub(" ", body)
