"""`guide options`: what a macro takes, and a page's front matter, in a terminal."""

from collections.abc import Iterable, Iterator
from textwrap import fill

import click

from macros.plan import option_schema
from macros.plan.signatures import MACROS

_WIDTH = 100  # columns


@click.command()
@click.argument("name", nargs=-1, metavar="[MACRO]")
def options(name: tuple[str, ...]) -> None:
    """List what MACRO takes. Without MACRO, list all macros and the mappings of the front matter.

    \b
    guide options trace
    guide options front matter
    """  # noqa: D301 click's mark for lines to keep
    click.echo("\n".join(_of(" ".join(name)) if name else _all()))


def _of(name: str) -> Iterator[str]:
    """What it is for, and each option: of what, its default, and why."""
    yield from _paragraphs(option_schema.summary(name))
    for row in option_schema.rows(name):
        kind = ", ".join(part for part in (row.kind, _default(row.default)) if part)
        yield from ("", f"{row.name:<14}  {kind}")
        yield from _paragraphs(row.words, "    ")


def _default(default: str) -> str:
    return default if default in ("", "required") else f"default: {default}"


def _all() -> Iterator[str]:
    yield "Macros, each {{ NAME(...) }} on a page:"
    yield from _summaries(MACROS)
    yield from ("", "Of the front matter:")
    yield from _summaries(option_schema.KEYS)


def _summaries(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        first = " ".join(option_schema.summary(name).partition("\n\n")[0].split())
        yield fill(f"  {name:<18}{first}", _WIDTH, subsequent_indent=" " * 20)


def _paragraphs(text: str, indent: str = "") -> Iterator[str]:
    for paragraph in filter(None, text.split("\n\n")):
        words = " ".join(paragraph.split())
        yield fill(words, _WIDTH, initial_indent=indent, subsequent_indent=indent)
