"""What a page waits for in an output, as the recorder and the shell's form of it both read it."""

import re

_PATTERN = "re:"
_NUMBER = re.compile(r"\d+")


def pattern(awaited: str) -> str | None:
    """Of `re:` and a pattern, the pattern; of a text, None."""
    return awaited.removeprefix(_PATTERN) if awaited.startswith(_PATTERN) else None


def is_number(awaited: str) -> bool:
    """Whether it is a whole number: it stands for itself, and not for a part of 10 or 20."""
    return _NUMBER.fullmatch(awaited) is not None


def came(awaited: str, output: str) -> bool:
    """Whether an output has what is waited for."""
    if is_number(awaited):
        return re.search(rf"\b{awaited}\b", output) is not None
    search = pattern(awaited)
    if search is None:
        return awaited in output
    return re.search(search, output, re.MULTILINE) is not None
