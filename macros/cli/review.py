"""`guide review`: decide on what a new recording changed, before it is committed."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from macros.cli import after_record, page_names
from macros.cli.settings import guide_of_checkout
from macros.compare import editions, report
from macros.compare.change import Change
from macros.compare.quoted import quoted_by
from macros.ground.errors import GuideError
from macros.review import document, item_words, outcome, screen, sides
from macros.review.decisions import Decision, Decisions
from macros.review.dialogue import agreed, ask
from macros.review.items import Item, items
from macros.review.one_cause import by_cause
from macros.review.outcome import Outcome
from macros.review.prose import Prose
from macros.review.sides import Sides
from macros.site import claims_check
from macros.store.guide import Guide


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option(
    "--base",
    "revision",
    default="HEAD",
    show_default=True,
    help="The git revision to compare with.",
)
@click.option("--against", metavar="EDITION", help="Compare with another edition instead of git.")
@click.option("--edition", help="The edition to review; default: the one the site shows.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    help="Print the changes and decisions without asking.",
)
@click.option(
    "--ask/--no-ask",
    "asks",
    default=None,
    help="Ask, or print what is open, which --accept accepts; default: ask at a terminal.",
)
@click.option("--accept", is_flag=True, help="Accept everything still open, without asking.")
@click.option("--again", is_flag=True, help="Forget earlier decisions.")
def review(
    pages: tuple[str, ...],
    revision: str,
    against: str | None,
    edition: str | None,
    form: str | None,
    asks: bool | None,
    accept: bool,
    again: bool,
) -> None:
    """Go through what changed in the recordings of PAGEs (default: all).

    Each change is shown in words, with both outputs side by side and the sentences of the page
    that quote it. Accept, reject or skip it with one key; what was decided is kept, and the next
    `guide review` continues where this one ended.

    A page's recordings are replaced as a whole or not at all. A page whose changes are all
    accepted keeps its new recordings, ready to commit. One rejected change restores the earlier
    recordings of its whole page, after a question; if the versions changed too, of all pages: one
    edition is one set of versions. `guide settle` brings the replaced ones back.

    Exit code 0: nothing is left to decide: nothing changed, all is accepted, or what was rejected
    is restored. 1: something is open, or rejected and not restored.
    """
    guide = guide_of_checkout(edition)
    if form and asks:
        raise click.UsageError("--format prints and asks nothing: leave --ask out")
    with _sides(guide, revision, against) as both:
        changes = _changes(guide, both, pages)
        prose = _prose(guide, both, changes)
        listed = by_cause(items(changes), prose.count, guide.pages)
        decisions = _decisions(guide, both, listed, again=again, accept=accept)
        if not listed and form in (None, "text") and _restamped(guide, both):
            return
        if not form and _interactive(asks):
            result = _asked(listed, decisions, prose, both)
        else:
            click.echo(document.review(form or "text", listed, decisions, prose, both))
            result = outcome.outcomes(listed, decisions)
    if any(page.decision is not Decision.ACCEPTED for page in result):
        raise click.exceptions.Exit(1)


def _decisions(
    guide: Guide, both: Sides, listed: Sequence[Item], *, again: bool, accept: bool
) -> Decisions:
    """What was decided before, unless `again` forgets it, with what `accept` accepts."""
    decisions = Decisions(guide.recordings, both.name)
    if again:
        decisions.decide(listed, Decision.OPEN)
    if accept:
        still = [item for item in listed if decisions.of(item) is Decision.OPEN]
        decisions.decide(still, Decision.ACCEPTED)
    return decisions


def _restamped(guide: Guide, both: Sides) -> bool:
    """Whether nothing but plans changed, which is said then."""
    pages = sides.restamped(both)
    if pages:
        click.echo(f"no answer changed; {after_record.plans_of(guide, pages)}")
    return bool(pages)


@contextmanager
def _sides(guide: Guide, revision: str, against: str | None) -> Iterator[Sides]:
    folder = guide.recordings / guide.edition_name
    if against is None:
        with sides.of_git(folder, revision) as both:
            yield both
        return
    other = guide.recordings / against
    if not other.is_dir():
        raise GuideError(f"there is no edition {against!r}", fix="guide edition list")
    yield sides.of_editions(other, folder)


def _changes(guide: Guide, both: Sides, pages: Sequence[str]) -> list[Change]:
    names = [page_names.key(name) for name in pages]
    known = {*guide.planned, *both.old.pages, *both.new.pages}
    for name in names:
        if name not in known:
            raise page_names.unknown(name, sorted(known), "")
    changes = sides.changes(both, editions.purposes(guide.pages.values()))
    return [change for change in changes if not names or change.page in names]


def _prose(guide: Guide, both: Sides, changes: Sequence[Change]) -> Prose:
    """The sentences about what changed, and the claims that fail with the recordings now."""
    recorded = both.old.blocks, both.new.blocks
    quotes = quoted_by(guide.docs, *recorded, changes, both.new.versions, both.page_then)
    pages = {change.page for change in changes if change.page}
    claims: dict[tuple[Path, int], list[str]] = {}
    if both.restorable and pages:
        for error in claims_check.broken(replace(guide, partly=True), sorted(pages)):
            position = (Path(error.page or "").resolve(), error.line or 1)
            claims.setdefault(position, []).append(error.message)
    values = item_words.values_of(guide.docs, *recorded, both.page_then)
    sources = {page.key: page.source.resolve() for page in guide.pages.values()}
    return Prose(quotes, values, claims, report.grouped(changes), sources)


def _interactive(asks: bool | None) -> bool:
    """Whether it asks: as it is told, or else at a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty() if asks is None else asks


