"""One item on the terminal: what changed, both sides of it, and the sentences that quote it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from macros.compare import report
from macros.compare.change import Change
from macros.compare.editions import Blocks
from macros.compare.sentences import Quoted
from macros.review import item_words
from macros.review.decisions import Decision
from macros.review.items import Item
from macros.review.prose import Prose
from macros.review.sides import Sides

_DIFF = {"- ": "red", "+ ": "green"}
_AROUND = 2  # lines shown before and after what differs
_MOST = 24  # lines of one side, unless all are asked for
_COLOURS: Mapping[Decision, str] = {
    Decision.OPEN: "yellow",
    Decision.ACCEPTED: "green",
    Decision.REJECTED: "red",
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the blocks of the page being looked at printed, on either side."""

    old: Blocks
    new: Blocks


def show(
    console: Console,
    item: Item,
    place: tuple[int, int],
    decision: Decision,
    sides: Sides,
    outputs: Outputs,
    prose: Prose,
    *,
    whole: bool = False,
) -> None:
    """Print an item: `place` is its number and how many there are. `whole`: outputs in full."""
    number, count = place
    console.print()
    console.print(Rule(f"{number} of {count} · {item.page or 'versions'}", align="left"))
    status = Text(decision.value, style=_COLOURS[decision])
    console.print(Text.assemble((item_words.words(item), "bold"), " (", status, ")"))
    for line in item_words.below(item, len(item.parts) if whole else 6):
        console.print(Text(f"  {line}", style=_DIFF.get(line[:2], "dim")))
    console.print(_blocks(item), style="dim")
    console.print(_both(item.changes[0], sides, outputs, whole=whole))
    changed = prose.changed(item)
    same = [sentence for sentence in prose.of(item) if sentence not in changed]
    _quoted(console, "Sentences with another value:", changed, prose)
    _quoted(console, "Sentences with the same values:", same, prose)
    for claim in prose.of_page(item):
        console.print(Text(f"  {claim}", style="red"))


def _quoted(
    console: Console, title: str, sentences: Sequence[Sequence[Quoted]], prose: Prose
) -> None:
    if sentences:
        console.print(Text(title, style="dim"))
    for sentence in sentences:
        console.print(_sentence(sentence, prose))
        for claim in item_words.broken(sentence, prose.claims):
            console.print(Text(f"    {claim}", style="red"))


def _blocks(item: Item) -> str:
    if not item.blocks:
        return "the page as a whole" if item.page else "the edition as a whole"
    return f"block{'s' * (len(item.blocks) > 1)} {', '.join(item.blocks)}"


def _both(change: Change, sides: Sides, outputs: Outputs, *, whole: bool) -> RenderableType:
    """Two columns: the outputs where they differ, or the two values."""
    old, new = outputs.old.get(change.block), outputs.new.get(change.block)
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column(sides.old_name, ratio=1, overflow="fold")
    table.add_column(sides.new_name, ratio=1, overflow="fold")
    mine, theirs = (
        change_side.text.splitlines() if change_side else [] for change_side in (old, new)
    )
    if not whole and (mine == theirs or not (mine and theirs)):
        # What differs is in the JSON, the packets or the files, or stands on one side only.
        mine, theirs = change.old.splitlines(), change.new.splitlines()
    rows = list(_rows(mine, theirs, around=len(mine) + len(theirs) if whole else _AROUND))
    for left, right in rows if whole else rows[:_MOST]:
        table.add_row(left, right)
    if not rows:
        return Text("")
    left_out = 0 if whole else max(len(rows) - _MOST, 0)
    command = old or new
    return Group(
        Text(f"{command.node}$ {command.ran}", style="cyan") if command else Text(""),
        table,
        Text(f"… {left_out} more lines: d shows them", style="dim") if left_out else Text(""),
    )


def _rows(
    old: Sequence[str], new: Sequence[str], around: int
) -> list[tuple[Text | str, Text | str]]:
    """Lines side by side: the same ones beside each other, those far from a difference left out."""
    rows: list[tuple[Text | str, Text | str]] = []
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for group in matcher.get_grouped_opcodes(around):
        if rows:
            rows.append((Text("…", style="dim"), Text("…", style="dim")))
        for tag, low, high, first, last in group:
            mine, theirs = old[low:high], new[first:last]
            for index in range(max(len(mine), len(theirs))):
                left = mine[index] if index < len(mine) else ""
                right = theirs[index] if index < len(theirs) else ""
                if tag == "equal":
                    rows.append((Text(left, style="dim"), Text(right, style="dim")))
                else:
                    rows.append((Text(left, style="red"), Text(right, style="green")))
    return rows


def _sentence(quoted: Sequence[Quoted], prose: Prose) -> Text:
    text = Text("  ")
    text.append(f"{report.place(quoted[0])} ", style="dim")
    words = item_words.sentence(quoted, prose.values)
    return text.append(words, style="bold" if any(one.old != one.new for one in quoted) else "")
