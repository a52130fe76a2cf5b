"""The examples of a kind: what is the same to settling, and what it must tell apart.

They stand beside the kind's declaration, in the file of the same name that ends in `.yml`. Tests
run them, the reference shows them; nothing that settles reads them.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from macros.ground import safe_yaml
from macros.settle import identities, noise
from macros.settle.declaration import Example, Identity, Noise


class Examples(NamedTuple):
    """Pairs of texts, old and new."""

    same: tuple[Example, ...]
    differ: tuple[Example, ...]


def of(kind: Identity | Noise) -> Examples:
    """The examples of one kind. FileNotFoundError where nobody has written any."""
    package = identities if isinstance(kind, Identity) else noise
    path = Path(package.__path__[0]) / f"{package.FILES[kind]}.yml"
    pairs = safe_yaml.load(path.read_bytes())
    return Examples(_examples(pairs["same"]), _examples(pairs["differ"]))


def _examples(pairs: Iterable[Mapping[str, str]]) -> tuple[Example, ...]:
    return tuple((pair["old"], pair["new"]) for pair in pairs)
