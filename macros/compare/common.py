"""What two texts have alike, left out before they are read: most of a large cluster's lines."""

from collections.abc import Callable, Sequence

Labels = Callable[[Sequence[str]], Sequence[str | None]]
"""For each line what it belongs to, or None for one that is always read: see `Kind.labels`."""


def without(old: str, new: str, labels: Labels) -> tuple[str, str]:
    """The two texts without what has all its lines to the letter, in order, in both.

    Records are compared by their keys: those of other keys say nothing about them.
    """
    sides = [(lines := text.split("\n"), labels(lines)) for text in (old, new)]
    before, after = (_grouped(lines, names) for lines, names in sides)
    alike = [name for name, lines in before.items() if name and lines == after.get(name)]
    # One stays, so that neither side is empty: an empty text is in no kind's form.
    left_out = frozenset(alike[1:])
    old_left, new_left = (
        "\n".join(line for line, name in zip(lines, names, strict=True) if name not in left_out)
        for lines, names in sides
    )
    return old_left, new_left


def _grouped(lines: Sequence[str], names: Sequence[str | None]) -> dict[str | None, list[str]]:
    groups: dict[str | None, list[str]] = {}
    for line, name in zip(lines, names, strict=True):
        groups.setdefault(name, []).append(line)
    return groups
