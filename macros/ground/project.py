"""The project that is worked on: the folder with mkdocs.yml, found as git finds its root.

The tool may lie elsewhere (`places`): whatever is read of a project, and all that is written, lies
below this folder, never beside the tool.
"""

import hashlib
from pathlib import Path

from macros.ground.errors import GuideError

SETTINGS = "mkdocs.yml"

_named: Path | None = None


def root() -> Path:
    """The folder that `use` named, or the nearest one with mkdocs.yml from here up.

    GuideError where there is none.
    """
    if _named is not None:
        return _named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise GuideError(
        f"there is no {SETTINGS} in {here}, nor in any folder above it",
        fix="go into the folder of a guide, or below it",
    )


def use(folder: Path) -> None:
    """Work on the project in `folder`, wherever this process was started: MkDocs was told it."""
    global _named  # noqa: PLW0603 a process works on one project
    _named = folder


def tag(folder: Path) -> str:
    """A name for what the user's cache keeps of a folder: two checkouts never share one."""
    resolved = folder.resolve()
    digest = hashlib.sha256(str(resolved).encode()).hexdigest()[:8]
    return f"{resolved.parent.name}-{digest}"
