"""YAML of people and of other tools, read by the one loader that makes nothing but plain data."""

from collections.abc import Iterator
from typing import IO, Any

import yaml

# libyaml's loader is ten times as fast; a platform's wheel may lack it. Both are safe loaders.
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
YAMLError = yaml.YAMLError
"""What reading raises where the text is not YAML."""


def load(text: str | bytes, loader: Any = LOADER) -> Any:
    """The one document of a text. YAMLError where it is not YAML, or holds more than one.

    `loader` is a safe loader with additions of its own.
    """
    return yaml.load(text, Loader=loader)  # noqa: S506 it is safe


def load_all(text: str | IO[str]) -> Iterator[Any]:
    """The documents of a text or an open file, one after the other. YAMLError as of `load`."""
    return iter(yaml.load_all(text, Loader=LOADER))
