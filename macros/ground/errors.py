"""The one kind of error that a person gets to see."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path


class GuideError(Exception):
    """What went wrong, where, and what to do next.

    `page`, `line` and `column` name the place in docs/, `node` and `command` what ran there, `fix`
    the command or step that repairs it. Whoever raises it gives what is known.
    """

    def __init__(
        self,
        message: str,
        *,
        page: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
        node: str | None = None,
        command: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.page = _near(Path(page)) if page is not None else None
        self.line = line
        self.column = column or None
        self.node = node
        self.command = command
        self.fix = fix

    @property
    def all(self) -> "tuple[GuideError, ...]":
        """The error itself; each of them where it is several at once."""
        return (self,)

    def located(self, page: Path, line: int, column: int | None = None) -> "GuideError":
        """The same with its place, unless it names a page already."""
        if self.page is not None:
            return self
        placed = copy(self)
        placed.page, placed.line, placed.column = _near(page), line, column or None
        return placed

    @property
    def position(self) -> str:
        """Page, line and column as editors and compilers write them: docs/docker.md:12:4."""
        known = (self.page, self.line, self.column if self.line else None)
        return ":".join(str(part) for part in known if part) if self.page else ""

    def __str__(self) -> str:
        lines = [f"{self.position}: {self.message}" if self.page else self.message]
        if self.command is not None:
            shown = self.command.strip().replace("\n", "\n          ")
            lines.append(f"  command: {self.node or '?'}$ {shown}")
        elif self.node is not None:
            lines.append(f"  node:    {self.node}")
        if self.fix is not None:
            lines.append(f"  fix:     {self.fix}")
        return "\n".join(lines)


class FollowsError(GuideError):
    """What is wrong because something else is, which is an error of its own: no recording."""


class ClaimError(GuideError):
    """A claim of the prose that does not hold; other errors of a page say what cannot be shown."""


class BeyondError(GuideError):
    """What a recording does not hold and a longer one may: a packet behind its last."""


class GuideErrors(GuideError):  # noqa: N818 it is several
    """Several errors, told at once: all that is wrong with a page, or with all pages.

    Whoever asks for one message or one line gets those of the first.
    """

    def __init__(self, errors: Sequence[GuideError]) -> None:
        first = errors[0]
        super().__init__(first.message, page=first.page, line=first.line, fix=first.fix)
        self.column = first.column
        self._errors = tuple(errors)

    @property
    def all(self) -> tuple[GuideError, ...]:
        """Each of them."""
        return self._errors

    def __str__(self) -> str:
        return "\n\n".join(map(str, self._errors))


def raise_all(errors: Sequence[GuideError]) -> None:
    """Raise what is there: nothing, one error, or several as one."""
    if errors:
        raise one_of(errors)


def one_of(errors: Sequence[GuideError]) -> GuideError:
    """One error, or several as one."""
    flat = [single for error in errors for single in error.all]
    return flat[0] if len(flat) == 1 else GuideErrors(flat)


def placed_on(error: GuideError, page: Path) -> GuideError:
    """The same on a page: each at the line that it names, or at the first."""
    return one_of([each.located(page, each.line or 1, each.column) for each in error.all])


def _near(path: Path) -> str:
    """A path as a person in the checkout writes it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
