"""`make test-quick` runs what a change touches, the nearest first, and says what it leaves out."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import touched

FILES = {
    "macros/__init__.py": "",
    "macros/ground.py": "",
    "macros/floor.py": "def walls():\n    from macros import ground\n",
    "macros/roof.py": "from macros.floor import walls\n",
    "macros/shed.py": "",
    "tests/__init__.py": "",
    "tests/unit/test_ground.py": "import macros.ground\n",
    "tests/unit/test_roof.py": "from macros.roof import walls\n",
    "tests/unit/test_shed.py": "from macros import shed\n",
    "tests/unit/test_output.py": "TEXT = ROOT / 'tests/data/output.txt'\n",
    "tests/site/build.py": "CONFIG = ROOT / 'mkdocs.yml'\n",
    "tests/site/conftest.py": "from tests.site import build\n",
    "tests/site/test_page.py": "",
    "tests/data/output.txt": "",
    "tests/data/other.txt": "",
    "mkdocs.yml": "hooks: [macros/shed.py]\n",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def chosen(house: Path, *changed: str) -> dict[str, int]:
    steps = touched.nearness(house, changed)
    return {Path(path).stem: n for path, n in steps.items() if "/test_" in path}


def test_the_nearer_a_test_imports_a_change_the_fewer_its_steps(house: Path) -> None:
    assert chosen(house, "macros/ground.py") == {"test_ground": 1, "test_roof": 3}
    assert chosen(house, "macros/roof.py") == {"test_roof": 1}


def test_a_test_is_touched_by_itself_and_by_files_that_it_names(house: Path) -> None:
    assert chosen(house, "tests/unit/test_roof.py") == {"test_roof": 0}
    assert chosen(house, "tests/data/output.txt") == {"test_output": 1}
    assert chosen(house, "tests/data/other.txt") == {}


def test_what_mkdocs_loads_touches_the_tests_of_the_site(house: Path) -> None:
    assert chosen(house, "macros/shed.py") == {"test_shed": 1, "test_page": 4}


def test_a_package_touches_all_who_import_from_it(house: Path) -> None:
    assert {"test_ground", "test_roof", "test_shed"} <= set(chosen(house, "macros/__init__.py"))


def test_each_module_of_the_project_touches_a_test() -> None:
    modules = [path.relative_to(touched.ROOT) for path in touched.ROOT.glob("macros/**/*.py")]
    assert len(modules) > 100
    untested = [str(path) for path in modules if not chosen(touched.ROOT, path.as_posix())]
    assert untested == []


def test_changes_are_those_since_the_branch_left_main(house: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *identity, *words], cwd=house, check=True, capture_output=True)

    def changes() -> list[str]:
        return touched.changes(house, touched.branch_point(house))

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    assert changes() == []
    git("switch", "-c", "mine")
    (house / "macros/roof.py").write_text("", encoding="utf-8")
    git("commit", "-am", "committed")
    (house / "macros/shed.py").write_text("changed = True\n", encoding="utf-8")
    (house / "macros/new.py").write_text("", encoding="utf-8")
    git("switch", "main")
    assert changes() == ["macros/new.py", "macros/shed.py"]
    git("switch", "mine")
    assert changes() == ["macros/new.py", "macros/roof.py", "macros/shed.py"]


def test_pages_are_those_whose_text_or_recording_changed() -> None:
    changed = [
        "docs/ips.md",
        "docs/reference/glossary.md",
        "recordings/1/docker/a.txt",
        "README.md",
    ]
    assert touched.pages(changed) == ["docker.html", "ips.html", "reference/glossary.html"]


@pytest.mark.parametrize("late", [False, True])
def test_what_has_no_time_is_skipped_and_counted(late: bool) -> None:
    until = 0.0 if late else time.time() + 600
    test = f"{Path(__file__).relative_to(touched.ROOT)}::{test_pages_are_those_whose_text_or_recording_changed.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.touched", test],
        cwd=touched.ROOT,
        env={**os.environ, touched.VARIABLE: json.dumps(touched.Touched({}, [], until))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (5 if late else 0), done.stdout + done.stderr
    assert ("1 skipped" in done.stdout) == late
    assert ("NO TEST WAS RUN: the time was over before the first of 1" in done.stdout) == late


def test_a_run_that_a_signal_ended_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code = "import os; os.kill(os.getpid(), 15)"
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert touched.exit_code(ended.returncode) == 143
    assert "pytest was ended by SIGTERM" in capsys.readouterr().out
    assert touched.exit_code(1) == 1
    assert capsys.readouterr().out == ""
