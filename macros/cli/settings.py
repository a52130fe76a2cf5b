"""What `mkdocs.yml` says that the command line needs too."""

import os
from pathlib import Path

import yaml

from macros.ground.errors import GuideError
from macros.store.guide import ROOT, Guide


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without MkDocs: tags such as !ENV are of no interest here."""


_Loader.add_multi_constructor("", lambda _loader, _tag, _node: None)


def guide_of_checkout(edition: str | None = None, root: Path = ROOT) -> Guide:
    """The guide of this checkout; `edition` instead of the one in mkdocs.yml (extra: edition)."""
    path = root / "mkdocs.yml"
    try:
        settings = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 safe
        name = edition or os.environ.get("EDITION") or str(settings["extra"]["edition"])
    except (OSError, yaml.YAMLError, KeyError) as error:
        raise GuideError(f"{path} cannot be read: {error!r}", fix="extra: edition: NAME") from error
    return Guide(root / "docs", root / "recordings", name)
