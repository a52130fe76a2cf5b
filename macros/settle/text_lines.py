"""The lines of an output, each as it was printed and as it is compared.

Most lines of a large output say nothing that only names, and nothing that is noise. Those that both
runs have are kept once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from macros.settle import scan, skeleton, whole_text
from macros.settle.declaration import Form, Near
from macros.settle.matches import Fitting
from macros.settle.scan import Parts, Place, Side


@dataclass(slots=True)
class Lines:
    """Lines as `printed`, and their `forms`, in which the width of a gap does not count.

    `plain`: no line has an identity or noise. `places` has from which line on which place is that
    of the lines: it changes below a table's head.
    """

    printed: list[str]
    forms: list[Form]
    plain: bool
    places: list[tuple[int, Place]]
    side: Side
    fits: Fitting

    def parts(self, number: int) -> Parts:
        """The parts of a line; they are not kept."""
        index = bisect_right(self.places, number, key=lambda pair: pair[0]) - 1
        return scan.parts(self.printed[number], self.places[index][1], self.side, self.fits)


def read(lines: Sequence[str], place: Place, side: Side, fits: Fitting) -> Lines:
    """The lines of a text that was printed at `place`; `fits` is what may match in them."""
    if not (place.alone or place.choice or place.printed or fits.heads):
        return _read_at_once(lines, place, side, fits)
    lines_read = Lines([], [], plain=True, places=[(0, place)], side=side, fits=fits)
    known: dict[str, Form] = {}
    for number, line in enumerate(lines):
        form = known.get(line)
        if form is None:
            parts = scan.parts(line, place, side, fits)
            form = skeleton.form(parts, loose=True)
            known[line] = form
            lines_read.plain = lines_read.plain and (not parts or parts[0] is line)
        lines_read.printed.append(line)
        lines_read.forms.append(form)
        if fits.heads:
            below = scan.below(line, place, fits)
            if below is not place:
                place = below
                lines_read.places.append((number + 1, place))
                known = {}
    return lines_read


def _read_at_once(lines: Sequence[str], place: Place, side: Side, fits: Fitting) -> Lines:
    """The lines of a text whose place says nothing of single ones."""
    lines_read = Lines([], [], plain=True, places=[(0, place)], side=side, fits=fits)
    plain, masked, marked = fits.plain, fits.masked, False
    rest = lines
    if plain or masked:
        # What is alike on both sides was read on the other one; but a finder knows its side.
        may_name = _finder(fits)
        rest = [
            line for line in lines if (line not in plain and line not in masked) or may_name(line)
        ]
    mine: dict[str, tuple[str, Form]] = {}
    for line, parts, alike in whole_text.cut(rest, place, side, fits):
        (masked if alike else mine)[line] = line, skeleton.form(parts, loose=True)
    for line in lines:
        known = mine.get(line) or masked.get(line)
        if known is None:
            known = plain.get(line)
            if known is None:
                known = plain[line] = line, skeleton.narrow(line) if "  " in line else line
        else:
            marked = True
        lines_read.printed.append(known[0])
        lines_read.forms.append(known[1])
    lines_read.plain = not marked
    return lines_read


def _finder(fits: Fitting) -> Near:
    """Whether a line may have an identity that depends on what its side has told."""
    nears = [kind.near or (lambda _line: True) for kind in fits.finders]
    if len(nears) == 1:
        return nears[0]
    return lambda line: any(near(line) for near in nears)
