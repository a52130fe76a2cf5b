"""How many lines high a block will be, before a browser lays it out: wide, and on a phone.

What is far from the window is laid out when it comes near (site.css). Until then this stands for
its size, a little too much rather than too little: else what stands at the end of one block lies,
for whoever asks where things are, over the beginning of the next one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from macros.site.block_hands import Hands


@dataclass(frozen=True, slots=True)
class Texts:
    """What a block shows. `runs` are its lines, each run with whether it is visible."""

    command: str
    runs: Sequence[tuple[bool, Sequence[str]]]
    notes: Sequence[str]
    hands: Hands
    wraps: bool


@dataclass(frozen=True, slots=True)
class _Screen:
    """Characters in a line: of an output, of a command beside its button, of a sentence."""

    output: int
    command: int
    sentence: int
    listening: int
    """Lines of a capture to be started first that are not the command: where, and its button."""


_WIDE = _Screen(output=88, command=72, sentence=92, listening=0)
_PHONE = _Screen(output=36, command=31, sentence=42, listening=2)
_FOLD = 2  # the summary of a fold, with the space around it


def rows(texts: Texts) -> tuple[int, int]:
    """Its height in lines of an output, the frame of a block of one line aside."""
    wide, phone = (ceil(_rows(texts, screen)) for screen in (_WIDE, _PHONE))
    return wide, phone


def _rows(texts: Texts, screen: _Screen) -> float:
    count = float(_wrapped(texts.command.splitlines(), screen.command))
    for visible, lines in texts.runs:
        if not visible:
            count += _FOLD
        else:
            count += _wrapped(lines, screen.output) if texts.wraps else len(lines)
    if texts.notes:
        count += 1 + 1.2 * _wrapped(texts.notes, screen.sentence)
    captures = texts.hands.first
    if captures:
        count += _FOLD
    if captures and not texts.hands.many:
        typed = [capture.text.splitlines()[-1] for capture in captures]
        count += 1.5 * _wrapped(typed, screen.command) + screen.listening * len(typed)
    return count + (1 if texts.hands.waits else 0) + (1 if texts.hands.listens else 0)


def _wrapped(lines: Iterable[str], columns: int) -> int:
    return sum(max(1, ceil(len(line) / columns)) for line in lines)
