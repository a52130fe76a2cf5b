"""`guide review`: decide on what a new recording changed, before it is committed."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from macros.cli import after_record, claims_check, page_names
from macros.cli.settings import guide_of_checkout
from macros.compare import editions
from macros.compare.change import Change
from macros.compare.report import Quotes
from macros.compare.sentences import quoted_by
from macros.ground.errors import GuideError
from macros.review import document, item_words, outcome, screen, sides
from macros.review.decisions import Decision, Decisions
from macros.review.dialogue import agreed, ask
from macros.review.items import Item, items
from macros.review.one_cause import by_cause
from macros.review.outcome import Outcome
from macros.review.prose import Prose
from macros.review.sides import Sides
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
@click.option("--ask/--no-ask", "asks", default=None, help="Ask; default: at a terminal.")
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

    Exit code 0: nothing changed, or all is accepted. 1: something is open or rejected.
    """
    guide = guide_of_checkout(edition)
    if form and asks:
        raise click.UsageError("--format prints and asks nothing: leave --ask out")
    with _sides(guide, revision, against) as both:
        changes = _changes(guide, both, pages)
        quotes = _quotes(guide, both, changes)
        found = by_cause(items(changes), quotes)
        prose = _prose(guide, both, quotes, {one.page for one in changes if one.page})
        decisions = Decisions(guide.recordings, both.name)
        if again:
            decisions.decide(found, Decision.OPEN)
        if accept:
            still = [one for one in found if decisions.of(one) is Decision.OPEN]
            decisions.decide(still, Decision.ACCEPTED)
        interactive = sys.stdin.isatty() and sys.stdout.isatty() if asks is None else asks
        if not found and form in (None, "text") and _restamped(guide, both):
            return
        if form or not interactive:
            click.echo(document.review(form or "text", found, decisions, prose, both))
            result = outcome.outcomes(found, decisions)
        else:
            _ask(found, decisions, prose, both)
            result = outcome.outcomes(found, decisions)
            _summary(result)
            if both.restorable:
                result = _put_back(result, found, decisions, both)
    if any(one.decision is not Decision.ACCEPTED for one in result):
        raise click.exceptions.Exit(1)


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
    found = sides.changes(both, editions.purposes(guide.pages.values()))
    return [one for one in found if not names or one.page in names]


def _quotes(guide: Guide, both: Sides, changes: Sequence[Change]) -> Quotes:
    return quoted_by(guide.docs, both.old.blocks, both.new.blocks, changes)


def _prose(guide: Guide, both: Sides, quotes: Quotes, pages: set[str]) -> Prose:
    """The sentences about what changed, and the claims that fail with the recordings now."""
    claims: dict[tuple[Path, int], list[str]] = {}
    if both.restorable and pages:
        for error in claims_check.broken(replace(guide, partly=True), sorted(pages)):
            place = (Path(error.page or "").resolve(), error.line or 1)
            claims.setdefault(place, []).append(error.message)
    return Prose(quotes, item_words.values_of(guide.docs, both.new.blocks), claims)


def _ask(found: Sequence[Item], decisions: Decisions, prose: Prose, both: Sides) -> None:
    console = Console(highlight=False)
    outputs: dict[str, screen.Outputs] = {}

    def show(at: int, whole: bool) -> None:
        item = found[at]
        if item.page not in outputs:
            old, new = both.old.blocks(item.page), both.new.blocks(item.page)
            outputs[item.page] = screen.Outputs(old, new)
        screen.show(
            console,
            item,
            (at + 1, len(found)),
            decisions.of(item),
            both,
            outputs[item.page],
            prose,
            whole=whole,
        )

    ask(found, decisions, show)


def _summary(result: Sequence[Outcome]) -> None:
    if not result:
        click.echo("nothing changed")
    for one in result:
        counts = [
            f"{len(some)} {word}"
            for word, some in (
                ("accepted", one.accepted),
                ("rejected", one.rejected),
                ("open", one.open),
            )
            if some
        ]
        click.echo(f"{one.page or 'versions'}: {', '.join(counts)}")


def _put_back(
    result: list[Outcome], found: Sequence[Item], decisions: Decisions, both: Sides
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
    gone = [one for one in found if one.page in back or (versions and not one.page)]
    decisions.decide(gone, Decision.OPEN)
    for page in back:
        click.echo(f"{page}: restored; guide settle {page} brings the new recordings back")
    left = [one for one in found if one not in gone]
    return outcome.outcomes(left, decisions)
