"""What may come one way or another: the new answer with the choices of the old one.

What was chosen is known to settling (`choice`, a block's option). Two recordings that were never
settled, or that differ in more, are compared in everything but that.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from macros.compare.noise_mask import Masks
from macros.ground.alignment import align
from macros.ground.model import Recording
from macros.settle import scan
from macros.settle.scan import Side, Span


def as_before(
    old: Recording,
    new: Recording,
    choice: str,
    texts: tuple[Iterable[str], Iterable[str]],
) -> Recording:
    """`new` with what was chosen in `old`, line by line, where nothing else in a line differs.

    `texts` are all that the old and the new page say: a choice must have been possible.
    """
    if not choice or old.text == new.text or new.pcap is not None:
        return new
    expression = re.compile(choice)
    mask = Masks((old.text, new.text))
    before, after = (
        [_Line(line, tuple(scan.choices(line, expression, side))) for line in one.text.split("\n")]
        for one, side in zip((old, new), (Side({}, tuple(known)) for known in texts), strict=True)
    )
    lines = [line.text for line in after]
    for one, other in align(_masked(before, mask), _masked(after, mask)):
        lines[other] = after[other].written(
            [before[one].text[a:b] for a, b, _ in before[one].chosen]
        )
    return replace(new, text="\n".join(lines))


class _Line:
    """A line, and where it says what was chosen."""

    def __init__(self, text: str, chosen: tuple[Span, ...]) -> None:
        self.text, self.chosen = text, tuple(sorted(chosen, key=lambda span: span[0]))

    def written(self, words: Sequence[str]) -> str:
        """The line with other words in the places of what was chosen."""
        text = self.text
        for (start, end, _), word in reversed([*zip(self.chosen, words, strict=True)]):
            text = f"{text[:start]}{word}{text[end:]}"
        return text


def _masked(lines: Sequence[_Line], mask: Masks) -> list[str]:
    return [mask(line.written(["\0chosen\0"] * len(line.chosen))) for line in lines]
