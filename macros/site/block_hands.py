"""What a reader's hands do for a block: what its button copies, and the captures before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from macros.handson.copied import Typed


@dataclass(frozen=True, slots=True)
class Hands:
    """`typed` is None for what nobody types; `first` are the captures to be started before it."""

    typed: Typed | None
    first: Sequence[Typed] = ()

    @property
    def listens(self) -> bool:
        """Whether it is a capture."""
        return self.typed is not None and self.typed.listens

    @property
    def during(self) -> str:
        """The id of the command that a capture listens to."""
        of = self.typed.block.capture if self.typed is not None else None
        return of.during if of is not None else ""

    @property
    def waits(self) -> str:
        """Until when the copied form repeats the command, in words; "" where it does not."""
        until = self.typed.block.until if self.typed is not None else None
        if until is None:
            return ""
        return "the answer is like this one" if until.startswith("re:") else f"it says {until}"

    @property
    def values(self) -> Sequence[tuple[str, str]]:
        """The values in the command, each with the line that finds it and where that is typed."""
        if self.typed is None:
            return ()
        here = [(value.name, value.line) for value in self.typed.values]
        there = [
            (carried.name, f"on {carried.node}: {carried.line}") for carried in self.typed.carried
        ]
        return (*there, *here)

    def text(self, ran: str) -> str:
        """What the button copies; `ran` for what has no form of its own."""
        return self.typed.copied if self.typed is not None else ran
