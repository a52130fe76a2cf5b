"""The one kind of error that a person gets to see."""

from pathlib import Path


class GuideError(Exception):
    """What went wrong, where, and what to do next.

    `page` and `line` name the place in docs/, `node` and `command` what ran there, `fix` the
    command or step that repairs it. Whoever raises it gives what is known.
    """

    def __init__(
        self,
        message: str,
        *,
        page: str | Path | None = None,
        line: int | None = None,
        node: str | None = None,
        command: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.page = _near(Path(page)) if page is not None else None
        self.line = line
        self.node = node
        self.command = command
        self.fix = fix

    def __str__(self) -> str:
        place = f"{self.page}:{self.line}: " if self.page and self.line else ""
        if self.page and not self.line:
            place = f"{self.page}: "
        lines = [f"{place}{self.message}"]
        if self.command is not None:
            shown = self.command.strip().replace("\n", "\n          ")
            lines.append(f"  command: {self.node or '?'}$ {shown}")
        elif self.node is not None:
            lines.append(f"  node:    {self.node}")
        if self.fix is not None:
            lines.append(f"  to mend: {self.fix}")
        return "\n".join(lines)


def _near(path: Path) -> str:
    """A path as a person in the checkout writes it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
