"""One lab of an upgrade, in a process of its own: started, its pages recorded, taken down.

It is told what to do in one line of JSON, and says what happens in one line for each event
(`events.py`). It dies with the process that started it.
"""

import json
import sys
import time
from pathlib import Path
from typing import IO

from rich.console import Console

from macros.ground.errors import GuideError
from macros.ground.model import Block, Cluster, Page
from macros.lab import uml
from macros.lab.lab import Lab
from macros.lab.progress import Progress
from macros.lab.wanted import Wanted
from macros.plan import planner
from macros.rebuild import fresh_lab, recording
from macros.store.guide import Guide
from macros.upgrade.events import Event, Failure


def main() -> None:
    """Do what the line on standard input says."""
    out = sys.stdout
    sys.stdout = sys.stderr  # no other word gets among the events
    told = json.loads(sys.stdin.readline())
    cluster = told["lab"].pop("cluster")
    lab = Wanted(**told["lab"], cluster=Cluster(**cluster) if cluster else None)
    guide = Guide(Path(told["docs"]), Path(told["recordings"]), told["edition"])
    _Worker(out, guide, told["name"], lab).record(told["pages"])


class _Told(Progress):
    """What a lab's start says of itself, as events."""

    def __init__(self, worker: "_Worker") -> None:
        super().__init__(Console(quiet=True))
        self._worker = worker

    def step(self, what: str) -> None:
        """The last step is done; `what` begins."""
        self._worker.say(Event("step", what=what))

    def part(self, share: float) -> None:
        """Nobody is told of a part of a step."""

    def note(self, text: str) -> None:
        """One line that stays."""
        self._worker.say(Event("step", what=text))


class _Worker:
    def __init__(self, out: IO[str], guide: Guide, name: str, wanted: Wanted) -> None:
        self._out, self._guide, self._name, self._wanted = out, guide, name, wanted
        self._since = time.monotonic()
        self._came_up = False

    def say(self, event: Event) -> None:
        """Tell whoever started us."""
        self._out.write(event.line())
        self._out.flush()

    def record(self, keys: list[str]) -> None:
        """Record these pages; after one that fails, the others on a fresh lab."""
        left = list(keys)
        try:
            while left:
                lab = self._start()
                if lab is None:
                    break
                left = self._on(lab, left)
        finally:
            uml.down(self._name)

    def _start(self) -> Lab | None:
        """A fresh lab, at the second try where the first fails; None, said, where that fails too.

        On a busy machine a node can be too late; a release that does not start fails twice.
        """
        for last in (False, True):
            started = time.monotonic()
            try:
                lab = fresh_lab.start(self._name, self._wanted, _Told(self), anew=self._came_up)
            except GuideError as error:
                if last:
                    self.say(Event("no lab", failure=Failure.of(error)))
                else:
                    why = error.message.splitlines()[0]
                    self.say(Event("step", what=f"lab {self._name}: once more, since {why}"))
            else:
                self._came_up = True
                self.say(Event("lab", seconds=time.monotonic() - started))
                return lab
        return None

    def _on(self, lab: Lab, keys: list[str]) -> list[str]:
        """Record on that lab as far as it goes; the pages that are left then."""
        pages = [planner.for_versions(self._guide.planned[key], lab.versions) for key in keys]
        self._since = time.monotonic()
        done: list[str] = []

        def on_page(page: Page, changed: bool) -> None:
            done.append(page.key)
            self.say(Event("page", page.key, seconds=self._lap(), changed=changed))

        try:
            recording.record(
                lab, pages, self._guide.recordings, self._guide.edition_name,
                everything=False, together=True, on_block=self._on_block, on_page=on_page,
            )  # fmt: skip
        except GuideError as error:
            failed = keys[len(done)]
            self.say(Event("failed", failed, seconds=self._lap(), failure=Failure.of(error)))
            done.append(failed)
        return keys[len(done) :]

    def _on_block(self, page: Page, block: Block) -> None:
        self.say(Event("block", page.key, what=f"{block.node} {block.id}"))

    def _lap(self) -> float:
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        return seconds
