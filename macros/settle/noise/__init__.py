"""The kinds of noise: values that mean nothing twice, each declared in a file of its own.

A file here declares `NOISE`; beside it stand its examples (see `macros.settle.examples`). No
list names the files: a new one is found.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping

from macros.settle.declaration import Noise

_NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))
_DECLARED: dict[Noise, str] = {
    importlib.import_module(f"{__name__}.{name}").NOISE: name for name in _NAMES
}

ALL: tuple[Noise, ...] = tuple(sorted(_DECLARED, key=lambda kind: (kind.rank, kind.name)))
"""Every kind, in the order of the reference."""
FILES: Mapping[Noise, str] = _DECLARED
"""The name of the file that declares a kind."""
_COUNTER = "counter"


def facts(words: Iterable[str]) -> frozenset[str]:
    """The names of all kinds that are facts by these words of a page: `counter` is each counter."""
    named = frozenset(words)
    counters = (kind.name for kind in ALL if kind.counts)
    return named | frozenset(counters) if _COUNTER in named else named
