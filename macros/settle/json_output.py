"""JSON that a tool printed as its output: read, and written again as it was printed."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from macros.ground import json_text

# Go's encoder writes these three escaped, unless it is told not to: https://pkg.go.dev/encoding/json#HTMLEscape.
_GO = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_INDENT = re.compile(r"[\[{]\n( +)")


class Style(NamedTuple):
    """How JSON is printed.

    Docker and kubectl indent by 4, jq by 2; iproute2 prints one line without a blank, nft one with
    blanks. `end` is what stands behind it.
    """

    indent: int | None = 4
    blanks: bool = True
    escaped: bool = False
    end: str = "\n"


def parse(text: str) -> tuple[Any, Style] | None:
    """The JSON that `text` is, and how it is printed; None where `dump` would differ."""
    if text[:1] not in {"{", "["}:
        return None
    value = json_text.value(text)
    if value is None:
        return None
    return next(((value, style) for style in _styles(text) if dump(value, style) == text), None)


def _styles(text: str) -> Iterator[Style]:
    """Those that may be the text's, by how it begins and ends."""
    begin = _INDENT.match(text)
    end = text[len(text.rstrip()) :]
    for escaped in (False, True):
        if begin is not None:
            yield Style(len(begin[1]), escaped=escaped, end=end)
        else:
            yield Style(None, blanks=False, escaped=escaped, end=end)
            yield Style(None, escaped=escaped, end=end)


def dump(value: Any, style: Style) -> str:
    """JSON as a tool prints it."""
    gaps = (("," if style.indent else ", "), ": ") if style.blanks else (",", ":")
    text = json.dumps(value, indent=style.indent, separators=gaps, ensure_ascii=False)
    return (text.translate(_GO) if style.escaped else text) + style.end
