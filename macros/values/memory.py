"""Values that pages quote, kept from build to build.

Finding one reads records and compiles expressions, and a guide quotes a thousand. What was found
in a recording stays found as long as its files and the code that looks stay as they are.
"""

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from macros.ground import cache, files
from macros.ground.model import Recording

_SCALARS = (str, int, float, bool, type(None))


class Kept:
    """What was asked of recordings: by recording, then by question."""

    def __init__(self) -> None:
        self._used: dict[str, dict[str, Any]] = {}

    def value(self, recording: Recording, question: str, find: Callable[[], Any]) -> Any:
        """What `find` finds, from an earlier build where the recording was as it is now.

        Only text, numbers and tuples of them are kept; a recording without a digest is always read.
        """
        if not recording.digest:
            return find()
        mine = self._used.setdefault(recording.digest, {})
        if question in mine:
            return mine[question]
        before = self._before.get(recording.digest, {})
        found = before[question] if question in before else find()
        if question in before and type(found) is list:
            found = tuple(found)  # JSON knows only one of the two
        if all(type(one) in _SCALARS for one in (found if type(found) is tuple else (found,))):
            mine[question] = found
        return found

    def save(self) -> None:
        """Keep for later builds what was asked since this one began, with what is kept already.

        A build asks only for the pages that it renders.
        """
        answers = {
            digest: {**self._before.get(digest, {}), **self._used.get(digest, {})}
            for digest in {**self._before, **self._used}
        }
        text = json.dumps(answers)
        if self._used and json.loads(text) != self._before:
            files.write(self._path, text)

    @cached_property
    def _before(self) -> dict[str, dict[str, Any]]:
        try:
            found: dict[str, dict[str, Any]] = json.loads(self._path.read_bytes())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found

    @cached_property
    def _path(self) -> Path:
        return cache.folder() / f"values-{cache.code_hash()[:24]}.json"
