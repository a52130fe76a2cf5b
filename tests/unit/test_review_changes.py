"""The committed list of what changed between two editions, and what it takes to make one."""

import re
import shutil
from pathlib import Path

import pytest

from macros.compare import editions
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT as ROOT
from macros.review import causes, change_file, change_list
from macros.store import sums
from tests.unit.compare_support import replaced

RECORDINGS = ROOT / "recordings"
LISTS = sorted(path.parent.name for path in RECORDINGS.glob(f"*/{change_file.NAME}"))
DEBIAN_13 = "2026-11-debian-13"


def rules(name: str) -> causes.Causes:
    return causes.read(ROOT / "docs" / "changes" / f"{name}.yml")


def made(found: causes.Causes, recordings: Path = RECORDINGS) -> change_file.Changes:
    old, new = (editions.edition(recordings / name) for name in (found.old, found.new))
    return change_list.made(old, new, found)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both editions of one page, where they may be changed."""
    out = tmp_path_factory.mktemp("recordings")
    for name in (DEBIAN_13, "2026-11"):
        shutil.copytree(RECORDINGS / name / "by-hand", out / name / "by-hand")
        for file in ("edition.yml", change_file.NAME):
            if (RECORDINGS / name / file).is_file():
                shutil.copy(RECORDINGS / name / file, out / name)
        sums.write(out / name)
    return out


def written(tmp_path: Path, text: str) -> causes.Causes:
    path = tmp_path / "causes.yml"
    path.write_text(f"old: {DEBIAN_13}\nnew: 2026-11\ncauses:\n{text}", encoding="utf-8")
    return causes.read(path)


BY_HAND = """
- cause: iproute2
  why: It prints more.
  changes: [{kind: links}]
- cause: conntrack
  why: Its own version.
  changes: [{what: conntrack v}]
"""


def test_there_is_a_list_of_every_edition_that_has_a_base() -> None:
    based = [
        path.parent.name
        for path in RECORDINGS.glob("*/edition.yml")
        if editions.edition(path.parent).meta.get("base")
    ]
    assert sorted(based) == LISTS
    assert DEBIAN_13 in LISTS


@pytest.mark.parametrize("name", LISTS)
def test_the_committed_list_is_what_comparing_and_the_causes_give(name: str) -> None:
    ruleset = made(rules(name))
    assert change_list.current(RECORDINGS / name, ruleset), f"guide edition changes {name}"


@pytest.mark.parametrize("name", LISTS)
def test_every_change_has_a_cause_whose_version_differs(name: str) -> None:
    file = change_file.load(RECORDINGS, name)
    old, new = (editions.edition(RECORDINGS / edition).versions for edition in (file.old, file.new))
    assert file.listed
    for change in file.listed:
        cause, why = file.whys[change.why]
        assert old[cause] != new[cause]
        assert len(why) > 15, change


def test_debian_13_differs_in_chains_and_in_the_form_of_macs_by_docker() -> None:
    file = change_file.load(RECORDINGS, DEBIAN_13)
    by_docker = {change.what for change in file.listed if file.whys[change.why][0] == "Docker"}
    assert "MACs of containers: from 02:42 + address to random" in by_docker
    assert "chain DOCKER-FORWARD new, with 4 rules" in by_docker
    assert any("PREROUTING (raw)" in what and "-j DROP" in what for what in by_docker)
    assert {cause for cause, _ in file.whys} >= {"Docker", "iproute2"}


@pytest.mark.parametrize("name", LISTS)
def test_the_page_shows_the_changes_of_every_page(name: str) -> None:
    text = (ROOT / "docs" / "changes.md").read_text(encoding="utf-8")
    changed = {change.page for change in change_file.load(RECORDINGS, name).listed}
    recorded = {path.parent.name for path in (RECORDINGS / name).glob("*/page.yml")}
    shown = set(re.findall(rf'changes\("{re.escape(name)}", "([^"]+)"\)', text))
    # Of a page in which nothing changed it is said too.
    assert changed <= shown <= recorded


def test_a_change_that_nothing_explains_is_named(copied: Path, tmp_path: Path) -> None:
    assert made(written(tmp_path, BY_HAND), copied).listed
    only = BY_HAND.partition("- cause: conntrack")[0]
    with pytest.raises(GuideError, match=r"by-hand#tracked \[text\] line changed: conntrack v1"):
        made(written(tmp_path, only), copied)


def test_an_explanation_of_nothing_is_named(copied: Path, tmp_path: Path) -> None:
    idle = "- cause: Docker\n  why: No reason.\n  changes: [{kind: rules}]\n"
    with pytest.raises(GuideError, match="no change has this cause any longer: Docker"):
        made(written(tmp_path, BY_HAND + idle), copied)


def test_what_has_the_same_version_in_both_is_no_cause(copied: Path, tmp_path: Path) -> None:
    text = BY_HAND.replace("cause: iproute2", "cause: Linux")
    with pytest.raises(GuideError, match="Linux is not a cause: its version is the same in both"):
        made(written(tmp_path, text), copied)


@pytest.mark.parametrize(
    "text",
    [
        "- cause: Docker\n  why: x\n",
        "- cause: Docker\n  why: x\n  changes: [{}]\n",
        "- cause: Docker\n  why: x\n  changes: [{colour: red}]\n",
        "- cause: Docker\n  why: x\n  changes: [{what: '('}]\n",
        "- cause: Docker\n  whys: x\n  changes: [{what: x}]\n",
        "- [\n",
        "- cause: Docker\n  why: x\n  changes: [{what: x}]\nfirst: [1]\n",
        "- cause: Docker\n  why: x\n  first: 2\n  changes: [{what: x}]\n",
        2 * "- cause: Docker\n  why: x\n  first: 1\n  changes: [{what: x}]\n",
        "".join(
            f"- cause: Docker\n  why: x\n  first: {rank}\n  changes: [{{what: x}}]\n"
            for rank in range(1, 7)
        ),
    ],
)
def test_a_file_that_is_no_list_of_causes_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(GuideError, match="is not a list of causes"):
        written(tmp_path, text)


def test_a_list_older_than_its_recordings_is_refused(copied: Path, tmp_path: Path) -> None:
    made_changes = made(written(tmp_path, BY_HAND), copied)
    recordings = tmp_path / "recordings"
    shutil.copytree(copied, recordings)
    where = change_list.folder(recordings, made_changes.old, made_changes.new)
    assert where.name == DEBIAN_13, "the list is with the edition that has a base"
    change_list.write(where, made_changes)
    assert not change_list.write(where, made_changes), "written once"
    assert change_file.load(recordings, DEBIAN_13) == made_changes
    assert not list(sums.problems(where))
    assert replaced(recordings / "2026-11" / "by-hand", "mtu 1500", "mtu 1400")
    sums.write(recordings / "2026-11" / "by-hand")
    with pytest.raises(GuideError, match="older than the recordings") as caught:
        change_file.load(recordings, DEBIAN_13)
    assert caught.value.fix == f"guide edition changes {DEBIAN_13}"
