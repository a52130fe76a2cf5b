"""What a project's mkdocs.yml says, read without MkDocs."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from macros.ground import safe_yaml
from macros.ground.errors import GuideError


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without MkDocs: tags such as !ENV are of no interest here."""


_Loader.add_multi_constructor("", lambda _loader, _tag, _node: None)


@lru_cache(maxsize=4)
def _parsed(text: str) -> Any:
    """One file's settings; planning asks for them at each page, and YAML is slow to read."""
    return safe_yaml.load(text, _Loader)


def read(path: Path) -> dict[str, Any]:
    """What a file of settings says, over what it inherits (`INHERIT`, as MkDocs has it).

    GuideError where it cannot be read, or is no mapping.
    """
    try:
        settings = _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, safe_yaml.YAMLError) as error:
        raise GuideError(f"{path} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise GuideError(f"{path} is not a mapping of settings")
    if "INHERIT" not in settings:
        return {**settings}
    base = read(path.parent / str(settings["INHERIT"]))
    extra = {**(base.get("extra") or {}), **(settings.get("extra") or {})}
    return {**base, **settings, "extra": extra}
