"""Outputs on a page: commands and captures with what they printed, files, and the page's setup."""

from html import escape

from macros.ground.errors import GuideError
from macros.ground.model import Block
from macros.plan.signatures import Capture, Manifest, Observe, Prepared, Run
from macros.site import block as block_html
from macros.site import unrecorded
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
    html = block_html.figure(block, recording, look, page.place, page.interfaces, shown, page.bound)
    search = f"<p><code>{escape(recording.ran)}</code></p>" + "".join(
        f"<p>{note}</p>" for note in shown
    )
    return page.slot(html, search)


def observe(page: PageContext, call: Observe) -> str:
    """Nothing is shown of what drawings rest on, but it has to be there."""
    page.find(call.id)
    return ""


def absent(page: PageContext, block: Block, *, stale: bool) -> str:
    """A block that has no fresh recording."""
    planned = page.guide.pages[block.page]
    if planned.needs and not stale:
        html = unrecorded.block(block, planned, page.guide.edition_name)
    else:
        state, repair = "Stale" if stale else unrecorded.STATE, f"guide record {planned.key}"
        html = block_html.absent(block, state, "Record it with", repair)
    return page.slot(html, f"<p><code>{escape(block.command)}</code></p>")


def manifest(page: PageContext, call: Manifest) -> str:
    """A file that Kubernetes is given."""
    known = dict(page.page.manifests)
    if call.name not in known:
        raise GuideError(f"front matter: manifests does not name {call.name}")
    html = block_html.manifest(call.name, known[call.name])
    return page.slot(html, f"<p>{escape(call.name)}</p>")


def prepared(page: PageContext, _: Prepared) -> str:
    """What the page's setup and clean-up ran, folded."""
    planned = page.page
    parts = []
    for name, steps in (("Before", planned.setup), ("After", planned.cleanup)):
        if steps:
            items = "".join(
                f'<li><span class="prompt">{escape(step.node)}$</span> '
                f"<pre tabindex=0><code>{escape(step.command)}</code></pre></li>"
                for step in steps
            )
            parts.append(f"<p>{name} the commands of this page:</p><ol>{items}</ol>")
    profile = (
        f"<p>Profile <code>{escape(planned.profile)}</code> is started on each node.</p>"
        if planned.profile
        else ""
    )
    html = (
        '<details class="prepared"><summary>How the lab was prepared, and cleaned</summary>'
        f"<p>{planned.nodes} {'node' if planned.nodes == 1 else 'nodes'}, fresh.</p>{profile}"
        f"{''.join(parts)}</details>"
    )
    return page.slot(html, "")
