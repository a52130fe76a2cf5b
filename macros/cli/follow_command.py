"""`guide follow`: a page's commands typed as a reader types them, and what was seen beside it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import click
from rich.console import Console

from macros.cli import lab_choice
from macros.cli.path_table import held_page
from macros.cli.settings import guide_of_checkout
from macros.follow import following, lab_in_use, seen_and_said
from macros.follow.typed_page import Finding, Typist
from macros.ground import block_count
from macros.ground.errors import FollowsError, GuideError
from macros.ground.model import Block, Page, Recording
from macros.handson import copied
from macros.lab.lab import Lab
from macros.rebuild import terminal
from macros.site import claims_check
from macros.store.guide import Guide

_SILENCE = 10.0
"""Seconds after which a line says how far it has come, where no bar can."""


@click.command()
@click.argument("page", metavar="PAGE")
@lab_choice.option
@click.option("--edition", help="The edition whose text is followed; default: the one shown.")
def follow(page: str, name: str | None, edition: str | None) -> None:
    """Type every command of PAGE into shells on a fresh lab, and compare what is seen.

    It types what the page's copy buttons give, captures first and in terminals of their own, and
    uses nothing else of this program on the nodes. Printed are the commands that fail, hang, or
    answer otherwise than the page says, each with its line. Exit code 1 if there is one.

    Labs of other versions are refused, or one line says so, as by `guide lab prepare`.
    """
    guide, planned = held_page(guide_of_checkout(edition), page)
    lab = lab_choice.find(name)
    if told := lab_in_use.check(lab, planned, guide.edition.versions):
        click.echo(told, err=True)
    started = time.monotonic()
    typist = _typed(guide, planned, lab)
    seconds = time.monotonic() - started
    findings = [*typist.findings, *_differences(guide, planned, typist)]
    order = {block.id: number for number, block in enumerate(planned.blocks)}
    console = Console(stderr=True, soft_wrap=True)
    for finding in sorted(findings, key=lambda difference: order[difference.block.id]):
        console.print(_line(finding), markup=False, highlight=False)
    wrong = {block_count.written(finding.block) for finding in findings}
    claims = list(_claims(guide, planned, typist))
    for error in claims:
        console.print(f"{error.position}: {error.message}", markup=False, highlight=False)
    blocks = [block for block in planned.blocks if block.id in typist.seen]
    good = len({block_count.written(block) for block in blocks} - wrong)
    seen = block_count.in_words(blocks)
    click.echo(f"{planned.key}: {good} of {seen} as the page says, in {seconds:.0f} s")
    if findings or claims:
        raise click.exceptions.Exit(1)


def _typed(guide: Guide, page: Page, lab: Lab) -> Typist:
    recorded = guide.recorded(page.key)
    total = len(copied.of_page(page, recorded.blocks))
    console = Console(stderr=True, soft_wrap=True)
    with terminal.block_bar(console) as progress:
        task = progress.add_task("preparing", total=total)
        typed, told_at = 0, time.monotonic()

        def on_block(block: Block) -> None:
            nonlocal typed, told_at
            typed += 1
            progress.update(task, advance=1, description=f"{block.node} {block.id}")
            if progress.disable and time.monotonic() - told_at > _SILENCE:
                told_at = time.monotonic()
                console.print(
                    f"{page.key}: {block.node} {block.id}, {typed} of {total}", highlight=False
                )

        return following.follow(lab, page, recorded, on_block)


def _differences(guide: Guide, page: Page, typist: Typist) -> Iterator[Finding]:
    recorded = guide.recorded(page.key)
    typist.seen = dict(seen_and_said.settled(page, recorded, typist.seen))
    yield from seen_and_said.differences(page, recorded, typist.seen)


def _claims(guide: Guide, page: Page, typist: Typist) -> Iterator[GuideError]:
    """The claims of the page that do not hold for what was seen.

    What only the tools' JSON says, and what packets say beside tcpdump's lines, was not seen.
    """
    recorded = guide.recorded(page.key).blocks
    mine = {key: output for key, output in typist.seen.items() if recorded[key].pcap is None}
    as_text = {key: replace(recorded[key], twin=None, digest="") for key in mine}
    unseen = {str(error) for error in _broken(guide, page, as_text)}
    yield from (error for error in _broken(guide, page, mine) if str(error) not in unseen)


def _broken(guide: Guide, page: Page, blocks: Mapping[str, Recording]) -> list[GuideError]:
    other = replace(guide, _pages=dict(guide._pages))  # noqa: SLF001 the same guide, one page else
    held = guide.recorded(page.key)
    other._pages[page.key] = replace(held, blocks={**held.blocks, **blocks})  # noqa: SLF001
    errors, _, _ = claims_check.page(other, page.source)
    return [error for error in errors if not isinstance(error, FollowsError)]


def _line(finding: Finding) -> str:
    block = finding.block
    position = GuideError("", page=block.source, line=block.line).position
    command = block.command.strip().replace("\n", "\n          ")
    return f"{position}: {block.id}: {finding.what}\n  command: {block.node}$ {command}"
