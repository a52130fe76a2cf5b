"""A packet's bytes in hex, coloured by header, each byte tied to its field."""

from collections.abc import Collection, Sequence
from html import escape
from itertools import groupby

from macros.packets.boxes import Numbers, colour, count
from macros.packets.model import Layer

# Of a long payload only so much is shown; the file has the rest.
_MOST_DATA = 160


def dump(
    layers: Sequence[Layer],
    data: bytes,
    numbers: Numbers,
    *,
    changed: Collection[int] = (),
    label: str = "",
) -> str:
    """The bytes of `layers` in rows of 16, or of 8 where there is less room.

    Offsets count from the first of these bytes. `changed` marks bytes (counted in the packet).
    Screen readers are told of the tables, which say the same.
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
    of_byte: dict[int, list[str]] = {}
    colour_of: dict[int, str] = {}
    for layer in layers:
        for at in range(layer.offset, min(layer.offset + layer.length, last)):
            colour_of[at] = colour(layer)
        for field in layer.fields:
            for at in range(field.first, min(field.last + 1, last)):
                of_byte.setdefault(at, []).append(numbers.of(field))

    def run(key: tuple[str, str, bool], places: Sequence[int], text: str) -> str:
        kind, fields, new = key
        diff = " by-new" if new else ""
        return f'<span class="by by-{kind}{diff}" data-f="{fields}">{text}</span>' if places else ""

    def eight(start: int) -> tuple[str, str]:
        places = [at for at in range(start, min(start + 8, last)) if at in colour_of]
        keyed = [
            (at, (colour_of[at], " ".join(of_byte.get(at, [])), at in changed)) for at in places
        ]
        hexes, texts = [], []
        for key, group in groupby(keyed, key=lambda pair: pair[1]):
            run_places = [at for at, _ in group]
            raw = bytes(data[at] for at in run_places)
            text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in raw)
            hexes.append(run(key, run_places, raw.hex(" ")))
            texts.append(run(key, run_places, escape(text)))
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
    name = escape(label or f"the {count(stop - base)} of this packet")
    return (
        f'<div class="dump" tabindex="0" role="group" aria-label="{name} in hex; the tables say '
        f'the same; arrow keys go from field to field"><div class="hxs" aria-hidden="true">'
        f"{''.join(rows)}</div>{more}</div>"
    )
