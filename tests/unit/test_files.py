"""Files and folders that are there as a whole or not at all, and the user's cache."""

from pathlib import Path

import pytest

from macros.ground import files, locks
from macros.ground.errors import GuideError


def test_a_file_is_replaced_as_a_whole_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lab.json"
    files.write(path, "first\n")
    files.write(path, b"second\n", durable=True)
    assert path.read_text() == "second\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["lab.json"]


def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lab.json"
    files.write(path, "first\n")

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(path, "second\n", durable=True)
    assert path.read_text() == "first\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["lab.json"]


def test_a_folder_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    left = tmp_path / "parts.new"
    left.mkdir()
    (left / "of a killed process").touch()
    with files.new_folder(folder) as fresh:
        (fresh / "kernel").touch()
        assert not folder.exists()
    assert [entry.name for entry in folder.iterdir()] == ["kernel"]

    def fail() -> None:
        with files.new_folder(tmp_path / "other") as fresh:
            (fresh / "kernel").touch()
            raise GuideError("it cannot be built")

    with pytest.raises(GuideError):
        fail()
    assert [entry.name for entry in tmp_path.iterdir()] == ["parts"]


@pytest.mark.parametrize(("setting", "below"), [("/var/c", "/var/c"), ("c", "~"), ("", "~")])
def test_a_relative_cache_folder_is_ignored(
    monkeypatch: pytest.MonkeyPatch, setting: str, below: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", setting)
    expected = Path.home() / ".cache" if below == "~" else Path(below)
    assert files.user_cache() == expected / "packet-by-packet"


def test_a_locked_folder_keeps_another_out_and_holds_no_file(tmp_path: Path) -> None:
    with locks.folder_locked(tmp_path, "busy"):
        with pytest.raises(GuideError, match="busy"), locks.folder_locked(tmp_path, "busy"):
            pass
        assert not list(tmp_path.iterdir())
    with locks.folder_locked(tmp_path, "busy"):
        pass
