"""Decisions that were made, kept outside git so that a review can go on where it was."""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from macros.ground import files, project
from macros.review.items import Item


class Decision(StrEnum):
    """What was decided on an item. What was skipped is open."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Decisions:
    """Decisions by an item's key. Each is written down when it is made."""

    def __init__(self, recordings: Path, edition: str) -> None:
        folder = files.user_cache() / "reviews" / project.tag(recordings)
        self._path = folder / f"{edition}.json"
        self._made = self._read()

    def of(self, item: Item) -> Decision:
        """What was decided on an item; open where nothing was."""
        return self._made.get(item.key, Decision.OPEN)

    def decide(self, items: Iterable[Item], decision: Decision) -> None:
        """Write a decision down; `OPEN` takes one back."""
        for item in items:
            self._made.pop(item.key, None)
            if decision is not Decision.OPEN:
                self._made[item.key] = decision
        self._write()

    def _read(self) -> dict[str, Decision]:
        try:
            stored: Mapping[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
            return {key: Decision(value) for key, value in stored.items()}
        except (FileNotFoundError, ValueError, AttributeError):
            return {}  # none yet, or not readable: then all of it is open again

    def _write(self) -> None:
        files.write(self._path, json.dumps(self._made, indent=1) + "\n")
