"""A page followed from a fresh lab to its clean-up: typed, whatever comes, and undone."""

import tempfile
from pathlib import Path

from macros.follow import lab_in_use
from macros.follow.typed_page import OnBlock, Typist
from macros.ground.errors import GuideError
from macros.ground.model import HERE, Page, PageRecording
from macros.handson import copied
from macros.lab import ssh
from macros.lab.interrupts import ended_by_signals
from macros.lab.lab import Lab
from macros.record import here, known_state, session


def follow(lab: Lab, page: Page, recorded: PageRecording, on_block: OnBlock) -> Typist:
    """Type the page on a lab that fits it, and undo it; the typist says what came of it.

    GuideError where the lab is not fresh, or where what comes before the first command or after
    the last one fails. Whatever happens, Ctrl-C and SIGTERM too, the clean-up is run and every
    window is closed.
    """
    # What `guide trace` writes is of no use once it was compared.
    with ended_by_signals(), tempfile.TemporaryDirectory() as folder:
        return _followed(lab, page, recorded, on_block, Path(folder))


def _followed(
    lab: Lab, page: Page, recorded: PageRecording, on_block: OnBlock, folder: Path
) -> Typist:
    if lab_in_use.of_page(lab):
        raise GuideError(
            f"lab {lab.name} is prepared for {page.key} already; follow does that itself",
            page=page.source,
            fix=f"guide lab prepare {page.key} --undo --name {lab.name}, then follow it",
        )
    before = known_state.enter(lab, page)
    typist = Typist(
        page,
        recorded.blocks,
        lambda node: here.login(lab, folder) if node == HERE else ssh.login(lab, node),
    )
    lab_in_use.begin(lab, page)
    done = False
    try:
        typist.manifests()
        for step in page.setup:
            typist.step(step)
        for form in copied.of_page(page, recorded.blocks):
            on_block(form.block)
            typist.form(form)
        for step in page.cleanup:
            typist.step(step)
        if page.manifests:
            typist.tidy()
        done = True
    finally:
        typist.close()
        if not done:
            session.clean(lab, page)
        lab_in_use.end(lab)
    known_state.leave(lab, page, before)
    return typist


def prepare(lab: Lab, page: Page) -> bool:
    """Do what comes before the page's first command; False where that was done already.

    GuideError where the lab is not fresh.
    """
    if lab_in_use.of_page(lab) == page.key:
        return False
    known_state.enter(lab, page)
    try:
        session.prepare(lab, page)
    except GuideError:
        session.clean(lab, page)
        raise
    lab_in_use.begin(lab, page)
    return True


def undo(lab: Lab, page: Page) -> None:
    """Run the page's clean-up. GuideError where the lab is not as it was made then."""
    session.finish(lab, page)
    known_state.profile(lab, page, "stop")
    lab_in_use.end(lab)
    known_state.enter(lab, page)
