"""A review as a document: text, Markdown for a pull request, JSON for a program."""

import json
from collections.abc import Mapping, Sequence

from macros.compare import report
from macros.compare.report import Quotes
from macros.review import item_words
from macros.review.decisions import Decision, Decisions
from macros.review.items import Item
from macros.review.prose import Prose
from macros.review.sides import Sides

_MARK: Mapping[Decision, str] = {
    Decision.ACCEPTED: "x",
    Decision.REJECTED: " ",
    Decision.OPEN: " ",
}


def _text(items: Sequence[Item], decisions: Decisions, prose: Prose) -> str:
    """Items by page, each with its decision, below it the sentences that quote its blocks."""
    out: list[str] = []
    page: str | None = None
    for item in items:
        if item.page != page:
            page = item.page
            out += ["", page or "versions"] if out else [page or "versions"]
        decided = decisions.of(item)
        word = "" if decided is Decision.OPEN else f"  ({decided.value})"
        where = f"  [{', '.join(item.blocks)}]" if item.blocks else ""
        out.append(f"  {item_words.words(item)}{where}{word}")
        out += [f"    {line}" for line in item_words.below(item)]
        out += [f"    {line}" for line in prose.lines(item)]
    out += _elsewhere(items, prose, "  ")
    out += [""] if out else []
    out.append(_count(items, decisions))
    if any(decisions.of(item) is Decision.OPEN for item in items):
        out.append("with --accept: all that is open is accepted; with --ask: one after the other")
    return "\n".join(out)


def _markdown(items: Sequence[Item], decisions: Decisions, prose: Prose, sides: Sides) -> str:
    """The same as a list of tasks: what is accepted is ticked."""
    what = f"the recordings of {sides.new.name}, from {sides.old_name} to {sides.new_name}"
    out = [f"## What changed in {what}", "", f"{_count(items, decisions)}."]
    page: str | None = None
    for item in items:
        if item.page != page:
            page = item.page
            out += ["", f"### {page or 'Versions'}", ""]
        decided = decisions.of(item)
        word = " **rejected**" if decided is Decision.REJECTED else ""
        where = f" ({', '.join(f'`{block}`' for block in item.blocks)})" if item.blocks else ""
        out.append(f"- [{_MARK[decided]}] {report.code(item_words.words(item))}{where}{word}")
        out += [f"  - {report.code(line)}" for line in item_words.below(item)]
        out += [f"  - {report.code(line)}" for line in prose.lines(item)]
    out += _elsewhere(items, prose, "- ")
    return "\n".join(out)


def _elsewhere(items: Sequence[Item], prose: Prose, before: str) -> list[str]:
    """What fails in lines that stand below none of the items."""
    lines = prose.elsewhere(items)
    title = ["", f"claims that do not hold, in lines with no other value ({len(lines)}):"]
    title += [""] if before == "- " else []
    coded = [report.code(line) if before == "- " else line for line in lines]
    return [*title, *(f"{before}{line}" for line in coded)] if lines else []


def _json(items: Sequence[Item], decisions: Decisions, quotes: Quotes) -> str:
    """The items as a list of objects, each with its decision, its changes and their quotes."""
    return json.dumps(
        [
            {
                "page": item.page,
                "what": item.what,
                "decision": decisions.of(item).value,
                "key": item.key,
                "parts": [part.what for part in item.parts],
                "changes": json.loads(report.as_json(item.changes, quotes)),
            }
            for item in items
        ],
        indent=1,
        ensure_ascii=False,
    )


def review(
    form: str, items: Sequence[Item], decisions: Decisions, prose: Prose, sides: Sides
) -> str:
    """The review in one of the forms `text`, `markdown`, `json`."""
    if form == "json":
        return _json(items, decisions, prose.quotes)
    if form == "markdown":
        return _markdown(items, decisions, prose, sides)
    return _text(items, decisions, prose)


def _count(items: Sequence[Item], decisions: Decisions) -> str:
    if not items:
        return "nothing changed"
    by = [decisions.of(item) for item in items]
    counts = [
        f"{by.count(decision)} {decision.value}" for decision in Decision if by.count(decision)
    ]
    return f"{len(items)} change{'s' * (len(items) != 1)}: {', '.join(counts)}"
