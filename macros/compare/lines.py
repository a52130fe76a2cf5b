"""Free text, line by line: noise masked, columns one blank apart."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from macros.compare import noise_mask
from macros.compare.change import Change, said
from macros.compare.noise_mask import Masks
from macros.ground.alignment import align


def compare(old: str, new: str, kind: str = "text") -> Iterator[Change]:
    """Lines that came, went, changed or moved."""
    before, after = _differing(old.splitlines(), new.splitlines())
    mask = Masks((old, new))
    sides = ([mask(line) for line in side] for side in (before, after))
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
    moved = Counter(map(mask, gone)) & Counter(map(mask, come))
    yield from _one_sided(_without(gone, moved, mask), "line gone", kind)
    yield from _one_sided(_without(come, moved, mask), "line new", kind)
    yield from _moved(moved, kind)


def _differing(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """The lines between those that are the same to the letter at either end."""
    most = min(len(old), len(new))
    start = next((index for index in range(most) if old[index] != new[index]), most)
    end = next(
        (index for index in range(most - start) if old[-1 - index] != new[-1 - index]), most - start
    )
    return old[start : len(old) - end], new[start : len(new) - end]


def sections(printed: Sequence[str], mask: Callable[[str], str] = noise_mask.line) -> list[str]:
    """For each line the lines that it belongs to, as one text: what it is indented under.

    Where an empty line divides blocks, the first line of a block is one of these.
    """
    blocks = any(not line.strip() for line in printed[:-1])
    places: list[str] = []
    above: list[tuple[int, str]] = []
    head = ""
    for line in printed:
        text = line.lstrip()
        depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if not text:
            above, head = [], ""
        while above and above[-1][0] >= depth:
            above.pop()
        places.append("\n".join([head, *(parent for _, parent in above)]))
        if text:
            head = head or (mask(line) if blocks else "")
            above.append((depth, mask(line)))
    return places


def unordered(
    old: Sequence[str], new: Sequence[str], kind: str, *, often: bool
) -> Iterator[Change]:
    """Lines whose order means nothing within their section.

    `often`: how often a line comes means something.
    """
    mask = Masks(("\n".join(old), "\n".join(new)))
    before, after = (_by_mask(side, mask, often=often) for side in (old, new))
    gone = [before[key] for key in before if key not in after]
    come = [after[key] for key in after if key not in before]
    # The same line in another section has moved.
    moved = Counter(map(mask, gone)) & Counter(map(mask, come))
    gone, come = _without(gone, moved, mask), _without(come, moved, mask)
    if len(gone) == len(come):
        for was, now in zip(gone, come, strict=True):
            yield _changed(was, now, kind)
    else:
        yield from _one_sided(gone, "line gone", kind)
        yield from _one_sided(come, "line new", kind)
    yield from _moved(moved, kind)


def counted(old: str, new: str, facts: frozenset[str], kind: str = "text") -> Iterator[Change]:
    """Lines in which nothing but noise differs, and of that what is a fact here."""
    texts = old, new
    mask, exact = Masks(texts), Masks(texts, facts)
    before, after = (_by_mask(side.splitlines(), mask, often=True) for side in texts)
    for key, was in before.items():
        now = after.get(key)
        if now is not None and exact(was) != exact(now):
            yield _changed(was, now, kind)


def _by_mask(lines: Sequence[str], mask: Masks, *, often: bool) -> dict[tuple[str, str, int], str]:
    seen: Counter[tuple[str, str]] = Counter()
    by_key = {}
    for line, section in zip(lines, sections(lines, mask), strict=True):
        key = section, mask(line)
        seen[key] += often
        by_key[*key, seen[key]] = line
    return by_key


def _changed(was: str, now: str, kind: str) -> Change:
    sides = was.strip() or "(empty)", now.strip() or "(empty)"
    return said(kind, now.strip(), f"line changed: {sides[0]} -> {sides[1]}", was, now)


def _without(lines: Sequence[str], but: Counter[str], mask: Masks) -> list[str]:
    """The lines without so many of each as `but` has."""
    left = but.copy()
    kept = []
    for line in lines:
        masked = mask(line)
        if left[masked] > 0:
            left[masked] -= 1
        else:
            kept.append(line)
    return kept


def _moved(lines: Counter[str], kind: str) -> Iterator[Change]:
    for text in lines.elements():
        yield said(kind, text.strip(), f"line moved: {text.strip() or '(empty)'}", text, text)


def _one_sided(lines: Sequence[str], word: str, kind: str) -> Iterator[Change]:
    for line in lines:
        text = line.strip()
        sides = (line, "") if word == "line gone" else ("", line)
        yield said(kind, text, f"{word}: {text or '(empty)'}", *sides)
