"""The tool in another project than the one that it lies in: found by mkdocs.yml, or said to be none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground import project
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT
from macros.store import writer

COMMANDS = [
    ["check"],
    ["new", "a-page"],
    ["record"],
    ["record", "--stale"],
    ["review", "--no-ask"],
    ["settle"],
    ["edition", "list"],
    ["edition", "new", "2030-01"],
    ["edition", "compare", "2026-11-debian-13", "2026-11"],
    ["edition", "changes", "2026-11-debian-13"],
]


def status() -> str:
    """What git sees as changed in the tool's own checkout."""
    words = ["git", "status", "--porcelain", "--untracked-files=all", "docs", "recordings"]
    return subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout


def guide(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, with caches of its own and no EDITION."""
    environment = {name: value for name, value in os.environ.items() if name != "EDITION"}
    environment |= {
        "PYTHONPATH": str(CHECKOUT),
        "XDG_CACHE_HOME": str(folder / "user-cache"),
        "XDG_RUNTIME_DIR": str(folder),
    }
    environment.pop("GUIDE_CACHE", None)
    return subprocess.run(
        [sys.executable, "-c", "from macros.cli import main; main()", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another guide: an edition without pages, its docs in a folder of another name."""
    root = tmp_path / "other"
    (root / "text").mkdir(parents=True)
    (root / "text" / "index.md").write_text("# Home\n", encoding="utf-8")
    (root / "mkdocs.yml").write_text(
        "site_name: Another\ndocs_dir: text\nextra:\n  edition: spring\n  recordings: held\n"
        "theme:\n  name: mkdocs\n  icon: !ENV [ICON, none]\n",
        encoding="utf-8",
    )
    writer.write_edition(root / "held" / "spring", lab="uml", base="", versions={"Linux": "6.1"})
    return root


def test_check_is_of_the_project_of_the_current_directory(other: Path) -> None:
    done = guide(other, "check")
    assert (done.returncode, done.stdout) == (
        0, "0 pages, 0 blocks: all recorded, fresh, untouched\n",
    )  # fmt: skip


def test_a_folder_below_the_project_is_of_the_project(other: Path) -> None:
    below = other / "text" / "deep" / "er"
    below.mkdir(parents=True)
    done = guide(below, "edition", "list")
    assert (done.returncode, done.stdout) == (0, "* spring: 0 pages; Linux 6.1\n")


def test_a_new_page_and_a_new_edition_are_written_there(other: Path) -> None:
    before = status()
    done = guide(other, "new", "a-page")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("text/a-page.md; next:")
    assert "# A page" in (other / "text" / "a-page.md").read_text(encoding="utf-8")
    assert guide(other, "edition", "new", "summer").returncode == 0
    assert (other / "held" / "summer" / "edition.yml").is_file()
    assert status() == before


def test_a_page_that_is_there_is_never_written_over(other: Path) -> None:
    done = guide(other, "new", "text/../index")
    assert done.returncode == 1
    assert "text/index.md exists already" in done.stderr
    assert (other / "text" / "index.md").read_text(encoding="utf-8") == "# Home\n"


def test_a_page_outside_of_docs_is_refused(other: Path) -> None:
    for name in ("../outside", str(other / "outside")):
        done = guide(other, "new", name)
        assert done.returncode == 1
        assert "is not a page of this guide" in done.stderr
    assert not (other / "outside.md").exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_project_every_command_says_so_and_writes_nothing(
    tmp_path: Path, words: list[str]
) -> None:
    before = status()
    done = guide(tmp_path, *words)
    assert done.returncode == 1
    assert f"there is no mkdocs.yml in {tmp_path}, nor in any folder above it" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
    assert status() == before


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_site_that_is_not_a_guide_is_said_to_be_none(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: Plain\n", encoding="utf-8")
    done = guide(tmp_path, *words)
    assert done.returncode == 1
    assert "it does not say which edition the site shows" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mkdocs.yml"]


@pytest.mark.parametrize("text", ["- a list\n", "site_name: [\n", "\0"])
def test_settings_that_do_not_read_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mkdocs.yml").write_text(text, encoding="utf-8")
    with pytest.raises(GuideError, match=r"mkdocs\.yml"):
        guide_of_checkout(root=tmp_path)


def test_what_settings_inherit_counts(other: Path) -> None:
    inner = other / "inner"
    inner.mkdir()
    (inner / "mkdocs.yml").write_text("INHERIT: ../mkdocs.yml\nextra:\n  edition: autumn\n")
    guide = guide_of_checkout(root=inner)
    assert (guide.edition_name, guide.docs, guide.recordings) == (
        "autumn", inner / "text", inner / "held",
    )  # fmt: skip


def test_labs_need_no_project(tmp_path: Path) -> None:
    done = guide(tmp_path, "lab", "status")
    assert "mkdocs.yml" not in done.stdout + done.stderr


def test_two_checkouts_of_one_name_have_caches_of_their_own(tmp_path: Path) -> None:
    folders = [tmp_path / side / "guide" / "recordings" for side in ("one", "two")]
    assert len({project.tag(folder) for folder in folders}) == 2
    assert all(project.tag(folder).startswith("guide-") for folder in folders)
