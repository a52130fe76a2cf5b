"""What `mkdocs.yml` says that the command line needs too."""

import os
from pathlib import Path

from macros.ground import project, site_settings
from macros.ground.errors import GuideError
from macros.store.guide import Guide


def guide_of_checkout(edition: str | None = None, root: Path | None = None) -> Guide:
    """The guide of the project in `root`, or of the one that the current directory is in.

    `edition` instead of the one in mkdocs.yml (extra: edition). GuideError where there is no
    project, or no guide in it.
    """
    folder = project.root() if root is None else root
    path = folder / project.SETTINGS
    settings = site_settings.read(path)
    extra = settings.get("extra") or {}
    name = edition or os.environ.get("EDITION") or extra.get("edition")
    if not name:
        raise GuideError(
            f"{path} is not a guide's settings: it does not say which edition the site shows",
            fix='add it there, such as  extra: {edition: "2026-11"}',
        )
    docs = folder / str(settings.get("docs_dir") or "docs")
    return Guide(docs, folder / str(extra.get("recordings") or "recordings"), str(name))
