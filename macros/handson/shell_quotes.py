"""Values in a command as a shell's variables: `'^$WEBIF: '` is text to a shell, `"^$WEBIF: "` not.

A recorder puts a value in before a shell reads the command; a reader's shell does it itself.
"""

import re
import shlex
from collections.abc import Collection

_PIECE = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^'\"\\]+|['\"\\]", re.DOTALL)
_OTHERS = frozenset('\\"`!')  # what means something between double quotes, beside $


def names_in(text: str, names: Collection[str]) -> tuple[str, ...]:
    """The names among `names` that stand in `text` as `$NAME` or `${NAME}`, in their order."""
    if not names or "$" not in text:
        return ()
    found = (hit[1] or hit[2] for hit in _mention(names).finditer(text))
    return tuple(dict.fromkeys(found))


def for_a_shell(command: str, names: Collection[str]) -> str:
    """`command` so that a shell puts in the values of `names`, wherever they stand."""
    if not names_in(command, names):
        return command
    pieces = _PIECE.findall(command)
    return "".join(_opened(piece, names) if piece[0] == "'" else piece for piece in pieces)


def quoted(text: str, names: Collection[str]) -> str:
    """`text` as one word of a shell, in which the values of `names` are put in."""
    if not names_in(text, names):
        return shlex.quote(text)
    return _double(text, names) or "".join(_alone(text, names))


def _opened(piece: str, names: Collection[str]) -> str:
    inner = piece.strip("'")
    if not names_in(inner, names):
        return piece
    return _double(inner, names) or "".join(_alone(inner, names))


def _double(text: str, names: Collection[str]) -> str:
    """In double quotes; "" where something else in it would mean something there."""
    rest = _mention(names).sub("", text)
    return "" if "$" in rest or _OTHERS & set(rest) else f'"{text}"'


def _alone(text: str, names: Collection[str]) -> list[str]:
    """Each value in double quotes, all else in single ones."""
    parts, behind = [], 0
    for hit in _mention(names).finditer(text):
        parts += [shlex.quote(text[behind : hit.start()])] if hit.start() > behind else []
        parts.append(f'"{hit[0]}"')
        behind = hit.end()
    return parts + ([shlex.quote(text[behind:])] if behind < len(text) else [])


def _mention(names: Collection[str]) -> re.Pattern[str]:
    known = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    return re.compile(rf"\$(?:({known})(?![A-Z0-9_])|\{{({known})\}})")
