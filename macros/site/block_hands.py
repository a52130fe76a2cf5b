"""What a reader's hands do for a block: what its button copies, and the captures before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from markupsafe import Markup

from macros.figures.markup import safe
from macros.ground.bindings import pieces
from macros.handson.copied import Typed
from macros.site.unbroken import keep_whole

FOLDED_FROM = 3
"""From this number on, the captures before a command are folded."""


@dataclass(frozen=True, slots=True)
class Hands:
    """`typed` is None for what nobody types; `first` are the captures to be started before it.

    `bound` are the page's values, as they were in the recording.
    """

    typed: Typed | None
    first: Sequence[Typed] = ()
    bound: Mapping[str, str] = field(default_factory=dict)

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

    @property
    def captures(self) -> Sequence[tuple[Typed, Markup]]:
        """The captures before it, each with its command as it is shown."""
        return [(typed, self._shown(typed)) for typed in self.first]

    @property
    def trace(self) -> str:
        """The trace whose captures are those before it; "" where they are of none, or few."""
        traces = {typed.block.capture.trace for typed in self.first if typed.block.capture}
        return traces.pop() if self.many and len(traces) == 1 else ""

    @property
    def many(self) -> bool:
        """Whether the captures before it are so many that they are folded."""
        return len(self.first) >= FOLDED_FROM

    def _shown(self, typed: Typed) -> Markup:
        """The command, each `$NAME` that only its copied form sets marked, with what it was."""
        command = typed.text.splitlines()[-1]
        names = [value.name for value in typed.values]
        names += [carried.name for carried in typed.carried]
        marked = []
        for piece, is_name in pieces(command, names):
            text = escape(piece)
            if is_name:
                was = escape(
                    f"{self.bound.get(piece.strip('${}'), 'another')} when it was recorded"
                )
                title = f"{was}; copy has the line that finds yours"
                text = f'<span class="own-value" title="{title}">{text}</span>'
            marked.append(text)
        return safe(keep_whole("".join(marked)))

    def text(self, ran: str) -> str:
        """What the button copies; `ran` for what has no form of its own."""
        return self.typed.copied if self.typed is not None else ran
