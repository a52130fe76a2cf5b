"""What pages of the reference show: editions, versions, the index of commands, kinds."""

from macros.figures.markup import render, safe
from macros.ground import cache
from macros.ground.errors import GuideError
from macros.ground.model import Block
from macros.plan import option_schema
from macros.plan.signatures import AllVersions, Commands, EditionVersions, Kinds, Options
from macros.plan.signatures import Changes as ChangesCall
from macros.review.change_file import Changes, load
from macros.site import changes_page, commands_index
from macros.site.page_context import PageContext, sentence


def edition_versions(page: PageContext, call: EditionVersions) -> str:
    """A table of all versions of two editions."""
    listed = _changes(page, call.edition)
    names = (listed.old, listed.new)
    old, new = (page.guide.beside(name).edition.versions for name in names)
    return page.slot(changes_page.versions(old, new, names), "")


def changes(page: PageContext, call: ChangesCall) -> str:
    """What differs on a page between two editions, in words; without a page, what to know first."""
    listed = _changes(page, call.edition)
    sides = {name: page.guide.beside(name) for name in (listed.old, listed.new)}

    def address(edition: str, key: str, block_id: str) -> str | None:
        planned = sides[edition].pages[key]
        block = planned.block(block_id)
        if block is None or not block.shown or block.kind == "observe":
            return None
        return f"{page.address(planned.source, edition)}#b-{block_id}"

    if not call.page:
        titles = {key: planned.title for key, planned in page.guide.planned.items()}
        return page.slot(changes_page.first(listed, titles, address), "")
    if call.page not in page.guide.planned:
        raise GuideError(f"there is no page {call.page!r} with blocks")
    count = len(sides[listed.new].pages[call.page].blocks)
    planned = page.guide.planned[call.page]
    return page.slot(changes_page.page(listed, planned, count, address), "")


def _changes(page: PageContext, edition: str) -> Changes:
    return load(page.guide.recordings, edition)


def all_versions(page: PageContext, _: AllVersions) -> str:
    """A table of all versions of the edition."""
    rows = [(name, [version], None) for name, version in page.guide.edition.versions.items()]
    return page.slot(render("site/versions.html", head=("what", "version"), rows=rows), "")


def commands(page: PageContext, _: Commands) -> str:
    """Every command of the guide, and the blocks that use it."""

    def ran(block: Block) -> str:
        recording = page.guide.holder(block.page).recorded(block.page).blocks.get(block.id)
        return recording.ran if recording is not None else block.command

    uses = commands_index.uses(page.guide.pages.values(), page.address, ran)
    return page.slot(commands_index.table(uses), "")


def kinds(page: PageContext, call: Kinds) -> str:
    """What settling does not take for a change."""
    if call.sort not in Kinds.KNOWN["sort"]:
        known = ", ".join(Kinds.KNOWN["sort"])
        raise GuideError(f"kinds knows no sort {call.sort!r}; it knows {known}")

    def make() -> str:
        from macros.site import identities_page  # noqa: PLC0415 one page needs what settles

        return identities_page.page(call.sort)

    return page.slot(cache.text("identities", [call.sort], make), "")


def options(page: PageContext, call: Options) -> str:
    """What a macro takes, or a mapping of the front matter."""
    rows = [
        row._replace(words=safe(sentence(" ".join(row.words.split()))))
        for row in option_schema.rows(call.of)
    ]
    what = safe(sentence(option_schema.summary(call.of).partition("\n\n")[0]))
    html = render("site/options.html", what=what, rows=rows)
    return page.slot(html, render("site/found.html", command="", texts=[row.name for row in rows]))
