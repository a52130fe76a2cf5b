"""What `mkdocs.yml` says that the command line needs too."""

import os
from pathlib import Path
from typing import Any

import yaml

from macros.ground import project, safe_yaml
from macros.ground.errors import GuideError
from macros.store.guide import Guide


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without MkDocs: tags such as !ENV are of no interest here."""


_Loader.add_multi_constructor("", lambda _loader, _tag, _node: None)


def guide_of_checkout(edition: str | None = None, root: Path | None = None) -> Guide:
    """The guide of the project in `root`, or of the one that the current directory is in.

    `edition` instead of the one in mkdocs.yml (extra: edition). GuideError where there is no
    project, or no guide in it.
    """
    folder = project.root() if root is None else root
    path = folder / project.SETTINGS
    settings = _settings(path)
    extra = settings.get("extra") or {}
    name = edition or os.environ.get("EDITION") or extra.get("edition")
    if not name:
        raise GuideError(
            f"{path} is not a guide's settings: it does not say which edition the site shows",
            fix='add it there, such as  extra: {edition: "2026-11"}',
        )
    docs = folder / str(settings.get("docs_dir") or "docs")
    return Guide(docs, folder / str(extra.get("recordings") or "recordings"), str(name))


def _settings(path: Path) -> dict[str, Any]:
    """What a file of settings says, over what it inherits (`INHERIT`, as MkDocs has it)."""
    try:
        settings = safe_yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, safe_yaml.YAMLError) as error:
        raise GuideError(f"{path} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise GuideError(f"{path} is not a mapping of settings")
    if "INHERIT" not in settings:
        return settings
    base = _settings(path.parent / str(settings["INHERIT"]))
    extra = {**(base.get("extra") or {}), **(settings.get("extra") or {})}
    return {**base, **settings, "extra": extra}
