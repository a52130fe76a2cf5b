"""A page followed from a fresh lab to its clean-up: typed, whatever comes, and undone."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from macros.follow import lab_in_use
from macros.follow.typed_page import OnBlock, Typist
from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError, one_of
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
    before = _fresh(known_state.enter, lab, page)
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
    _fresh(known_state.enter, lab, page)
    try:
        session.prepare(lab, page)
    except GuideError:
        session.clean(lab, page)
        raise
    lab_in_use.begin(lab, page)
    return True


def undo(lab: Lab, page: Page) -> bool:
    """Run the page's clean-up; False where the lab was as it was made, and in use for no page.

    What a reader typed by hand is undone too: a step may fail on what is gone already. GuideError
    where the lab is not as it was made then: what differs, and which steps failed.
    """
    if not lab_in_use.of_page(lab) and _is_fresh(lab, page):
        return False
    failed = session.undo(lab, page)
    known_state.profile(lab, page, "stop")
    lab_in_use.end(lab)
    try:
        _fresh(known_state.check, lab, page)
    except StillRunningError:
        raise
    except GuideError as error:
        raise one_of([error, *failed]) from error
    return True


class StillRunningError(GuideError):
    """The lab is as it was made, but for programs that a reader started."""


def _is_fresh(lab: Lab, page: Page) -> bool:
    try:
        known_state.check(lab, page)
    except ssh.LostError:
        raise
    except GuideError:
        return False
    return True


def _fresh(
    state: Callable[[Lab, Page], known_state.State], lab: Lab, page: Page
) -> known_state.State:
    """The state of a lab as it was made; what differs is told as a reader can mend it."""
    try:
        return state(lab, page)
    except known_state.ChangedError as error:
        raise _to_a_reader(lab, error) from error


def _to_a_reader(lab: Lab, error: known_state.ChangedError) -> GuideError:
    if programs := _started(error.differing):
        names = in_words([f"a {program}" for program in programs])
        runs, it = ("runs", "it") if len(programs) == 1 else ("run", "each")
        return StillRunningError(
            f"{names} of yours still {runs} on {error.node}",
            fix=f"end {it} with Ctrl-C in its terminal, then repeat this command",
        )
    fix = f"undo it, or {known_state.reset(lab)}, which gives fresh nodes; then repeat this command"
    return GuideError(error.message, node=error.node, fix=fix)


def _started(differing: Sequence[str]) -> Sequence[str]:
    """The programs that were started, where nothing else differs; none where something does."""
    words = [fact.split() for fact in differing]
    if any(kind not in {"process", "listening"} for _, kind, *_ in words):
        return ()
    return [name for sign, kind, name, *_ in words if (sign, kind) == ("+", "process")]
