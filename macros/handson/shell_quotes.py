"""Values in a command as a shell's variables: `'^$WEBIF: '` is text to a shell, `"^$WEBIF: "` not.

A recorder puts a value in before a shell reads the command; a reader's shell does it itself.
"""

import re
import shlex
from collections.abc import Collection

from macros.ground.bindings import mentioned, pieces

_PIECE = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^'\"\\]+|['\"\\]", re.DOTALL)
_OTHERS = frozenset('\\"`!$')  # what means something between double quotes


def for_a_shell(command: str, names: Collection[str]) -> str:
    """`command` so that a shell puts in the values of `names`, wherever they stand."""
    if not mentioned(command, names):
        return command
    pieces = _PIECE.findall(command)
    return "".join(_opened(piece, names) if piece[0] == "'" else piece for piece in pieces)


def quoted(text: str, names: Collection[str]) -> str:
    """`text` as one word of a shell, in which the values of `names` are put in."""
    if not mentioned(text, names):
        return shlex.quote(text)
    return _double(text, names) or "".join(_alone(text, names))


def _opened(piece: str, names: Collection[str]) -> str:
    inner = piece.strip("'")
    if not mentioned(inner, names):
        return piece
    return _double(inner, names) or "".join(_alone(inner, names))


def _double(text: str, names: Collection[str]) -> str:
    """In double quotes; "" where something else in it would mean something there."""
    rest = "".join(piece for piece, is_name in pieces(text, names) if not is_name)
    return "" if _OTHERS & set(rest) else f'"{text}"'


def _alone(text: str, names: Collection[str]) -> list[str]:
    """Each value in double quotes, all else in single ones."""
    return [
        f'"{piece}"' if is_name else shlex.quote(piece) for piece, is_name in pieces(text, names)
    ]
