"""Values kept from build to build, from a committed recording of a real node."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from macros.ground.model import Recording
from macros.ground.places import CHECKOUT as ROOT
from macros.store import form
from macros.values.memory import Kept

RECORDED = ROOT / "recordings" / "2026-11" / "docker" / "before-addresses.txt"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "page").mkdir()
    return Path(shutil.copy(RECORDED, tmp_path / "page"))


def _never() -> Any:
    raise AssertionError("it was kept, and is asked for again")


def _first_line(recording: Recording) -> Callable[[], str]:
    return lambda: recording.text.split("\n")[0]


def test_a_value_is_found_once_for_all_builds(copy: Path) -> None:
    recording = form.read(copy, "")
    kept = Kept()
    value = kept.value(recording, "first", _first_line(recording))
    assert value
    assert kept.value(recording, "first", _never) == value
    kept.save()
    assert Kept().value(form.read(copy, ""), "first", _never) == value


def test_what_changed_is_looked_at_again(copy: Path) -> None:
    recording = form.read(copy, "")
    kept = Kept()
    kept.value(recording, "first", _first_line(recording))
    kept.save()
    head, _, text = copy.read_text().partition("---\n")
    copy.write_text(f"{head}---\nchanged {text}")
    changed = form.read(copy, "")
    assert Kept().value(changed, "first", _first_line(changed)).startswith("changed ")
    copy.with_suffix(".json").write_text("[]")
    assert Kept().value(form.read(copy, ""), "first", lambda: "beside JSON") == "beside JSON"


def test_only_what_json_gives_back_as_it_was_is_kept(copy: Path) -> None:
    recording = form.read(copy, "")
    kept = Kept()
    kept.value(recording, "number", lambda: 3)
    kept.value(recording, "pair", lambda: (1, 2))
    kept.value(recording, "list", lambda: [1, 2])
    kept.value(recording, "record", lambda: {"a": 1})
    kept.save()
    later = Kept()
    assert later.value(recording, "number", _never) == 3
    assert later.value(recording, "pair", _never) == (1, 2)
    assert later.value(recording, "list", lambda: [5]) == [5]
    assert later.value(recording, "record", lambda: {"b": 2}) == {"b": 2}


def test_what_one_build_asks_another_keeps_and_a_broken_store_is_none(
    copy: Path, tmp_path: Path
) -> None:
    recording = form.read(copy, "")
    cache = Kept()
    cache.value(recording, "old", lambda: "a")
    cache.save()
    two = Kept()
    two.value(recording, "new", lambda: "b")
    two.save()
    assert Kept().value(recording, "old", _never) == "a"
    assert Kept().value(recording, "new", _never) == "b"
    (kept,) = (tmp_path / "cache").glob("values-*.json")
    kept.write_text("{")
    assert Kept().value(recording, "new", lambda: "found anew") == "found anew"
