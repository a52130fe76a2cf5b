"""Record one page: setup, blocks in order with their captures, clean-up; all into one folder."""

import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from macros.ground import awaited, json_text
from macros.ground.bindings import substitute
from macros.ground.errors import GuideError, raise_all
from macros.ground.model import HERE, Answer, Block, Page, Recording, Step
from macros.kinds.registry import twin as twin_of
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.packets import dissector, purpose
from macros.plan import hashes
from macros.plan.taps import file_words
from macros.record import failed_lines, here, known_state, moments, tcpdump
from macros.record.bind import extract
from macros.record.kept import Kept
from macros.record.output_text import decode
from macros.record.secret_values import hidden
from macros.record.troubles import at, cure
from macros.store import form

_NO_PROGRAM = 127  # exit code of a shell that finds no such command: POSIX, 2.8.2
_FAILED_LINE = "correct the line, or declare may_fail= with a text of it where that is the point"
_POLL = 0.2  # seconds between two tries of a command whose condition is awaited

Progress = Callable[[Block], None]


def record(
    lab: Lab,
    page: Page,
    folder: Path,
    progress: Progress,
    waits: tcpdump.Waits = tcpdump.silent,
) -> None:
    """Run everything on `page` and write its recordings into the empty `folder`.

    `lab` is one that the page fits (fitting.check); who records several asks before the first.
    Whatever happens, the clean-up is run. GuideError for the first thing that goes wrong, and for
    what the clean-up then leaves behind. `waits` hears what is waited for when that takes a while.
    """
    before = known_state.enter(lab, page)
    kept = Kept(folder)
    try:
        prepare(lab, page, kept)
        _blocks(lab, page, kept, progress, waits)
        kept.write()
    except GuideError as error:
        raise_all([error, *give_up(lab, page, before)])
        raise
    except BaseException as error:
        # A cluster takes its time to come to rest; whoever interrupts does not wait for that.
        for left in clean(lab, page) if page.cluster else give_up(lab, page, before):
            error.add_note(str(left))
        raise
    finally:
        kept.write()  # what there is when it fails
    finish(lab, page)
    known_state.leave(lab, page, before)
    meta = {
        "recorded": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lab": lab.kind,
        "nodes": list(page.machines),
        "start": {"all": page.start, **hashes.parts(page)},
    }
    (folder / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8", newline="\n")


def prepare(lab: Lab, page: Page, kept: Kept | None = None) -> None:
    """Run what comes before the first block. `kept` notes what secrets that makes."""
    _manifests(lab, page)
    for step in page.setup:
        printed = _step(lab, page, "setup", step)
        if kept is not None:
            kept.learn(lab, step.node, step.command, printed)


def finish(lab: Lab, page: Page) -> None:
    """Run what comes after the last block. GuideError for the first step that fails."""
    for step in page.cleanup:
        _step(lab, page, "cleanup", step)
    _no_manifests(lab, page)


def undo(lab: Lab, page: Page) -> list[GuideError]:
    """Run the clean-up on a lab that a reader used, whatever is gone already; the failed steps.

    A page's manifests are put back first: what is deleted by them is named in them.
    """
    _manifests(lab, page)
    failed: list[GuideError] = []
    for step in page.cleanup:
        try:
            _step(lab, page, "cleanup", step)
        except ssh.LostError:
            raise
        except GuideError as error:
            failed.append(error)
    _no_manifests(lab, page)
    return failed


def give_up(lab: Lab, page: Page, before: known_state.State) -> list[GuideError]:
    """Clean up behind a failure; what fails then too, and what the page leaves changed."""
    failed = clean(lab, page)
    try:
        known_state.leave(lab, page, before)
    except GuideError as error:
        # A lost lab is reset: that it answers nothing has been said.
        failed += [failure for failure in error.all if not isinstance(failure, ssh.LostError)]
    return failed


def clean(lab: Lab, page: Page) -> list[GuideError]:
    """Run the clean-up behind a failure, each step whatever became of the others; what fails."""
    failed: list[GuideError] = []
    for step in page.cleanup:
        try:
            answer = ssh.run(lab, step.node, step.command, timeout=step.timeout, lines=True)
        except GuideError:
            return failed  # a lost lab is reset, not cleaned
        if answer.exit != 0:
            printed = decode(answer.output)[-200:].strip()
            line = failed_lines.of_step("cleanup", answer, step.command)
            how = line or f"with exit code {answer.exit}"
            message = f"after this the cleanup failed too, {how}: {printed}"
            failed.append(_of_step(lab, page, step, message))
    with suppress(GuideError):
        _no_manifests(lab, page)
    return failed


def _manifests(lab: Lab, page: Page) -> None:
    """Put the page's manifests where its commands look for them: below /root of node0."""
    for name, text in page.manifests:
        path = shlex.quote(f"manifests/{name}")
        ssh.run(lab, "node0", f"mkdir -p manifests; cat >{path}", stdin=text.encode())


def _no_manifests(lab: Lab, page: Page) -> None:
    if page.manifests:
        ssh.run(lab, "node0", "rm -r manifests")


def _step(lab: Lab, page: Page, part: str, step: Step) -> str:
    deadline = time.monotonic() + step.timeout
    while True:
        answer = ssh.run(lab, step.node, step.command, timeout=step.timeout, lines=True)
        text = decode(answer.output)
        failed = failed_lines.of_step(part, answer, step.command)
        if (
            answer.exit == 0
            and not failed
            and (step.until is None or awaited.came(step.until, text))
        ):
            return text
        if step.until is None or time.monotonic() > deadline:
            wanted = f", and not {step.until!r}" if step.until else ""
            how = f": {failed}" if failed else f" with exit code {answer.exit}"
            message = f"{part} failed{how}{wanted}: {text[-300:].strip()}"
            raise _of_step(lab, page, step, message)
        time.sleep(_POLL)


def _of_step(lab: Lab, page: Page, step: Step, message: str) -> GuideError:
    mend = cure(message) or "correct the step"
    return GuideError(
        message,
        page=page.source,
        line=step.line,
        node=step.node,
        command=step.command,
        fix=f"{mend}; guide lab reset --name {lab.name} removes what it left behind",
    )


def _blocks(lab: Lab, page: Page, kept: Kept, progress: Progress, waits: tcpdump.Waits) -> None:
    bound: dict[str, str] = {}
    for block in page.blocks:
        if block.capture is None:  # a capture is recorded with its trigger
            bound |= record_block(lab, page, block, kept, bound, progress, waits)


def record_block(
    lab: Lab,
    page: Page,
    block: Block,
    kept: Kept,
    bound: Mapping[str, str],
    progress: Progress,
    waits: tcpdump.Waits = tcpdump.silent,
) -> Mapping[str, str]:
    """Run one block with the captures that listen during it; what it binds, as it is.

    What they answered is in `kept`, and not written yet.
    """
    progress(block)
    captures = [
        other
        for other in page.blocks
        if other.capture is not None and other.capture.during == block.id
    ]
    recording, listeners = _awaited(lab, block, captures, bound, waits)
    kept.add(lab, recording)
    for listener in listeners:
        progress(listener.block)
        kept.add(lab, _captured(lab, listener, kept.folder, bound))
    return recording.bound


class _NotYet(Exception):  # noqa: N818 no error yet: the block is repeated
    """An answer that is not the one that is waited for: its text, and what was waited for."""

    def __init__(self, text: str, waited: str, fix: str) -> None:
        self.text, self.waited, self.fix = text, waited, fix


def _awaited(
    lab: Lab,
    block: Block,
    captures: list[Block],
    bound: Mapping[str, str],
    waits: tcpdump.Waits,
) -> tuple[Recording, list[tcpdump.Listener]]:
    """The block's answer, and what its captures saw: of the last try, when it is repeated."""
    began = time.monotonic()
    deadline, last_word = began + block.timeout, began
    while True:
        try:
            # Fresh captures for each try: what an earlier one caused is not what the page shows.
            with tcpdump.listening(lab, captures, bound, waits) as listeners:
                recording = _run(lab, block, bound)
        except _NotYet as answer:
            if time.monotonic() > deadline:
                raise at(
                    block,
                    f"block {block.id} waited {block.timeout:g} s for {answer.waited};"
                    f" the last answer was: {answer.text[-300:].strip()}",
                    command=substitute(block.command, bound),
                    fix=answer.fix,
                ) from None
            if time.monotonic() - last_word > tcpdump.SAID_EVERY:
                last_word = time.monotonic()
                waits(f"block {block.id} waits for {answer.waited}")
            time.sleep(_POLL)
        else:
            return recording, listeners


def _run(lab: Lab, block: Block, bound: Mapping[str, str]) -> Recording:
    """One try. `_NotYet` where its answer is not the one that is waited for."""
    ran = substitute(block.script or block.command, bound)
    twin_command = twin_of(ran) if block.kind == "run" else None
    try:
        if block.node == HERE:
            pair = ssh.Pair(here.run(lab, ran, timeout=block.timeout), None)
        else:
            pair = _asked(lab, block, ran, twin_command)
    except GuideError as error:
        raise _placed(error, block, ran) from error
    text = decode(pair.answer.output)
    _judge(block, ran, pair.answer, text, bound)
    answered = pair.twin if pair.twin is not None and pair.twin.exit == 0 else None
    twin = None if answered is None else json_text.value(answered.output)
    if twin is not None and (problem := moments.differ(ran, text, twin)):
        # Where the JSON has the same records as the text, it has what `until` waits for as well.
        fix = "wait for what changes, until=, or ask for less"
        raise _NotYet(hidden(text, ran), f"text and JSON that agree ({problem})", fix)
    if block.kind == "observe":
        twin, text = json_text.value(pair.answer.output), ""
        if twin is None:
            printed = decode(pair.answer.output)[-300:].strip()
            raise at(
                block,
                f"block {block.id}: the observer printed no JSON: {printed}",
                fix="run scripts/node/observe.sh on the node by hand (guide lab ssh)",
            )
    recording = Recording(
        id=block.id,
        node=block.node,
        command=block.command,
        ran=block.command if block.script else ran,
        exit=pair.answer.exit,
        plan=block.plan,
        bound={},
        text=text,
        twin=twin,
    )
    return replace(recording, bound=extract(block, recording))


def _asked(lab: Lab, block: Block, ran: str, twin: str | None) -> ssh.Pair:
    lines = block.kind == "run"  # an observer's own lines are no page's
    return ssh.run_pair(lab, block.node, ran, twin, timeout=block.timeout, lines=lines)


def _judge(block: Block, ran: str, answer: Answer, text: str, bound: Mapping[str, str]) -> None:
    """Raise `_NotYet` for an answer that is not the one waited for, GuideError for a wrong one."""
    said = hidden(text, ran)
    if answer.exit == _NO_PROGRAM and block.expect_exit != _NO_PROGRAM:
        # It is not there the next time either.
        message = f"block {block.id} runs a command that does not exist: {said[-300:].strip()}"
        fix = "the programs of a node are those of scripts/rootfs/packages.list, and busybox's"
        raise at(block, message, command=ran, fix=fix)
    if block.until is not None and not awaited.came(substitute(block.until, bound), text):
        fix = "correct until= or give it a longer timeout="
        raise _NotYet(said, repr(block.until), fix)
    failed = failed_lines.unforeseen(block, answer, hidden(ran, ran))
    if failed and answer.exit == block.expect_exit:
        if block.until is not None:
            raise _NotYet(said, f"every line to succeed ({failed})", _FAILED_LINE)
        message = f"block {block.id}: {failed}: {said[-300:].strip()}"
        raise at(block, message, command=ran, fix=cure(text) or _FAILED_LINE)
    if answer.exit != block.expect_exit:
        before = f" (before that, {failed})" if failed else ""
        raise at(
            block,
            f"block {block.id} ended with exit code {answer.exit}, expected {block.expect_exit}"
            f"{before}: {said[-300:].strip()}",
            command=ran,
            fix=cure(text)
            or "correct the command, or declare expect_exit= where the failure is the point",
        )


def _captured(
    lab: Lab, listener: tcpdump.Listener, folder: Path, bound: Mapping[str, str]
) -> Recording:
    block = listener.block
    of = block.capture
    assert of is not None  # noqa: S101 a listener has a capture
    ran = substitute(block.command, bound)
    data = listener.finished()
    _has(block, data)
    interface = substitute(of.interface, bound)
    if of.trace:
        interface = file_words(block.netns, interface)
    elif block.netns:
        interface = f"{block.netns}-{interface}"
    path = folder / f"{of.trace or block.id}.{block.node}.{interface}.pcap"
    path.write_bytes(data)
    # tcpdump on the node prints what it would have printed live.
    answer = ssh.run(lab, block.node, "tcpdump -nn -e -r - 2>/dev/null", stdin=data)
    return Recording(
        id=block.id,
        node=block.node,
        command=block.command,
        ran=ran,
        exit=answer.exit,
        plan=block.plan,
        bound={},
        text=decode(answer.output),
        pcap=path,
    )


def _has(block: Block, pcap: bytes) -> None:
    """See that a capture has what its page says it is for."""
    if block.keep and purpose.kept(dissector.packets(pcap), block.keep) is None:
        raise at(
            block,
            f"capture {block.id} keeps {block.keep!r}, which is not among its packets",
            fix="correct keep= or filter=, or wait for it: until=",
        )


def _placed(error: GuideError, block: Block, ran: str) -> GuideError:
    return at(block, f"block {block.id}: {error.message}", command=ran, fix=error.fix)
