"""Plan: read every page and list its blocks in order, before anything is run or rendered.

A page is a Jinja template whose macros are calls. Planning renders it with macros that only note
their arguments, so it has no side effects and no recorded value can steer it.
"""

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import NamedTuple

from macros.ground import cache, commandline, conditions
from macros.ground.errors import GuideError, one_of, raise_all
from macros.ground.model import HERE, Block, Page, PageHead, machines
from macros.plan import frontmatter, hashes, unbound
from macros.plan.frontmatter import FrontMatter
from macros.plan.options import nearest

_CLUSTER = 120.0  # seconds that a block has at least on a cluster, whose programs are slow


def plan_pages(docs: Path) -> tuple[Page, ...]:
    """All pages under `docs` that have blocks, by path. GuideErrors: all that is wrong with any."""
    plans = plannable(docs)
    raise_all(list(plans.wrong.values()))
    return plans.pages


class Plans(NamedTuple):
    """The pages that can be planned and have blocks, and what is wrong with each other one.

    `partly` is what of those others could be planned, by file.
    """

    pages: tuple[Page, ...]
    wrong: Mapping[Path, GuideError]
    partly: Mapping[Path, Page]


def plannable(docs: Path) -> Plans:
    """All pages under `docs`."""
    pages: list[Page] = []
    wrong: dict[Path, GuideError] = {}
    partly: dict[Path, Page] = {}
    for source in sorted(docs.rglob("*.md")):
        page, errors = attempt(docs, source)
        if errors:
            wrong[source] = one_of(errors)
            partly |= {source: page} if page is not None else {}
        elif page is not None and page.blocks:
            pages.append(page)
    return Plans(tuple(pages), wrong, partly)


def page_key(docs: Path, source: Path) -> str:
    """The name of a page's folder in an edition: `docs/a/b.md` is `a-b`."""
    return "-".join(source.relative_to(docs).with_suffix("").parts)


def plan_page(docs: Path, source: Path) -> Page:
    """Plan one page. GuideErrors name the place of all that is wrong."""
    page, errors = attempt(docs, source)
    raise_all(errors)
    assert page is not None  # noqa: S101 nothing is wrong
    return page


def attempt(docs: Path, source: Path) -> tuple[Page | None, list[GuideError]]:
    """Plan one page as far as it goes, and all that is wrong with it, in its order.

    A page that was planned before, as it is now, is not evaluated again.
    """
    try:
        front, wrong = frontmatter.attempt(source, frontmatter.text_of(source))
    except GuideError as error:
        return None, list(error.all)
    kept = cache.entry(f"plan-{page_key(docs, source)}", [str(source), astuple(front)])
    if not wrong and kept.exists():
        planned: Page = pickle.loads(kept.read_bytes())  # noqa: S301 only `keep_only` writes it
        return planned, []
    page, errors = _planned(docs, source, front, whole=not wrong)
    if not (wrong or errors):
        cache.keep_only(kept, pickle.dumps(page))
    errors = [*wrong, *errors]
    return page, sorted(errors, key=lambda error: (error.line or 0, error.column or 0))


def _planned(
    docs: Path, source: Path, front: FrontMatter, *, whole: bool
) -> tuple[Page, list[GuideError]]:
    """The page, and what is wrong with its calls; `whole`: its front matter is to be relied on."""
    least = _CLUSTER if front.cluster else 0
    from macros.plan.collector import Collector  # noqa: PLC0415 for a page that is new or edited
    from macros.plan.templates import evaluate  # noqa: PLC0415

    collector = Collector(page_key(docs, source), source, front, least)
    errors: list[GuideError] = []
    partly: list[str] = []
    try:
        partly = [evaluate(source, front, collector.call, partly)]
    except GuideError as error:
        errors += error.all
    told = {error.line for error in errors}
    errors += [error for error in collector.errors if error.line not in told]
    errors += [error for text in partly for error in collector.astray(text)]
    blocks = [replace(block, facts=(*front.facts, *block.facts)) for block in collector.blocks]
    start = hashes.start(front) if whole else ""
    known = machines(front.nodes, outside=front.outside) if whole else None
    errors += _problems(blocks, known, front.body if errors else "")
    errors += _misplaced_steps(source, front, known)
    if not errors:  # what a call of which something is wrong may bind is not known
        errors += unbound.problems(source, blocks, (*front.setup, *front.cleanup))
    page = Page(
        key=page_key(docs, source),
        source=source,
        blocks=hashes.chained(start, blocks),
        start=start,
        **{field.name: getattr(front, field.name) for field in fields(PageHead)},
    )
    return page, errors


