"""The text that whatever an expression matches must have: looked for first, it is much faster.

It is read from the expression itself, as the standard library parses it.
"""

import importlib
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from string import digits
from typing import Any

from macros.settle.declaration import Near

_PARSER: Any = importlib.import_module("re._parser")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


Clause = tuple[str, ...]
"""Texts of which a match has at least one."""

_MANY = 24
"""More ways than that are not spelt out."""


@lru_cache(maxsize=1024)
def of(search: Near) -> str:
    """The longest such text of a pattern's search; "" where there is none, or of another search."""
    parsed = _parsed(search)
    return max(_pieces(parsed), key=len, default="") if parsed is not None else ""


@lru_cache(maxsize=1024)
def shapes(search: Near) -> tuple[Clause, ...]:
    """All that a match must have, of each clause one text; any digit is a 0 in these."""
    parsed = _parsed(search)
    clauses = _clauses(parsed) if parsed is not None else []
    return tuple(clause for clause in dict.fromkeys(clauses) if all(clause))


def _parsed(search: Near) -> Any:
    """A search's expression as the standard library reads it; None where it has none of its own."""
    expression = getattr(search, "__self__", None)
    if not isinstance(expression, re.Pattern) or expression.flags & re.IGNORECASE:
        return None
    return _PARSER.parse(expression.pattern, expression.flags)


def _clauses(parsed: Iterable[tuple[Any, Any]]) -> list[Clause]:
    """The clauses of an expression, in order; what follows may continue the last of them."""
    clauses: list[Clause] = [("",)]
    for operation, argument in parsed:
        name = str(operation)
        if name == "AT":
            continue
        inner, ends = _of_part(name, argument)
        ways = [before + behind for before in clauses[-1] for behind in inner[0]]
        if len(ways) > _MANY:
            clauses += inner
        else:
            clauses[-1:] = [tuple(ways), *inner[1:]]
        if ends:
            clauses.append(("",))
    return clauses


def _of_part(name: str, argument: Any) -> tuple[list[Clause], bool]:
    """The clauses of a part of an expression, and whether nothing is known of what follows it."""
    match name:
        case "LITERAL":
            return [("0" if chr(argument) in digits else chr(argument),)], False
        case "IN" if all(map(_is_digit, argument)):
            return [("0",)], False
        case "SUBPATTERN" if not (argument[1] or argument[2]):
            return _clauses(argument[3]), False
        case "BRANCH":
            return _of_ways([_clauses(way) for way in argument[1]])
        case _ if name in _REPEATS and argument[0] > 0:
            low, high, part = argument
            inner = _clauses(part)
            if len(inner) == 1 and len(inner[0]) == 1:
                return [(inner[0][0] * low,)], low != high
            return inner, True
    return [("",)], True


def _of_ways(ways: list[list[Clause]]) -> tuple[list[Clause], bool]:
    """Of several ways, what each of them has."""
    if all(len(clauses) == 1 for clauses in ways):
        return [tuple(chain(*chain(*ways)))], False
    best = [max(clauses, key=lambda clause: len(min(clause, key=len))) for clauses in ways]
    return [("",), tuple(chain(*best))], True


def _is_digit(member: tuple[Any, Any]) -> bool:
    """Whether a part of a set is of digits alone."""
    name, argument = str(member[0]), member[1]
    match name:
        case "CATEGORY":
            return str(argument) == "CATEGORY_DIGIT"
        case "RANGE":
            return all(chr(end) in digits for end in argument)
    return name == "LITERAL" and chr(argument) in digits


def _pieces(parsed: Iterable[tuple[Any, Any]]) -> list[str]:
    """The runs of letters that follow one another at any match."""
    pieces = [""]
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            pieces[-1] += chr(argument)
        elif name in _REPEATS and argument[0] > 0:
            pieces += [*_pieces(argument[2]), ""]
        elif name == "SUBPATTERN" and not (argument[1] or argument[2]):
            pieces += [*_pieces(argument[3]), ""]
        elif name != "AT":
            pieces.append("")
    return pieces
