"""Says how far a long work is: a bar on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress:
    """Steps one after the other; `with Progress(console) as progress:`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Bars | None = None
        if console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
            )
        self._step: str | None = None
        self._begun = 0.0
        self._said = 0.0

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._end()
        if self._bars:
            self._bars.stop()

    def step(self, what: str) -> None:
        """The last step is done; `what` begins."""
        self._end()
        self._step, self._begun, self._said = what, time.monotonic(), 0.0
        if self._bars:
            self._bars.add_task(what, total=None)
        else:
            self._print(what)

    def part(self, share: float) -> None:
        """So much of the present step is done: a share from 0 to 1."""
        if self._bars and self._bars.task_ids:
            self._bars.update(self._bars.task_ids[-1], total=1.0, completed=share)
        elif share - self._said >= 0.1 and share < 1:
            self._said = share
            self._print(f"{self._step}: {share:.0%}")

    def note(self, text: str) -> None:
        """One line that stays."""
        self._print(text)

    def _end(self) -> None:
        if self._step is None:
            return
        if self._bars:
            self._bars.update(self._bars.task_ids[-1], total=1.0, completed=1.0)
            self._bars.stop_task(self._bars.task_ids[-1])
        else:
            self._print(f"{self._step}: done in {time.monotonic() - self._begun:.1f} s")
        self._step = None

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
