"""Plan: read every page and list its blocks in order, before anything is run or rendered.

A page is a Jinja template whose macros are calls. Planning renders it with macros that only note
their arguments, so it has no side effects and no recorded value can steer it.
"""

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from pathlib import Path

from macros.ground import cache, commandline, conditions
from macros.ground.errors import GuideError, raise_all
from macros.ground.model import HERE, Block, Page, machines
from macros.plan import frontmatter, hashes
from macros.plan.frontmatter import FrontMatter

_CLUSTER = 120.0  # seconds that a block has at least on a cluster, whose programs are slow


def plan_pages(docs: Path) -> tuple[Page, ...]:
    """All pages under `docs` that have blocks, by path. GuideErrors: all that is wrong with any."""
    pages, wrong = plannable(docs)
    raise_all(list(wrong.values()))
    return pages


def plannable(docs: Path) -> tuple[tuple[Page, ...], Mapping[Path, GuideError]]:
    """The pages that can be planned and have blocks, and what is wrong with each other one."""
    pages, wrong = [], {}
    for source in sorted(docs.rglob("*.md")):
        try:
            page = plan_page(docs, source)
        except GuideError as error:
            wrong[source] = error
        else:
            pages.append(page)
    return tuple(page for page in pages if page.blocks), wrong


def page_key(docs: Path, source: Path) -> str:
    """The name of a page's folder in an edition: `docs/a/b.md` is `a-b`."""
    return "-".join(source.relative_to(docs).with_suffix("").parts)


def plan_page(docs: Path, source: Path) -> Page:
    """Plan one page. GuideErrors name the place of each call that is wrong.

    A page that was planned before, as it is now, is not evaluated again.
    """
    front = frontmatter.of_file(source)
    kept = cache.entry(f"plan-{page_key(docs, source)}", [str(source), astuple(front)])
    try:
        planned: Page = pickle.loads(kept.read_bytes())  # noqa: S301 only `keep_only` writes it
    except FileNotFoundError:
        planned = _planned(docs, source, front)
        cache.keep_only(kept, pickle.dumps(planned))
    return planned


def _planned(docs: Path, source: Path, front: FrontMatter) -> Page:
    least = _CLUSTER if front.cluster else 0
    from macros.plan.collector import Collector  # noqa: PLC0415 for a page that is new or edited
    from macros.plan.templates import evaluate  # noqa: PLC0415

    collector = Collector(page_key(docs, source), source, front, least)
    evaluate(source, front, collector.call)
    raise_all(collector.errors)
    blocks = [replace(block, facts=(*front.facts, *block.facts)) for block in collector.blocks]
    start = hashes.start(front)
    raise_all(tuple(_problems(blocks, machines(front.nodes, outside=front.outside))))
    return Page(
        key=page_key(docs, source),
        source=source,
        title=front.title,
        nodes=front.nodes,
        profile=front.profile,
        needs=front.needs,
        versions=front.versions,
        setup=front.setup,
        cleanup=front.cleanup,
        blocks=hashes.chained(start, blocks),
        cluster=front.cluster,
        outside=front.outside,
        manifests=front.manifests,
        start=start,
    )


def for_versions(page: Page, versions: Mapping[str, str]) -> Page:
    """The page as it is where these versions run: without what is `only` for others.

    The blocks that are left hash as if no others were there.
    """
    left = [block for block in page.blocks if conditions.holds(block.only, versions)]
    if len(left) == len(page.blocks):
        return page
    return replace(page, blocks=hashes.chained(page.start, left))


def _problems(blocks: Iterable[Block], known: tuple[str, ...]) -> Iterator[GuideError]:
    """What is wrong with blocks beside each other, and with the nodes that they name."""
    blocks = tuple(blocks)
    ids = {block.id: block for block in blocks}
    for block in blocks:
        message = _node_problem(block, known) or _trigger_problem(block, ids)
        if message:
            yield GuideError(message, page=block.source, line=block.line, column=block.column)


def _node_problem(block: Block, known: tuple[str, ...]) -> str:
    if block.node == HERE:
        call = commandline.call(block.command)
        traces = call is not None and (call.tool, *call.args[:1]) == ("guide", "trace")
        return "" if traces else f"block {block.id}: {HERE!r} runs `guide trace …` and nothing else"
    if block.node in known:
        return ""
    names = ", ".join(known) or "none (front matter: lab: nodes:)"
    return f"block {block.id}: no node {block.node!r}; the page's lab has {names}"


def _trigger_problem(block: Block, ids: Mapping[str, Block]) -> str:
    """What is wrong with the block that a capture listens during."""
    if block.capture is None:
        return ""
    trigger = ids.get(block.capture.during)
    if trigger is None or trigger.kind != "run":
        during = block.capture.during
        return f"capture {block.id} listens during {during!r}, which is not a command of this page"
    if trigger.only not in ("", block.only):
        return (
            f"capture {block.id} listens during {trigger.id}, which runs only for"
            f" {trigger.only}: put it under the same condition"
        )
    return ""
