"""Free text, line by line: noise masked, columns one blank apart."""

from collections import Counter
from collections.abc import Iterator, Sequence

from macros.compare import noise_mask
from macros.compare.change import Change, said
from macros.ground.alignment import align


def compare(old: str, new: str, kind: str = "text") -> Iterator[Change]:
    """Lines that came, went, changed or moved."""
    before, after = old.splitlines(), new.splitlines()
    sides = ([noise_mask.line(line) for line in side] for side in (before, after))
    pairs = [*align(*sides), (len(before), len(after))]
    low, first = 0, 0
    gone: list[str] = []
    come: list[str] = []
    for high, last in pairs:
        if high - low == last - first:
            # As many as before, in the same place: each is the other one changed.
            for was, now in zip(before[low:high], after[first:last], strict=True):
                yield _changed(was, now, kind)
        else:
            gone += before[low:high]
            come += after[first:last]
        low, first = high + 1, last + 1
    moved = Counter(map(noise_mask.line, gone)) & Counter(map(noise_mask.line, come))
    yield from _one_sided(_without(gone, moved), "line gone", kind)
    yield from _one_sided(_without(come, moved), "line new", kind)
    yield from _moved(moved, kind)


def sections(printed: Sequence[str]) -> list[str]:
    """For each line the lines that it belongs to, as one text: what it is indented under.

    Where an empty line divides blocks, the first line of a block is one of these.
    """
    blocks = any(not line.strip() for line in printed[:-1])
    found: list[str] = []
    above: list[tuple[int, str]] = []
    head = ""
    for line in printed:
        text = line.lstrip()
        depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if not text:
            above, head = [], ""
        while above and above[-1][0] >= depth:
            above.pop()
        found.append("\n".join([head, *(parent for _, parent in above)]))
        if text:
            head = head or (noise_mask.line(line) if blocks else "")
            above.append((depth, noise_mask.line(line)))
    return found


def unordered(
    old: Sequence[str], new: Sequence[str], kind: str, *, often: bool
) -> Iterator[Change]:
    """Lines whose order means nothing within their section.

    `often`: how often a line comes means something.
    """
    before, after = _by_mask(old, often=often), _by_mask(new, often=often)
    gone = [before[key] for key in before if key not in after]
    come = [after[key] for key in after if key not in before]
    # The same line in another section has moved.
    moved = Counter(map(noise_mask.line, gone)) & Counter(map(noise_mask.line, come))
    gone, come = _without(gone, moved), _without(come, moved)
    if len(gone) == len(come):
        for was, now in zip(gone, come, strict=True):
            yield _changed(was, now, kind)
    else:
        yield from _one_sided(gone, "line gone", kind)
        yield from _one_sided(come, "line new", kind)
    yield from _moved(moved, kind)


def _by_mask(lines: Sequence[str], *, often: bool) -> dict[tuple[str, str, int], str]:
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for line, section in zip(lines, sections(lines), strict=True):
        key = section, noise_mask.line(line)
        seen[key] += often
        found[*key, seen[key]] = line
    return found


def _changed(was: str, now: str, kind: str) -> Change:
    sides = was.strip() or "(empty)", now.strip() or "(empty)"
    return said(kind, now.strip(), f"line changed: {sides[0]} -> {sides[1]}", was, now)


def _without(lines: Sequence[str], but: Counter[str]) -> list[str]:
    """The lines without so many of each as `but` has."""
    left = but.copy()
    kept = []
    for line in lines:
        masked = noise_mask.line(line)
        if left[masked] > 0:
            left[masked] -= 1
        else:
            kept.append(line)
    return kept


def _moved(lines: Counter[str], kind: str) -> Iterator[Change]:
    for text in lines.elements():
        yield said(kind, text.strip(), f"line moved: {text.strip()}", text, text)


def _one_sided(lines: Sequence[str], word: str, kind: str) -> Iterator[Change]:
    for line in lines:
        text = line.strip()
        sides = (line, "") if word == "line gone" else ("", line)
        yield said(kind, text, f"{word}: {text or '(empty)'}", *sides)
