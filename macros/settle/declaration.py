"""What a kind of identity, of noise or of free order says of itself, in one declaration."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from macros.kinds.kind import Span

Scope = Literal["lab", "node", "namespace", "peer"]
Example = tuple[str, str]
"""Two texts, old and new."""
Pattern = tuple[str, re.Pattern[str]]
"""A hint, and an expression that is only tried where a line has the hint."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A value that only names something.

    `patterns` find a value in a line, as the group `v`. `keys` are the JSON keys whose number is
    such a value. `form` gives a value's form, "" for a fact: a fact is never renamed, and neither
    is a value whose form is another than the old one's. `scope` is within what its values are
    unique. `pinned`: a value that both runs have names the same thing in both, for it is too long
    to come twice by chance. `same` are pairs of texts, old and new, that differ in nothing but
    this; `differ` are pairs that must be told apart.
    """

    name: str
    what: str
    scope: Scope
    form: Callable[[str], str]
    patterns: tuple[Pattern, ...] = ()
    keys: tuple[str, ...] = ()
    pinned: bool = False
    same: tuple[Example, ...] = ()
    differ: tuple[Example, ...] = ()


def anything(_value: str) -> str:
    """The mask of noise in which nothing counts."""
    return "?"


@dataclass(frozen=True, slots=True)
class Noise:
    """A value that means nothing twice.

    `patterns` find it in a line, as the groups of the expression. `keys` match, as a whole, the
    JSON keys whose value is such. `mask` is what two values must have in common.
    """

    name: str
    what: str
    mask: Callable[[str], str] = anything
    patterns: tuple[Pattern, ...] = ()
    keys: re.Pattern[str] | None = None
    same: tuple[Example, ...] = ()
    differ: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Lines whose order means nothing.

    `find` gives them for a command and the lines that it printed. `command` is the examples'.
    """

    name: str
    what: str
    find: Callable[[str, Sequence[str]], list[Span]]
    command: str = "true"
    same: tuple[Example, ...] = ()
    differ: tuple[Example, ...] = ()


def found(*pairs: tuple[str, str]) -> tuple[Pattern, ...]:
    """Patterns of pairs: a hint and an expression."""
    return tuple((hint, re.compile(pattern)) for hint, pattern in pairs)


def counted(value: str) -> str:
    """The mask of a counter: whether it is zero."""
    return "0" if not value.strip("0./") else "n"
