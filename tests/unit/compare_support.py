"""Both sides of a comparison, made of real outputs with something changed in one."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from macros.compare import editions, mac_forms
from macros.compare.change import Change, joined
from macros.ground.model import Recording
from macros.ground.places import CHECKOUT as ROOT
from tests.data.records import load
from tests.unit.settle_support import recording

EDITION = ROOT / "recordings" / "2026-11"
PACKETS = ROOT / "tests" / "data" / "packets"


def words(changes: Sequence[Change]) -> list[str]:
    return [change.what for change in changes]


def between(old: Recording, new: Recording) -> list[str]:
    """What differs, in words."""
    return words(list(joined(editions.blocks(old, new, mac_forms.Forms({}, {})))))


def of(name: str) -> Recording:
    """A recorded output of tests/data/records, with its JSON where it has any."""
    return recording("a", load.text(name), load.command(name), load.twin(name))


def printed(name: str) -> Recording:
    """The same without its JSON."""
    return replace(of(name), twin=None)


def with_text(one: Recording, old: str, new: str) -> Recording:
    assert old in one.text, old
    return replace(one, text=one.text.replace(old, new, 1))


def edited(name: str, old: str, new: str) -> list[str]:
    recording = printed(name)
    return between(recording, with_text(recording, old, new))


def reordered(one: Recording, order: Callable[[list[str]], list[str]]) -> Recording:
    return replace(one, text="\n".join(order(one.text.splitlines())) + "\n")


def copy_of(folder: Path, tmp_path: Path, name: str = "new") -> Path:
    out = tmp_path / name
    shutil.copytree(folder, out)
    return out


def compared(old: Path, new: Path) -> list[Change]:
    return list(editions.compare(editions.edition(old), editions.edition(new)))


def replaced(folder: Path, old: str, new: str) -> int:
    """Replace a text in all texts and JSON of a folder; in how many files it stood."""
    count = 0
    for path in [*folder.rglob("*.txt"), *folder.rglob("*.json")]:
        text = path.read_text(encoding="utf-8")
        if old in text:
            path.write_text(text.replace(old, new), encoding="utf-8")
            count += 1
    return count


def twin_with(one: Recording, change: Callable[[Any], Any]) -> Recording:
    import copy  # noqa: PLC0415

    twin = copy.deepcopy(one.twin)
    change(twin)
    return replace(one, twin=twin)
