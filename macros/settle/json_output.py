"""JSON that a tool printed as its output: read, and written again as it was printed."""

import json
from typing import Any

from macros.ground import json_text

# Go's encoder writes these three escaped, unless it is told not to: https://pkg.go.dev/encoding/json#HTMLEscape.
_GO = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def parse(text: str) -> tuple[Any, bool] | None:
    """The JSON that `text` is, and whether it is escaped; None where `dump` would differ."""
    if text[:1] not in {"{", "["}:
        return None
    value = json_text.value(text)
    if value is None:
        return None
    return next(
        ((value, escaped) for escaped in (False, True) if dump(value, escaped=escaped) == text),
        None,
    )


def dump(value: Any, *, escaped: bool) -> str:
    """JSON as docker and kubectl print it."""
    text = json.dumps(value, indent=4, ensure_ascii=False) + "\n"
    return text.translate(_GO) if escaped else text
