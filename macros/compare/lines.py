"""Free text, line by line: noise masked, columns one blank apart."""

from collections import Counter
from collections.abc import Iterator, Sequence

from macros.compare import noise_mask
from macros.compare.change import Change, said
from macros.ground.alignment import align


def compare(old: str, new: str, kind: str = "text") -> Iterator[Change]:
    """Lines that came, went, changed or moved."""
    before, after = old.splitlines(), new.splitlines()
    masked, others = (
        [noise_mask.line(one) for one in before],
        [noise_mask.line(one) for one in after],
    )
    pairs = [*align(masked, others), (len(before), len(after))]
    low, first = 0, 0
    gone: list[str] = []
    come: list[str] = []
    for one, other in pairs:
        if one - low == other - first:
            # As many as before, in the same place: each is the other one changed.
            for was, now in zip(before[low:one], after[first:other], strict=True):
                yield _changed(was, now, kind)
        else:
            gone += before[low:one]
            come += after[first:other]
        low, first = one + 1, other + 1
    moved = Counter(map(noise_mask.line, gone)) & Counter(map(noise_mask.line, come))
    yield from _one_sided(gone, moved.copy(), "line gone", kind)
    yield from _one_sided(come, moved.copy(), "line new", kind)
    for text in moved.elements():
        yield said(kind, text.strip(), f"line moved: {text.strip()}", text, text)


def unordered(
    old: Sequence[str], new: Sequence[str], kind: str, *, often: bool
) -> Iterator[Change]:
    """Lines whose order means nothing; `often`: how often a line comes means something."""
    one, other = _by_mask(old, often=often), _by_mask(new, often=often)
    gone = [one[key] for key in one if key not in other]
    come = [other[key] for key in other if key not in one]
    if len(gone) == len(come):
        for was, now in zip(gone, come, strict=True):
            yield _changed(was, now, kind)
    else:
        yield from _one_sided(gone, Counter(), "line gone", kind)
        yield from _one_sided(come, Counter(), "line new", kind)


def _by_mask(lines: Sequence[str], *, often: bool) -> dict[tuple[str, int], str]:
    seen: Counter[str] = Counter()
    found = {}
    for line in lines:
        masked = noise_mask.line(line)
        seen[masked] += often
        found[masked, seen[masked]] = line
    return found


def _changed(was: str, now: str, kind: str) -> Change:
    one, other = was.strip(), now.strip()
    return said(kind, other, f"line changed: {one or '(empty)'} -> {other or '(empty)'}", was, now)


def _one_sided(lines: Sequence[str], but: Counter[str], word: str, kind: str) -> Iterator[Change]:
    for line in lines:
        if but[noise_mask.line(line)] > 0:
            but[noise_mask.line(line)] -= 1
            continue
        text = line.strip()
        sides = (line, "") if word == "line gone" else ("", line)
        yield said(kind, text, f"{word}: {text or '(empty)'}", *sides)
