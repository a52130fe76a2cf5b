"""The lines of an output, each as it was printed and as it is compared.

Most lines of a large output say nothing that only names, and nothing that is noise. Those that both
runs have are kept once.
"""

from bisect import bisect_right
from dataclasses import dataclass

from macros.settle import scan, skeleton
from macros.settle.declaration import Form
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
        at = bisect_right(self.places, number, key=lambda pair: pair[0]) - 1
        return scan.parts(self.printed[number], self.places[at][1], self.side, self.fits)


def read(text: str, place: Place, side: Side, fits: Fitting) -> Lines:
    """The lines of a text that was printed at `place`; `fits` is what may match in them."""
    told_apart = bool(place.alone or place.choice or fits.finders or fits.heads)
    found = Lines([], [], plain=True, places=[(0, place)], side=side, fits=fits)
    known: dict[str, Form] = {}
    for number, printed in enumerate(text.split("\n")):
        line, form = fits.plain.get(printed) or (printed, known.get(printed))
        if form is None:
            parts = scan.parts(line, place, side, fits)
            form = skeleton.form(parts, loose=True)
            is_plain = not parts or parts[0] is line
            if is_plain and not told_apart:
                fits.plain[line] = line, form
            else:
                known[line] = form
                found.plain = found.plain and is_plain
        found.printed.append(line)
        found.forms.append(form)
        if fits.heads:
            below = scan.below(line, place, fits)
            if below is not place:
                place = below
                found.places.append((number + 1, place))
                known = {}
    return found
