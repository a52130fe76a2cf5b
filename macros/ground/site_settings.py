"""What a project's mkdocs.yml says, read without MkDocs."""

from pathlib import Path
from typing import Any

import yaml

from macros.ground import safe_yaml
from macros.ground.errors import GuideError


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without MkDocs: tags such as !ENV are of no interest here."""


_Loader.add_multi_constructor("", lambda _loader, _tag, _node: None)


def read(path: Path) -> dict[str, Any]:
    """What a file of settings says, over what it inherits (`INHERIT`, as MkDocs has it).

    GuideError where it cannot be read, or is no mapping.
    """
    try:
        settings = safe_yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, safe_yaml.YAMLError) as error:
        raise GuideError(f"{path} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise GuideError(f"{path} is not a mapping of settings")
    if "INHERIT" not in settings:
        return settings
    base = read(path.parent / str(settings["INHERIT"]))
    extra = {**(base.get("extra") or {}), **(settings.get("extra") or {})}
    return {**base, **settings, "extra": extra}
