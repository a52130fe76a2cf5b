"""`guide paths`: what a page may quote of a recorded block, ready to paste."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import click

from macros.cli import page_names
from macros.cli.settings import guide_of_checkout
from macros.compare import report
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page
from macros.kinds import registry
from macros.plan.options import nearest
from macros.rebuild import advice
from macros.store import naming, reader, sums
from macros.store.guide import Guide
from macros.store.repair import repair
from macros.values import lookup, path_list


@click.command()
@click.argument("page", metavar="PAGE")
@click.argument("block", metavar="[BLOCK]", required=False)
@click.argument("words", nargs=-1, metavar="[WORD...]")
@click.option("--edition", help="The edition to look into; default: the one the site shows.")
@click.option("--json", "as_json", is_flag=True, help="Print an object of paths and values.")
def paths(
    page: str, block: str | None, words: Sequence[str], edition: str | None, as_json: bool
) -> None:
    """List every path that BLOCK of PAGE offers, with its value.

    With WORDs, list only paths that have them all. Without BLOCK, list the page's blocks. BLOCK can
    be a trace too: then it is each of its taps.

    \b
    guide paths docker started-addresses
    guide paths docker started-addresses docker0 mac
    """  # noqa: D301 click's mark for lines to keep
    guide, planned = held_page(replace(guide_of_checkout(edition), drafts=True), page)
    if block is None:
        for planned_block in planned.blocks:
            click.echo(f"{planned_block.id:<28} {report.short(planned_block.command, 90)}")
        return
    taps = [other.id for other in planned.blocks if other.capture and other.capture.trace == block]
    offered = {name: dict(_offered(guide, planned, name)) for name in taps or [block]}
    values = {name: _with_words(by_path, words) for name, by_path in offered.items()}
    if drafted := [name for name in offered if _is_draft(guide, planned, name)]:
        click.echo(f"from drafts of guide record --watch: {', '.join(drafted)}", err=True)
    for doubt in _doubts(guide, planned, [name for name in offered if name not in drafted]):
        click.echo(f"warning: {doubt}", err=True)
    if as_json:
        click.echo(json.dumps(values if taps else values[block], indent=1, ensure_ascii=False))
        return
    if not any(values.values()):
        raise _no_hit(block, offered, words)
    rows = [
        (_call(name, path), by_path[path]) for name, by_path in values.items() for path in by_path
    ]
    width = min(max((len(call) for call, _ in rows), default=0), 80)
    for call, value in rows:
        click.echo(f"{call:<{width}}  {report.short(value, 100)}")


def _with_words(by_path: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
    return {
        path: value
        for path, value in by_path.items()
        if all(word in f"{path} {value}" for word in words)
    }


def _no_hit(
    block: str, offered: Mapping[str, Mapping[str, str]], words: Sequence[str]
) -> GuideError:
    """What is said where no path has all the words, and which word none has."""
    texts = [f"{path} {value}" for by_path in offered.values() for path, value in by_path.items()]
    lacking = next((word for word in words if not any(word in text for text in texts)), "")
    said = repr(lacking) if lacking else " and ".join(map(repr, words))
    parts = dict.fromkeys(part for text in texts for part in re.findall(r"[\w./:-]+", text))
    parts |= dict.fromkeys(part for text in texts for part in re.findall(r"\w+", text))
    near = nearest(lacking, parts) if lacking else ""
    return GuideError(
        f"none of the {len(texts)} paths of {block} has {said}{near}",
        fix="use words of a path or of its value; without any, all are listed",
    )


def _is_draft(guide: Guide, page: Page, name: str) -> bool:
    return guide.recorded(page.key).blocks[name].draft


def _doubts(guide: Guide, page: Page, names: Sequence[str]) -> Iterator[str]:
    """Why what these blocks' recordings say may not be what a recording would: not a draft's."""
    recorded = guide.recorded(page.key)
    for name in names:
        block = page.block(name)
        if block is not None and recorded.blocks[name].plan != block.plan:
            yield f"the recording of block {name} is stale; guide check says why"
    for path, what in sums.problems(recorded.folder) if names else ():
        if path.name == sums.NAME or path.name.split(".", 1)[0] in names:
            yield f"recording {reader.shown(path)} {what}"


def page_named(pages: Mapping[str, Page], name: str) -> Page:
    """The page that a person names as `docker` or `docs/docker.md`. GuideError: there is none."""
    key = page_names.key(name)
    if key not in pages:
        raise page_names.unknown(name, pages)
    return pages[key]


def held_page(guide: Guide, name: str) -> tuple[Guide, Page]:
    """The page that a person names, in the edition that it is shown from; and that edition."""
    held = guide.holder(page_named(guide.planned, name).key)
    return held, page_named(held.pages, name)


def _offered(guide: Guide, page: Page, name: str) -> list[tuple[str, str]]:
    block = page.block(name)
    if block is None:
        error = naming.no_block(page, name, guide.recorded(page.key).blocks)
        raise GuideError(error.message, fix=f"guide paths {page.key} lists them")
    recording = guide.recorded(page.key).blocks.get(block.id)
    if recording is None:
        lacking = GuideError(f"block {name} is not recorded", fix=repair(page))
        raise advice.in_view_of_labs([lacking], {page.key: page})[0]
    if not (recording.text.strip() or recording.twin or recording.pcap):
        raise GuideError(
            f"block {name} offers no paths: it printed nothing",
            command=block.command,
            node=block.node,
            fix=registry.PRINTED_NOTHING,
        )
    try:
        record = lookup.record(recording)
    except GuideError as error:
        raise _as_text(block, error) from error
    readable = list(path_list.paths(record))
    if not readable:
        raise _as_text(block, GuideError("it has no record"))
    return readable


def _as_text(block: Block, error: GuideError) -> GuideError:
    return GuideError(
        f"block {block.id} offers no paths: {error.message}",
        command=block.command,
        node=block.node,
        fix=rf'quote its text: value("{block.id}", "re:…(\\d+)…"), a pattern with one group',
    )


def _call(block: str, path: str) -> str:
    written = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ value("{block}", "{written}") }}}}'
