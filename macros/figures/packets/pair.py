"""Two packets side by side: what was rewritten between two places, and why."""

from collections.abc import Sequence
from html import escape

from macros.figures import marks as values
from macros.figures.packets.boxes import (
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
    parts = [_pair(pair, told, (numbers_a, numbers_b), marks, (before, after)) for pair in joined]
    different_a, different_b = _different(joined)
    facts = f"{len(different_a)} of {a.captured} bytes"
    if len(different_a) != len(different_b) or a.captured != b.captured:
        facts += f" against {len(different_b)} of {b.captured}"
    links = "".join(
        f'<a class="pk-file" href="{escape(href)}" download>the capture {escape(word)} (pcap)</a>'
        for href, word in ((a_href, "before"), (b_href, "after"))
        if href
    )
    return (
        f'<figure class="packet packet-compare" id="p-{escape(id)}">'
        f'<figcaption class="pk-head"><span class="pk-title">'
        f"{escape(title or summary.summary(b))}</span> "
        f'<span class="pk-facts">{facts} differ</span>'
        f'</figcaption><div class="cmp">{"".join(parts)}</div><div class="cmp-bytes">'
        f'<div><p class="cmp-where">{escape(before)}</p>'
        f"{dump(a.layers, a.data, numbers_a, changed=different_a, label=f'before: {before}')}</div>"
        f'<div><p class="cmp-where">{escape(after)}</p>'
        f"{dump(b.layers, b.data, numbers_b, changed=different_b, label=f'after: {after}')}</div>"
        f'</div><p class="pk-say" role="status" hidden></p>'
        f"{f'<div class=pk-below>{links}</div>' if links else ''}</figure>"
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
        for one, two in fields(before, after):
            if one is not None and two is not None:
                numbers_b.join(two, numbers_a.of(one))
    return numbers_a, numbers_b


def _different(joined: Sequence[Pair]) -> tuple[set[int], set[int]]:
    """The bytes of each packet that the other lacks or has otherwise."""
    left: set[int] = set()
    right: set[int] = set()
    for before, after in joined:
        if before is not None and after is not None:
            for one, two in fields(before, after):
                if same(one, two):
                    continue
                for field, other, found in ((one, two, left), (two, one, right)):
                    if field is None:
                        continue
                    raw = other.raw if other is not None else b""
                    found |= {
                        field.first + at
                        for at, byte in enumerate(field.raw)
                        if at >= len(raw) or raw[at] != byte
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
    names: tuple[str, str],
) -> str:
    before, after = pair
    layer = after or before
    if layer is None:
        return ""
    if before is None or after is None:
        word = "added" if before is None else "taken off"
        own = numbers[1] if before is None else numbers[0]
        chips = _chips(shown_fields(layer), own, marks)
        return _box(layer, f"{word}: {count(layer.length)}", word.split(maxsplit=1)[0], chips)
    found = told.get(id_of(after), [])
    same_fields = [
        two for one, two in fields(before, after) if one is not None and two and same(one, two)
    ]
    if layer.name in {"Data", "Padding"}:
        verdict = "rewritten" if found else f"{count(layer.length)}, the same"
        return _box(layer, verdict, "changed" if found else "same", "")
    first = [field for field in shown_fields(after) if field in same_fields]
    others = [field for field in same_fields if field not in first]
    body = _table(found, numbers, marks, names) if found else ""
    kept = _chips(first, numbers[1], marks)
    if others:
        word = "more" if first else "fields"
        kept += (
            f'<details class="hd-all"><summary>{len(others)} {word} that stay the same</summary>'
            f"{_chips(others, numbers[1], marks)}</details>"
        )
    if kept:
        body += f'<div class="cmp-kept"><span class="cmp-word">stays</span>{kept}</div>'
    labels = ", ".join(change.label for change in found)
    verdict = f"rewritten: {labels}" if found else "unchanged"
    return _box(after, verdict, "changed" if found else "same", body)


def _box(layer: Layer, verdict: str, kind: str, body: str) -> str:
    return (
        f'<div class="hd hd-{colour(layer)} cmp-{kind}" role="group" '
        f'aria-label="{escape(layer.title)}: {escape(verdict)}"><p class="hd-name">'
        f'<b>{escape(layer.title)}</b> <span class="cmp-verdict">{escape(verdict)}</span></p>'
        f"{body}</div>"
    )


def _chips(chosen: Sequence[Field], numbers: Numbers, marks: Marks) -> str:
    chips = "".join(
        f'<li class="fd" data-f="{numbers.of(field)}" data-say="{escape(_say(field))}">'
        f'<span class="fd-l">{escape(field.label)}</span> '
        f'<span class="fd-v">{valued(field, marks)}</span>{state_of(field)}</li>'
        for field in chosen
    )
    return f'<ul class="fds">{chips}</ul>' if chips else ""


def _say(field: Field) -> str:
    where = f"byte {place(field)}" if field.first == field.last else f"bytes {place(field)}"
    return f"{field.label} · {where} · {field.shown[:60]} · the same"


def _table(
    found: Sequence[Change], numbers: tuple[Numbers, Numbers], marks: Marks, names: tuple[str, str]
) -> str:
    rows = []
    for change in found:
        field = change.after or change.before
        if field is None:
            continue
        number = (numbers[1] if change.after else numbers[0]).of(field)
        cells = "".join(
            f'<td role="cell" class="c-val {word}"><span class="c-word">{escape(name)}</span> '
            f"{valued(one, marks) if one else 'none'}</td>"
            for one, word, name in zip(
                (change.before, change.after), ("c-old", "c-new"), names, strict=True
            )
        )
        rows.append(
            f'<tr role="row" data-f="{number}"><th role="rowheader" scope="row">'
            f'{escape(field.label)}</th>{cells}<td role="cell">{escape(change.why)}</td></tr>'
        )
    head = "".join(
        f'<th role="columnheader" scope="col">{escape(name)}</th>'
        for name in ("rewritten", *names, "why")
    )
    return (
        '<table class="fields cmp-fields" role="table"><thead role="rowgroup">'
        f'<tr role="row">{head}</tr></thead><tbody role="rowgroup">{"".join(rows)}</tbody></table>'
    )