def _asked(
    listed: Sequence[Item], decisions: Decisions, prose: Prose, both: Sides
) -> list[Outcome]:
    """What is decided after asking, and after putting back what was rejected."""
    _ask(listed, decisions, prose, both)
    for claim in prose.elsewhere(listed):
        click.echo(f"does not hold: {claim}")
    result = outcome.outcomes(listed, decisions)
    _summary(result)
    return _put_back(result, listed, decisions, both) if both.restorable else result


def _ask(shown: Sequence[Item], decisions: Decisions, prose: Prose, both: Sides) -> None:
    console = Console(highlight=False)
    outputs: dict[str, screen.Outputs] = {}

    def show(index: int, whole: bool) -> None:
        item = shown[index]
        if item.page not in outputs:
            old, new = both.old.blocks(item.page), both.new.blocks(item.page)
            outputs[item.page] = screen.Outputs(old, new)
        screen.show(
            console,
            item,
            (index + 1, len(shown)),
            decisions.of(item),
            both,
            outputs[item.page],
            prose,
            whole=whole,
        )

    ask(shown, decisions, show)


def _summary(result: Sequence[Outcome]) -> None:
    if not result:
        click.echo("nothing changed")
    for page in result:
        counts = [
            f"{len(some)} {word}"
            for word, some in (
                ("accepted", page.accepted),
                ("rejected", page.rejected),
                ("open", page.open),
            )
            if some
        ]
        click.echo(f"{page.page or 'versions'}: {', '.join(counts)}")


def _put_back(
    result: list[Outcome], shown: Sequence[Item], decisions: Decisions, both: Sides
) -> list[Outcome]:
    """Put rejected pages back, after a question; what is left to decide then."""
    back = outcome.to_put_back(result, both)
    if not back:
        return result
    why = ""
    if both.old.versions != both.new.versions:
        why = " (the versions changed too, and one edition is one set of versions)"
    if not agreed(f"Restore the earlier recordings of {', '.join(back)}{why}?"):
        click.echo("nothing was restored; the rejections are kept")
        return result
    outcome.put_back(back, both)
    versions = both.old.versions != both.new.versions
    gone = [item for item in shown if item.page in back or (versions and not item.page)]
    decisions.decide(gone, Decision.OPEN)
    for page in back:
        click.echo(f"{page}: restored; guide settle {page} brings the new recordings back")
    left = [item for item in shown if item not in gone]
    return outcome.outcomes(left, decisions)
