"""The kinds of identities: values that only name something, each declared in a file of its own.

A file here declares `IDENTITY`; beside it stand its examples (see `macros.settle.examples`). No
list names the files: a new one is found.
"""

import importlib
import pkgutil
from collections.abc import Mapping

from macros.settle.declaration import Identity

_NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))
_DECLARED: dict[Identity, str] = {
    importlib.import_module(f"{__name__}.{name}").IDENTITY: name for name in _NAMES
}

ALL: tuple[Identity, ...] = tuple(sorted(_DECLARED, key=lambda kind: (kind.rank, kind.name)))
"""Every kind, in the order of the reference."""
FILES: Mapping[Identity, str] = _DECLARED
"""The name of the file that declares a kind."""
