"""What a lab's process says to the upgrade that started it: one line of JSON an event."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from macros.ground.errors import GuideError

Kind = Literal["step", "lab", "no lab", "block", "page", "failed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A GuideError on its way between processes, and into a report."""

    message: str
    position: str = ""
    node: str = ""
    command: str = ""
    fix: str = ""

    @classmethod
    def of(cls, error: GuideError) -> "Failure":
        """What an error says; of several the first."""
        first = error.all[0]
        return cls(
            first.message, first.position, first.node or "", first.command or "", first.fix or ""
        )

    def __str__(self) -> str:
        """In a line or more, as a terminal shows it."""
        lines = [f"{self.position}: {self.message}" if self.position else self.message]
        if self.command:
            shown = self.command.strip().replace("\n", "\n          ")
            lines.append(f"  command: {self.node or '?'}$ {shown}")
        elif self.node:
            lines.append(f"  node:    {self.node}")
        return "\n".join([*lines, *([f"  fix:     {self.fix}"] if self.fix else [])])


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: a lab's step began (`what`), it is up, or will not be; a block, a page.

    `seconds` is how long the lab took to start, or the page to record.
    """

    kind: Kind
    page: str = ""
    what: str = ""
    seconds: float = 0.0
    changed: bool = False
    failure: Failure | None = None

    def line(self) -> str:
        """The event as it is sent."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def read(cls, line: str) -> "Event":
        """An event that was sent."""
        values = json.loads(line)
        failure = values.pop("failure")
        return cls(**values, failure=Failure(**failure) if failure else None)
