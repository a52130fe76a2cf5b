"""Two packets side by side: what was rewritten between two places, and why."""

from collections.abc import Sequence
from typing import Any

from macros.figures import marks as values
from macros.figures.markup import render
from macros.figures.packets.boxes import (
    Chip,
    Marks,
    Numbers,
    colour,
    count,
    place,
    shown_fields,
    state_of,
    valued,
)
from macros.figures.packets.dump import dump
from macros.packets import summary
from macros.packets.differences import Change, Pair, changes, fields, pairs, same
from macros.packets.packet import Field, Layer, Packet


def compare_figure(
    a: Packet,
    b: Packet,
    *,
    id: str,
    title: str = "",
    before: str = "before",
    after: str = "after",
    a_href: str | None = None,
    b_href: str | None = None,
    marks: Marks = values.mark,
) -> str:
    """Two packets, header by header: what is rewritten, what stays, and the bytes of both.

    `before` and `after` say where each was seen ("node0, eth0"). The hrefs are their captures.
    """
    joined = pairs(a.layers, b.layers)
    told: dict[int, list[Change]] = {}
    for layer, change in changes(a, b):
        told.setdefault(id_of(layer), []).append(change)
    numbers_a, numbers_b = _shared_numbers(a, b, joined)
    different_a, different_b = _different(joined)
    facts = f"{len(different_a)} of {a.captured} bytes"
    if len(different_a) != len(different_b) or a.captured != b.captured:
        facts += f" against {len(different_b)} of {b.captured}"
    dump_a = dump(a.layers, a.data, numbers_a, changed=different_a, label=f"before: {before}")
    dump_b = dump(b.layers, b.data, numbers_b, changed=different_b, label=f"after: {after}")
    boxes = [_pair(pair, told, (numbers_a, numbers_b), marks) for pair in joined]
    return render(
        "figures/packets/pair.html",
        id=id,
        title=title or summary.summary(b),
        facts=f"{facts} differ",
        before=before,
        after=after,
        boxes=[box for box in boxes if box],
        dumps=((before, dump_a), (after, dump_b)),
        files=[(href, word) for href, word in ((a_href, "before"), (b_href, "after")) if href],
    )


def id_of(layer: Layer) -> int:
    """What tells one header of a packet from the others."""
    return layer.offset


def _shared_numbers(a: Packet, b: Packet, joined: Sequence[Pair]) -> tuple[Numbers, Numbers]:
    """Numbers for both packets; a field of both has one and lights up in both."""
    numbers_a, numbers_b = Numbers(a.layers, "a"), Numbers(b.layers, "b")
    for before, after in joined:
        if before is None or after is None:
            continue
        for first, second in fields(before, after):
            if first is not None and second is not None:
                numbers_b.join(second, numbers_a.of(first))
    return numbers_a, numbers_b


def _different(joined: Sequence[Pair]) -> tuple[set[int], set[int]]:
    """The bytes of each packet that the other lacks or has otherwise."""
    left: set[int] = set()
    right: set[int] = set()
    for before, after in joined:
        if before is not None and after is not None:
            for first, second in fields(before, after):
                if same(first, second):
                    continue
                for field, other, differing in ((first, second, left), (second, first, right)):
                    if field is None:
                        continue
                    raw = other.raw if other is not None else b""
                    differing |= {
                        field.first + index
                        for index, byte in enumerate(field.raw)
                        if index >= len(raw) or raw[index] != byte
                    }
        elif before is not None:
            left |= set(range(before.offset, before.offset + before.length))
        elif after is not None:
            right |= set(range(after.offset, after.offset + after.length))
    return left, right


def _pair(
    pair: Pair,
    told: dict[int, list[Change]],
    numbers: tuple[Numbers, Numbers],
    marks: Marks,
) -> dict[str, Any] | None:
    """A header of either packet, or of both: how it fared, and the fields that say so."""
    before, after = pair
    layer = after or before
    if layer is None:
        return None
    if before is None or after is None:
        word = "added" if before is None else "taken off"
        own = numbers[1] if before is None else numbers[0]
        chips = _chips(shown_fields(layer), own, marks)
        return _box(layer, f"{word}: {count(layer.length)}", word.split(maxsplit=1)[0], own=chips)
    rewritten = told.get(id_of(after), [])
    kind = "changed" if rewritten else "same"
    if layer.name in {"Data", "Padding"}:
        verdict = "rewritten" if rewritten else f"{count(layer.length)}, the same"
        return _box(layer, verdict, kind)
    same_fields = [
        field
        for old, field in fields(before, after)
        if old is not None and field and same(old, field)
    ]
    first = [field for field in shown_fields(after) if field in same_fields]
    others = [field for field in same_fields if field not in first]
    labels = ", ".join(change.label for change in rewritten)
    return _box(
        after,
        f"rewritten: {labels}" if rewritten else "unchanged",
        kind,
        rows=_rows(rewritten, numbers, marks),
        kept=_chips(first, numbers[1], marks),
        others=_chips(others, numbers[1], marks),
    )


def _box(layer: Layer, verdict: str, kind: str, **parts: Sequence[Any]) -> dict[str, Any]:
    named = {"colour": colour(layer), "title": layer.title, "verdict": verdict, "kind": kind}
    return {"own": (), "rows": (), "kept": (), "others": (), **named, **parts}


def _chips(chosen: Sequence[Field], numbers: Numbers, marks: Marks) -> list[Chip]:
    return [
        Chip(numbers.of(field), field.label, valued(field, marks), state_of(field), _say(field))
        for field in chosen
    ]


def _say(field: Field) -> str:
    where = f"byte {place(field)}" if field.first == field.last else f"bytes {place(field)}"
    return f"{field.label} · {where} · {field.shown[:60]} · the same"


def _rows(
    rewritten: Sequence[Change], numbers: tuple[Numbers, Numbers], marks: Marks
) -> list[dict[str, Any]]:
    """What was rewritten in a header, field by field."""
    rows = []
    for change in rewritten:
        field = change.after or change.before
        if field is None:
            continue
        own = numbers[1] if change.after else numbers[0]
        rows.append(
            {
                "number": own.of(field),
                "label": field.label,
                "old": valued(change.before, marks) if change.before else "none",
                "new": valued(change.after, marks) if change.after else "none",
                "why": change.why,
            }
        )
    return rows
