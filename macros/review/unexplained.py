"""What differs in recordings though no change says so: noise, or lines that no kind knows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from macros.compare import noise_mask
from macros.compare.change import Change
from macros.compare.editions import Purpose, Purposes
from macros.ground import json_text
from macros.ground.enumeration import counted, in_words
from macros.review.line_diff import differing

KIND = "files"
_RULE = "\n---\n"
_MANY = 4  # blocks that are named


def changes(
    old: Path, new: Path, blocks: Sequence[str], keeps: Purposes | None = None
) -> Iterator[Change]:
    """What differs in these blocks of a page, whose folders these are.

    `keeps` is what the page says of them, as of counters that are facts. A block in which more
    than noise differs is one change, with the lines; all others are one.
    """
    page, noisy = new.name, []
    for block in blocks:
        facts = (keeps or {}).get((page, block), Purpose()).facts
        lines = [pair for path in _files(old, new, block) for pair in _lines(*path, facts)]
        if not lines:
            noisy.append(block)
            continue
        was, now = ("\n".join(side) for side in zip(*lines, strict=True))
        differ = "differs" if len(lines) == 1 else "differ"
        what = f"{counted(len(lines), 'lines')} of the recording of {block} {differ}"
        yield Change(page, block, KIND, block, what, was.strip("\n"), now.strip("\n"))
    if noisy:
        names = noisy if len(noisy) <= _MANY else [*noisy[:_MANY], f"{len(noisy) - _MANY} more"]
        where = f"{len(noisy)} block{'s' * (len(noisy) != 1)}"
        what = (
            f"no fact differs, only times, counters or other noise, in {where}: {in_words(names)}"
        )
        yield Change(page, noisy[0], KIND, page, what)


def _files(old: Path, new: Path, block: str) -> Iterator[tuple[Path, Path]]:
    """The two files of each sort that hold text; packets are compared as such elsewhere."""
    for suffix in (".txt", ".json"):
        yield old / f"{block}{suffix}", new / f"{block}{suffix}"


def _lines(old: Path, new: Path, facts: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Lines that differ by more than noise; where one side has more, the other's are empty."""
    sides = [path.read_text(encoding="utf-8") if path.is_file() else "" for path in (old, new)]
    if old.suffix == ".json":
        trees = [json_text.value(side) for side in sides]
        if None not in trees and _masked(trees[0], facts) == _masked(trees[1], facts):
            return
        mask: Any = str
    else:
        sides = [_without_plan(side) for side in sides]
        mask = noise_mask.Masks(sides, facts)
    was, now = (side.splitlines() for side in sides)
    for gone, come in differing([mask(line) for line in was], [mask(line) for line in now]):
        for index in range(max(len(gone), len(come))):
            yield (
                gone[index] if index < len(gone) else "",
                come[index] if index < len(come) else "",
            )


def _masked(tree: Any, facts: frozenset[str], key: str = "") -> Any:
    if isinstance(tree, Mapping):
        return {name: _masked(inner, facts, name) for name, inner in tree.items()}
    if isinstance(tree, list) and any(isinstance(inner, dict | list) for inner in tree):
        return [_masked(inner, facts, key) for inner in tree]
    masked = noise_mask.value(key, tree, facts=facts)
    return json.dumps(masked, sort_keys=True, default=str)


def _without_plan(text: str) -> str:
    """A recording without the plan that it was made for, which is no answer."""
    head, rule, output = text.partition(_RULE)
    kept = [line for line in head.split("\n") if not line.startswith("plan: ")]
    return "\n".join(kept) + rule + output
