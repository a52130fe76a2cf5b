r"""Patterns of a page as `grep` takes them: to wait for a text, and to cut a value out of one.

Pages write Python's regular expressions over a whole output; `grep -P` has nearly the same, line
by line, and with `-z` over the whole. `\K` leaves out what stands before a value, a lookahead what
stands behind it: pcre2pattern(3).
"""

import re
from collections.abc import Collection

from macros.ground import awaited
from macros.ground.errors import GuideError
from macros.handson import shell_quotes


def waits(text: str, names: Collection[str]) -> str:
    """The `grep` that lets an output through where it has what a page waits for."""
    pattern = awaited.pattern(text)
    if pattern is None:
        whole_word = "w" if awaited.is_number(text) else ""
        return f"grep -{whole_word}F {_argument(text, names)}"
    if _over_lines(pattern):
        return f"grep -zP {_argument('(?m)' + _for_grep(pattern), names)}"
    return f"grep -P {_argument(pattern, names)}"


def cuts(pattern: str) -> str:
    """What cuts the one group of `pattern` out of what comes through a pipe, at its first place."""
    before, group, behind = _parts(pattern)
    over = _over_lines(before + behind)
    kept = f"(?m){_for_grep(before)}" if over else before
    kept += ("\\K" if before not in {"", "^"} else "") + group
    kept += f"(?={_for_grep(behind)})" if behind else ""
    if over:
        return f"grep -zoP {_argument(kept)} | tr '\\0' '\\n' | head -n 1"
    return f"grep -oP {_argument(kept)} | head -n 1"


def whole(pattern: str) -> bool:
    """Whether the group is all that its line has."""
    before, _, behind = _parts(pattern)
    return before in {"^", r"\A"} and behind in {"$", r"\Z"}


def _argument(pattern: str, names: Collection[str] = ()) -> str:
    """A pattern as grep's argument; one that begins as an option does is marked as none."""
    word = shell_quotes.quoted(pattern, names)
    return f"-- {word}" if pattern.startswith("-") else word


def _for_grep(pattern: str) -> str:
    r"""Python's `\Z` is the very end; a shell's text has one newline there."""
    return pattern.replace(r"\Z", r"\n*\z")


def _over_lines(pattern: str) -> bool:
    return bool(re.search(r"\\n|\[\\s\\S\]|\(\?s\)|\\A|\\Z", pattern))


def _parts(pattern: str) -> tuple[str, str, str]:
    """What stands before the one group of a pattern, the group's inside, and what stands behind."""
    start, depth, in_class = -1, 0, False
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\":
            position += 2
            continue
        if in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
            position += pattern[position + 1 : position + 2] in {"]", "^"}
        elif sign == "(":
            if start < 0 and pattern[position + 1 : position + 2] != "?" and depth == 0:
                start = position
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0 and start >= 0:
                return pattern[:start], pattern[start + 1 : position], pattern[position + 1 :]
        position += 1
    raise GuideError(f"{pattern!r} has no group at its outermost level")
