"""The text that whatever an expression matches must have: looked for first, it is much faster.

It is read from the expression itself, as the standard library parses it.
"""

import importlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from macros.settle.declaration import Near

_PARSER: Any = importlib.import_module("re._parser")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


@lru_cache(maxsize=1024)
def of(search: Near) -> str:
    """The longest such text of a pattern's search; "" where there is none, or of another search."""
    expression = getattr(search, "__self__", None)
    if not isinstance(expression, re.Pattern) or expression.flags & re.IGNORECASE:
        return ""
    return max(_pieces(_PARSER.parse(expression.pattern, expression.flags)), key=len, default="")


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
