"""Several labs at once, each in a process of its own; whatever ends this takes all of them down."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from macros.ground.errors import GuideError
from macros.ground.places import PACKAGE
from macros.lab import interrupts, state, uml
from macros.lab.tools import environment, which
from macros.store import writer
from macros.store.guide import Guide
from macros.upgrade import journal
from macros.upgrade.events import Event, Failure
from macros.upgrade.lab_tasks import Task

Heard = Callable[[Task, Event], None]
_Queue = SimpleQueue[tuple[Task, Event | None]]
_PROGRAM = "from macros.upgrade.lab_worker import main; main()"
_LAST = 3  # lines of what an unexpected end left


def names(prefix: str) -> Iterator[str]:
    """Names for labs that no lab has: "upgrade-1", "upgrade-2"."""
    taken = set(state.names())
    number = 0
    while True:
        number += 1
        if (name := f"{prefix}-{number}") not in taken:
            yield name


def remove_left(say: Callable[[str], None]) -> None:
    """Take down the labs of an upgrade that was killed: one may be in the midst of a page."""
    for name in journal.labs():
        if uml.down(name):
            say(f"lab {name}, which an interrupted upgrade left, is taken down")
    journal.keep_labs([])


def work(tasks: Sequence[Task], at_once: int, guide: Guide, heard: Heard) -> None:
    """Record the pages of all tasks into the guide's edition, so many labs at once.

    `heard` is told what happens. An error, Ctrl-C or SIGTERM ends all labs, and then this.
    """
    waiting = list(tasks)
    running: dict[str, subprocess.Popen[str]] = {}
    events: _Queue = SimpleQueue()
    journal.keep_labs([task.name for task in tasks])
    with interrupts.ended_by_signals(), _taken_down(tasks, running, guide):
        while waiting or running:
            while waiting and len(running) < at_once:
                task = waiting.pop(0)
                running[task.name] = _started(task, guide, events)
            task, event = events.get()
            if event is not None:
                heard(task, event)
                continue
            code = running.pop(task.name).wait()
            if code:
                heard(task, Event("no lab", failure=_unexpected(task, code)))


@contextmanager
def _taken_down(
    tasks: Sequence[Task], running: dict[str, subprocess.Popen[str]], guide: Guide
) -> Iterator[None]:
    """Whatever ends the block ends its processes and their labs, deaf to a second Ctrl-C."""
    try:
        yield
    finally:
        with interrupts.held():
            for process in running.values():
                process.kill()  # its page's clean-up would take minutes; the lab goes as a whole
                process.wait()
            for task in tasks:
                uml.down(task.name)
            journal.keep_labs([])
            folder = guide.recordings / guide.edition_name
            if running and folder.is_dir():
                writer.recover(folder)


def _started(task: Task, guide: Guide, events: _Queue) -> subprocess.Popen[str]:
    """The process that does a task; all that it says comes into `events`, None at its end."""
    setpriv = which("setpriv")
    if setpriv is None:
        raise GuideError("the program setpriv is missing", fix="guide doctor")
    path = os.pathsep.join([str(PACKAGE.parent), *_given("PYTHONPATH")])
    log = journal.log(task.name)
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            # Killed, even with SIGKILL, we take it with us.
            [setpriv, "--pdeathsig", "KILL", sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            env=environment(PYTHONPATH=path), start_new_session=True,
        )  # fmt: skip
    assert process.stdin is not None  # noqa: S101  both are pipes
    with process.stdin as told:
        told.write(json.dumps(_order(task, guide)) + "\n")
    threading.Thread(target=_listen, args=(task, process, events), daemon=True).start()
    return process


def _order(task: Task, guide: Guide) -> dict[str, object]:
    """What `lab_worker` is told."""
    return {
        "docs": str(guide.docs.resolve()),
        "recordings": str(guide.recordings.resolve()),
        "edition": guide.edition_name,
        "name": task.name,
        "lab": asdict(task.lab),
        "pages": [page.key for page in task.pages],
    }


def _given(name: str) -> list[str]:
    return [os.environ[name]] if os.environ.get(name) else []


def _listen(task: Task, process: subprocess.Popen[str], events: _Queue) -> None:
    assert process.stdout is not None  # noqa: S101  it is a pipe
    for line in process.stdout:
        events.put((task, Event.read(line)))
    events.put((task, None))


def _unexpected(task: Task, code: int) -> Failure:
    log = journal.log(task.name)
    last = "\n".join(_tail(log))
    return Failure(
        f"the recorder of lab {task.name} ended with {code}\n{last}".rstrip(),
        fix=f"{log} has all that it said; guide upgrade again goes on with the rest",
    )


def _tail(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST:]
