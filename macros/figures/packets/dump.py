"""A packet's bytes in hex, coloured by header, each byte tied to its field."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from macros.figures.markup import render
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

    def spanning(self, text: str) -> dict[str, str | bool]:
        """What the template draws of it, for these bytes or letters."""
        return {**self._asdict(), "text": text}


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
) -> Markup:
    """The bytes of `layers` in rows of 16, or of 8 where there is less room.

    Offsets count from the first of these bytes. `changed` marks bytes (counted in the packet).
    Screen readers are told of the fields, which say the same; with `steps` packet.js lets arrow
    keys go through them.
    """
    if not layers:
        return Markup()
    base = layers[0].offset
    stop = max(layer.offset + layer.length for layer in layers)
    last = _shown_until(layers, stop)
    runs = _runs(layers, numbers, last, changed)
    left = stop - last
    return render(
        "figures/packets/dump.html",
        name=label or f"the {count(stop - base)} of this packet",
        keys="; arrow keys go from field to field" if steps else "",
        rows=[
            {
                "offset": start - base,
                "first": _eight(data, runs, start, last),
                "second": _eight(data, runs, start + 8, last),
            }
            for start in range(base, last, 16)
        ],
        more=count(left) if left > 0 else "",
    )


def _shown_until(layers: Sequence[Layer], stop: int) -> int:
    """The end of the bytes that are shown: `stop`, or before it, where a row ends, in long data."""
    base = layers[0].offset
    shown = {
        byte
        for layer in layers
        for byte in range(layer.offset, layer.offset + layer.length)
        if layer.name != "Data" or byte - layer.offset < _MOST_DATA
    }
    last = max(shown, default=base - 1) + 1
    return last - (last - base) % 16 if last < stop else last


def _runs(
    layers: Sequence[Layer], numbers: Numbers, last: int, changed: Collection[int]
) -> dict[int, _Run]:
    """For each byte below `last` what it looks like."""
    fields: dict[int, list[str]] = {}
    colours: dict[int, str] = {}
    for layer in layers:
        for byte in range(layer.offset, min(layer.offset + layer.length, last)):
            colours[byte] = colour(layer)
        for field in layer.fields:
            for byte in range(field.first, min(field.last + 1, last)):
                fields.setdefault(byte, []).append(numbers.of(field))
    return {
        byte: _Run(shade, byte in changed, " ".join(fields.get(byte, ())))
        for byte, shade in colours.items()
    }


def _eight(
    data: bytes, runs: dict[int, _Run], start: int, last: int
) -> dict[str, list[dict[str, str | bool]]]:
    """Half a row: what lies together, once in hex and once as text.

    That is the bytes of one field; in the text those of one colour, where only data, which is a
    text, is tied to its field.
    """
    shown = [byte for byte in range(start, min(start + 8, last)) if byte in runs]
    return {
        "hex": [
            run.spanning(bytes(data[byte] for byte in group).hex(" "))
            for run, group in groupby(shown, key=runs.__getitem__)
        ],
        "text": [
            run.spanning("".join(_letter(data[byte]) for byte in group))
            for run, group in groupby(shown, key=lambda byte: runs[byte].as_text())
        ],
    }
