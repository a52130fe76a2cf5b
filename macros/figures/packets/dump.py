"""A packet's bytes in hex, coloured by header, each byte tied to its field."""

from collections.abc import Collection, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from macros.figures.packets.boxes import Numbers, colour, count
from macros.packets.packet import Layer

# Of a long payload only so much is shown; the file has the rest.
_MOST_DATA = 160


class _Run(NamedTuple):
    """What makes bytes look alike: the header's colour, whether they changed, their fields."""

    colour: str
    changed: bool
    fields: str

    def as_text(self) -> "_Run":
        """The same for the column of letters."""
        return self if self.colour == "data" else self._replace(fields="")

    def span(self, text: str) -> str:
        new = " by-new" if self.changed else ""
        tied = f' data-f="{self.fields}"' if self.fields else ""
        return f'<span class="by by-{self.colour}{new}"{tied}>{escape(text)}</span>'


def _letter(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else "\N{MIDDLE DOT}"


def dump(
    layers: Sequence[Layer],
    data: bytes,
    numbers: Numbers,
    *,
    changed: Collection[int] = (),
    label: str = "",
    steps: bool = True,
) -> str:
    """The bytes of `layers` in rows of 16, or of 8 where there is less room.

    Offsets count from the first of these bytes. `changed` marks bytes (counted in the packet).
    Screen readers are told of the fields, which say the same; with `steps` packet.js lets arrow
    keys go through them.
    """
    if not layers:
        return ""
    base = layers[0].offset
    stop = max(layer.offset + layer.length for layer in layers)
    shown = {
        at
        for layer in layers
        for at in range(layer.offset, layer.offset + layer.length)
        if layer.name != "Data" or at - layer.offset < _MOST_DATA
    }
    last = max(shown, default=base - 1) + 1
    if last < stop:
        last -= (last - base) % 16
    of_byte: dict[int, list[str]] = {}
    colour_of: dict[int, str] = {}
    for layer in layers:
        for at in range(layer.offset, min(layer.offset + layer.length, last)):
            colour_of[at] = colour(layer)
        for field in layer.fields:
            for at in range(field.first, min(field.last + 1, last)):
                of_byte.setdefault(at, []).append(numbers.of(field))

    # A run is what lies together: the bytes of one field, or in the text those of one colour,
    # where only data, which is a text, is tied to its field.
    def run(at: int) -> _Run:
        return _Run(colour_of[at], at in changed, " ".join(of_byte.get(at, ())))

    def eight(start: int) -> tuple[str, str]:
        places = [at for at in range(start, min(start + 8, last)) if at in colour_of]
        hexes = [
            one.span(bytes(data[at] for at in group).hex(" "))
            for one, group in groupby(places, key=run)
        ]
        texts = [
            one.span("".join(_letter(data[at]) for at in group))
            for one, group in groupby(places, key=lambda at: run(at).as_text())
        ]
        return " ".join(hexes), "".join(texts)

    rows = []
    for start in range(base, last, 16):
        one, two = eight(start), eight(start + 8)
        second = (
            f'<span class="h2">{two[0]}</span><span class="o2">{start + 8 - base}</span>'
            f'<span class="a2">{two[1]}</span>'
            if two[0]
            else ""
        )
        rows.append(
            f'<div class="hx"><span class="o1">{start - base}</span><span class="h1">{one[0]}'
            f'</span><span class="a1">{one[1]}</span>{second}</div>'
        )
    left = stop - last
    more = f'<p class="hx-more">and {count(left)} more in the file</p>' if left > 0 else ""
    keys = "; arrow keys go from field to field" if steps else ""
    name = escape(label or f"the {count(stop - base)} of this packet")
    return (
        f'<div class="dump" tabindex="0" role="group" aria-label="{name} in hex; the fields say '
        f'the same{keys}"><div class="hxs" aria-hidden="true">'
        f"{''.join(rows)}</div>{more}</div>"
    )
