"""What the cache keeps is made again when any code that it may rest on changes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.ground import cache, places
from tests.unit.test_trace_page import recorded, renderer, show

ROUNDED = '    return f"{value:.1f}"'


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package, whose sources decide what is kept; it can be edited."""
    folder = tmp_path / "package"
    shutil.copytree(places.PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "PACKAGE", folder)
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    cache.code_hash.cache_clear()
    yield folder
    cache.code_hash.cache_clear()


def edit(path: Path, old: str, new: str) -> None:
    """Change a source as an editor would, seen by the next process."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    cache.code_hash.cache_clear()


def kept(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache").glob("trace-*")}


def test_a_drawing_is_made_again_when_how_numbers_are_written_changes(
    tmp_path: Path, package: Path
) -> None:
    guide = recorded(tmp_path / "guide")
    show(renderer(guide), "One request")
    first = kept(tmp_path)
    assert first
    show(renderer(guide), "One request")
    assert kept(tmp_path) == first, "nothing changed, nothing is made again"
    edit(package / "figures" / "svg.py", ROUNDED, ROUNDED.replace(".1f", ".2f"))
    show(renderer(guide), "One request")
    assert kept(tmp_path) > first


@pytest.mark.parametrize("room", ["packets", "traces", "ground", "figures"])
def test_the_code_of_every_room_counts(package: Path, room: str) -> None:
    before = cache.code_hash()
    edit(package / room / "__init__.py", '"""', '"""Edited. ')
    assert cache.code_hash() != before


def test_a_file_that_only_moves_counts_too(package: Path) -> None:
    before = cache.code_hash()
    (package / "figures" / "svg.py").rename(package / "figures" / "svg_text.py")
    cache.code_hash.cache_clear()
    assert cache.code_hash() != before
