"""Outputs on a page: commands and captures with what they printed, and files."""

from macros.figures.markup import render, safe
from macros.ground.errors import GuideError
from macros.ground.model import Block
from macros.plan.signatures import Capture, Manifest, Observe, Run
from macros.site import block as block_html
from macros.site import unrecorded
from macros.site.block_hands import Hands
from macros.site.page_context import PageContext


def output(page: PageContext, call: Run | Capture) -> str:
    """A command or a capture; both are shown alike, what differs is the plan's."""
    block, recording = page.find(call.id)
    if not call.show:
        return ""
    if recording is None or recording.plan != block.plan:
        return absent(page, block, stale=recording is not None)
    notes = dict(call.explain or {})
    shown = [page.note(note) for note in notes.values()]
    look = block_html.Look(lines=call.lines, highlight=call.highlight, notes=notes)
    hands = Hands(page.typed.get(block.id), page.first(block.id), page.bound)
    html = block_html.figure(
        block, recording, look, page.place, page.interfaces, shown, page.bound, hands
    )
    if recording.draft:
        html = render("site/draft_mark.html") + html
    search = render("site/found.html", command=recording.ran, texts=map(safe, shown))
    return page.slot(html, search)


def observe(page: PageContext, call: Observe) -> str:
    """Nothing is shown of what drawings rest on, but it has to be there."""
    page.find(call.id)
    return ""


def absent(page: PageContext, block: Block, *, stale: bool) -> str:
    """A block that has no fresh recording."""
    planned = page.guide.holder(block.page).pages[block.page]
    if planned.needs and not stale:
        html = unrecorded.block(block, planned, page.guide.edition_name)
    else:
        state, repair = "Stale" if stale else unrecorded.STATE, f"guide record {planned.key}"
        html = block_html.absent(block, planned, state, "Record it with", repair)
    return page.slot(html, render("site/found.html", command=block.command, texts=()))


def manifest(page: PageContext, call: Manifest) -> str:
    """A file that Kubernetes is given."""
    known = dict(page.page.manifests)
    if call.name not in known:
        raise GuideError(f"front matter: manifests does not name {call.name}")
    html = block_html.manifest(call.name, known[call.name])
    return page.slot(html, render("site/found.html", command="", texts=[call.name]))