def for_versions(page: Page, versions: Mapping[str, str]) -> Page:
    """The page as it is where these versions run: without what is `only` for others.

    The blocks that are left hash as if no others were there.
    """
    left = [block for block in page.blocks if conditions.holds(block.only, versions)]
    if len(left) == len(page.blocks):
        return page
    return replace(page, blocks=hashes.chained(page.start, left))


def _problems(
    blocks: Iterable[Block], known: tuple[str, ...] | None, text: str
) -> Iterator[GuideError]:
    """What is wrong with blocks beside each other, and with the nodes that they name.

    `known` are the lab's, where that is sure. What is an id in the page's `text`, which is given
    where something is wrong with it, is of a call of which that has been said.
    """
    blocks = tuple(blocks)
    ids = {block.id: block for block in blocks}
    for block in blocks:
        message = _node_problem(block, known) if known is not None else ""
        message = message or _trigger_problem(block, ids, text)
        if message:
            yield GuideError(message, page=block.source, line=block.line, column=block.column)


def _misplaced_steps(
    source: Path, front: FrontMatter, known: tuple[str, ...] | None
) -> Iterator[GuideError]:
    """The steps of setup and clean-up on nodes that the lab does not have."""
    for part, steps in (("setup", front.setup), ("cleanup", front.cleanup)):
        for step in steps:
            if known is not None and step.node not in known:
                message = f"{part}: no node {step.node!r}; the page's lab has {_listed(known)}"
                yield GuideError(message, page=source, line=step.line)


def _listed(machines: tuple[str, ...]) -> str:
    return ", ".join(machines) or "none (front matter: lab: nodes:)"


def names(text: str, block_id: str) -> bool:
    """Whether a page's text gives some call this id, or a trace the id that a tap's begins with."""
    ids = re.findall(r"""\bid\s*=\s*["']([^"'\n]+)["']""", text)
    return any(f"{block_id}-".startswith(f"{other_id}-") for other_id in ids)


def is_misread(page: Page, text: str, block_id: str) -> bool:
    """Whether a page that was planned in part lacks this block for errors of the block's call."""
    return page.block(block_id) is None and names(text, block_id)


def _node_problem(block: Block, known: tuple[str, ...]) -> str:
    if block.node == HERE:
        call = commandline.call(block.command)
        traces = call is not None and (call.tool, *call.args[:1]) == ("guide", "trace")
        return "" if traces else f"block {block.id}: {HERE!r} runs `guide trace …` and nothing else"
    if block.node in known:
        return ""
    return f"block {block.id}: no node {block.node!r}; the page's lab has {_listed(known)}"


def _trigger_problem(block: Block, ids: Mapping[str, Block], text: str) -> str:
    """What is wrong with the block that a capture listens during."""
    if block.capture is None:
        return ""
    trigger = ids.get(block.capture.during)
    if trigger is None and names(text, block.capture.during):
        return ""
    if trigger is None or trigger.kind != "run":
        during = block.capture.during
        runs = {other.id: other for other in ids.values() if other.kind == "run"}
        message = f"capture {block.id} listens during {during!r}, which is not a command"
        return f"{message} of this page{nearest(during, runs)}"
    if trigger.only not in ("", block.only):
        return (
            f"capture {block.id} listens during {trigger.id}, which runs only for"
            f" {trigger.only}: put it under the same condition"
        )
    return ""
