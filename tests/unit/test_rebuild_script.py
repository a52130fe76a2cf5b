"""`scripts/rebuild.sh` in a checkout of its own: when it pushes a branch and opens a pull request."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from macros.ground.places import CHECKOUT

GUIDE = """\
#!/bin/sh
# Stands for guide: lists editions, and upgrades to what a test says.
echo "guide $*" >>"$CALLS"
case $1 in
edition) echo "* 2026-11: 16 pages; CNI plugins 1.9.1, Kubernetes 1.36.3, Linux 7.2.13" ;;
doctor) ;;
upgrade)
  mkdir -p .cache/upgrade
  echo "# Upgrade: the report" >.cache/upgrade/report.md
  [ "$CODE" = 2 ] || { mkdir recordings/new; echo recorded >recordings/new/edition.yml; }
  exit "$CODE"
  ;;
esac
"""
GH = """\
#!/bin/sh
echo "gh $*" >>"$CALLS"
[ "$2" != view ] || exit "$NO_VIEW"
"""
GO = """\
#!/bin/sh
echo "k8s.io/kubernetes v1.36.3 v1.37.0-beta.1 $NEWEST v1.9.11"
"""


class Place:
    """A checkout with a remote, and programs that note what they are called with."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root / "checkout", root / "calls"
        (self.root / "scripts").mkdir(parents=True)
        for name in ("rebuild.sh", "packages.sh"):
            shutil.copy(CHECKOUT / "scripts" / name, self.root / "scripts" / name)
        for name, text in ((".venv/bin/guide", GUIDE), ("../bin/gh", GH), ("../bin/go", GO)):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        (self.root / "recordings").mkdir()
        (self.root / "recordings/kept").touch()
        (self.root / ".gitignore").write_text(".venv\n.cache\n", encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "T")
        self.git("config", "user.email", "t@t")
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "first")
        self.git("init", "--quiet", "--bare", str(root / "remote"))
        self.git("remote", "add", "origin", str(root / "remote"))

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root.parent}/bin:{os.environ['PATH']}"
        told = {"CODE": "1", "NO_VIEW": "1", "NEWEST": "v1.37.2", **environment}
        return subprocess.run(
            [self.root / "scripts/rebuild.sh", *words], cwd="/", capture_output=True, text=True,
            check=False, env={**os.environ, "PATH": path, "CALLS": str(self.calls), **told},
        )  # fmt: skip

    @property
    def called(self) -> str:
        return self.calls.read_text(encoding="utf-8") if self.calls.exists() else ""

    @property
    def branches(self) -> str:
        return self.git("ls-remote", "--heads", "origin")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_changed_fact_becomes_a_pull_request_with_the_new_edition_only(place: Place) -> None:
    done = place.run("kubernetes=v1.34.4")
    assert done.returncode == 0, done.stderr
    assert "guide upgrade kubernetes=v1.34.4 --report .cache/upgrade/report.md" in place.called
    assert "gh pr create --head upgrade/new --title Upgrade: kubernetes=v1.34.4" in place.called
    assert "refs/heads/upgrade/new" in place.branches
    changed = place.git("diff", "--name-only", "main", "upgrade/new")
    assert changed.split() == ["recordings/new/edition.yml"]


def test_an_open_pull_request_gets_the_new_report(place: Place) -> None:
    assert place.run("kubernetes=v1.34.4", NO_VIEW="0").returncode == 0
    assert "gh pr edit upgrade/new" in place.called
    assert "gh pr create" not in place.called


@pytest.mark.parametrize("code", ["0", "2"])
def test_nothing_changed_and_nothing_done_open_none(place: Place, code: str) -> None:
    done = place.run("kubernetes=v1.34.4", CODE=code)
    assert done.returncode == int(code)
    assert "gh " not in place.called
    assert place.branches == ""


def test_without_a_name_it_is_the_newest_release_and_no_beta(place: Place) -> None:
    assert place.run().returncode == 0
    assert "guide upgrade kubernetes=v1.37.2 " in place.called


def test_a_release_that_has_an_edition_is_not_recorded_again(place: Place) -> None:
    done = place.run(NEWEST="v1.36.2")
    assert done.returncode == 0
    assert "v1.36.3, the newest, has an edition already" in done.stdout
    assert "guide upgrade" not in place.called


def test_without_gh_or_a_wish_for_one_it_says_that_facts_changed(place: Place) -> None:
    done = place.run("kubernetes=v1.34.4", PULL_REQUEST="no")
    assert done.returncode == 1
    assert "recordings/new/ is not committed" in done.stdout
    assert place.branches == ""


def test_recordings_that_are_not_committed_are_not_mixed_in(place: Place) -> None:
    (place.root / "recordings/mine").touch()
    done = place.run("kubernetes=v1.34.4")
    assert done.returncode == 2
    assert "commit it or put it back first" in done.stderr
    assert "guide upgrade" not in place.called


def test_the_report_is_shown_where_a_runner_shows_it(place: Place, tmp_path: Path) -> None:
    place.run("kubernetes=v1.34.4", CODE="2", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert (tmp_path / "summary").read_text(encoding="utf-8") == "# Upgrade: the report\n"


def test_the_workflow_only_calls_the_script_and_actions_of_github(place: Place) -> None:
    text = (CHECKOUT / ".github/workflows/rebuild.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert {name.split("@")[0] for name in used} == {
        "actions/checkout", "actions/cache/restore", "actions/cache/save",
    }  # fmt: skip
    runs = "\n".join(step["run"] for step in job["steps"] if "run" in step)
    assert "scripts/rebuild.sh $VERSIONS" in runs
    assert (place.root / "scripts/rebuild.sh").stat().st_mode & 0o100
