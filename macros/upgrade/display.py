"""How far the labs of an upgrade are: a line for each lab on a terminal, plain lines elsewhere."""

import time
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from macros.upgrade.events import Event
from macros.upgrade.lab_tasks import Task

_OFTEN = 15.0  # seconds between two plain lines of one page


class Display:
    """Told of every event; `with display.shown():` around that."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: dict[str, TaskID] = {}
        self._blocks: dict[str, int] = {}
        self._said: dict[str, float] = {}
        self._progress: Progress | None = None
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(),
                TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn(),
                console=console, transient=True,
            )  # fmt: skip

    def shown(self) -> AbstractContextManager[object]:
        """Show bars for as long as the block lasts, where there is a terminal."""
        return self._progress or nullcontext()

    def on(self, task: Task, event: Event) -> None:
        """Show an event of a task; what stays is one line for each lab and page."""
        if self._progress:
            self._bar(self._progress, task, event)
        elif event.kind == "step":
            self.note(event.what)
        elif event.kind == "block":
            self._count(task, event)
        if event.kind == "lab":
            self.note(f"lab {task.name} is up in {event.seconds:.1f} s")
        elif event.kind == "page":
            what = "recorded" if event.changed else "recorded, unchanged"
            self.note(f"{event.page}: {what} in {event.seconds:.1f} s")
        elif event.kind in ("failed", "no lab"):
            who = event.page or f"lab {task.name} ({', '.join(page.key for page in task.pages)})"
            reason = event.failure.message.splitlines()[0] if event.failure else ""
            self.note(f"{who}: not recorded: {reason}")

    def note(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _count(self, task: Task, event: Event) -> None:
        """How far a page is, now and then, where there is no bar."""
        done = self._blocks[event.page] = self._blocks.get(event.page, 0) + 1
        if time.monotonic() - self._said.setdefault(event.page, time.monotonic()) > _OFTEN:
            self._said[event.page] = time.monotonic()
            of = next((len(page.blocks) for page in task.pages if page.key == event.page), 0)
            self.note(f"{event.page}: {done} of {of} blocks, now {event.what}")

    def _bar(self, progress: Progress, task: Task, event: Event) -> None:
        if task.name not in self._bars:
            blocks = sum(len(page.blocks) for page in task.pages)
            self._bars[task.name] = progress.add_task(task.name, total=blocks)
        bar = self._bars[task.name]
        if event.kind == "block":
            progress.update(bar, advance=1, description=f"{task.name}: {event.page} {event.what}")
        elif event.kind == "step":
            progress.update(bar, description=event.what)
