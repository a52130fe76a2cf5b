"""`guide edition`: which recordings there are, and what differs between two of them."""

import sys
from pathlib import Path

import click

from macros.cli.settings import guide_of_checkout
from macros.compare import editions, quoted, report
from macros.ground.errors import GuideError
from macros.rebuild import new_edition
from macros.review import causes, change_file
from macros.review import change_list as made
from macros.store import reader, writer
from macros.store.guide import Guide


@click.group()
def edition() -> None:
    """Start, list and compare editions, each the recordings of one set of versions."""


@edition.command(name="list")
def list_() -> None:
    """List the editions under recordings/; the one the site shows is marked with *."""
    guide = guide_of_checkout()
    for path in sorted(guide.recordings.glob("*/edition.yml")):
        listed = editions.edition(path.parent)
        mark = "*" if listed.name == guide.edition_name else " "
        base = f", settled against {listed.meta['base']}" if listed.meta.get("base") else ""
        versions = ", ".join(f"{name} {number}" for name, number in listed.versions.items())
        click.echo(f"{mark} {listed.name}: {len(listed.pages)} pages{base}; {versions}")


@edition.command()
@click.argument("name", metavar="NAME")
@click.option("--base", help="The edition to settle against; default: the one the site shows.")
@click.option("--lab", default="uml", show_default=True, help="The kind of lab it comes from.")
def new(name: str, base: str | None, lab: str) -> None:
    """Start edition NAME: the same pages, recorded with other versions.

    Its recordings are settled against those of the base edition, so that the same thing has the
    same name in both, and only facts differ. It need not have every page.

    \b
    guide edition new 2026-11-debian-13
    guide lab up --name trixie --suite trixie --nodes 2
    guide record --lab trixie --edition 2026-11-debian-13 by-hand docker
    """  # noqa: D301 click's mark for lines to keep
    guide = guide_of_checkout()
    base = base or guide.edition_name
    new_edition.start(guide.recordings, name, base=base, lab=lab)
    click.echo(f"{name} is empty, and settles against {base}: guide record --edition {name} PAGE")


@edition.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="How to print it; default: text.",
)
def compare(old: str, new: str, form: str) -> None:
    """Print what changed from edition OLD to edition NEW, page by page and block by block.

    OLD and NEW are names under recordings/, or folders. Each block is followed by the sentences
    that quote it, with the values of both editions. Exit code 0: no change, 1: some.
    """
    guide = guide_of_checkout()
    before, after = (editions.edition(_folder(guide, name)) for name in (old, new))
    changes = list(editions.compare(before, after, editions.purposes(guide.pages.values())))
    quotes = quoted.quoted_by(guide.docs, before.blocks, after.blocks, changes, after.versions)
    if form == "json":
        click.echo(report.as_json(changes, quotes))
    elif form == "markdown":
        click.echo(report.markdown(changes, quotes, before.name, after.name))
    else:
        # click takes colours off again where its output is no terminal.
        click.echo(report.text(changes, quotes, colour=sys.stdout.isatty()))
    if changes:
        raise click.exceptions.Exit(1)


@edition.command()
@click.argument("name", metavar="EDITION")
@click.option("--check", is_flag=True, help="Write nothing; fail if the list is not current.")
def changes(name: str, check: bool) -> None:
    """List what differs between EDITION and its base, each change with its cause.

    docs/changes/EDITION.yml names the causes. A change without a cause is an error, and so is a
    cause without a change. The page "What changed" is made from the list,
    recordings/EDITION/changes.yml.
    """
    guide = guide_of_checkout()
    rules = causes.read(guide.docs / "changes" / f"{name}.yml")
    old, new = (editions.edition(_folder(guide, side)) for side in (rules.old, rules.new))
    listed = made.made(old, new, rules, editions.purposes(guide.pages.values()))
    folder = made.folder(guide.recordings, rules.old, rules.new)
    path = reader.shown(folder / change_file.NAME)
    if check:
        if not made.current(folder, listed):
            raise GuideError(f"{path} is not current", fix=f"guide edition changes {name}")
        click.echo(f"{path} is current")
        return
    with writer.lock(guide.recordings):
        changed = made.write(folder, listed)
    click.echo(f"{path}: {len(listed.listed)} changes{'' if changed else ', as before'}")


def _folder(guide: Guide, name: str) -> Path:
    for folder in (guide.recordings / name, Path(name)):
        if folder.is_dir():
            return folder
    known = ", ".join(path.parent.name for path in sorted(guide.recordings.glob("*/edition.yml")))
    raise GuideError(f"there is no edition and no folder {name!r}", fix=f"one of: {known}")
