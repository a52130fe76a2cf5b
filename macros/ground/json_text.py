"""JSON that may be none: what tools print is read as it, or left as text."""

import json
from typing import Any


def value(text: str | bytes) -> Any:
    """The value that a text is in JSON; None where it is no JSON, and for `null`."""
    try:
        return json.loads(text)
    except ValueError:  # JSONDecodeError and UnicodeDecodeError are such
        return None
