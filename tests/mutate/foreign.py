"""The outputs of tests/foreign as runs: each is a page with one block."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import yaml

from macros.ground.places import CHECKOUT
from tests.mutate.files import Run, load
from tests.unit.settle_support import page, recording, write

_FOREIGN = CHECKOUT / "tests" / "foreign"


@cache
def runs() -> tuple[Run, ...]:
    """One run a file; of the cases, one an input."""
    folder = Path(tempfile.mkdtemp(prefix="guide-foreign-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return tuple(
        _run(folder / f"{path.parent.name}-{path.stem}", path)
        for path in sorted(_FOREIGN.glob("*/*.yml"))
    )


def _run(folder: Path, path: Path) -> Run:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    block = recording("a", case["text"], case["command"], case.get("twin"))
    return load(page(), write(folder, [block]))
