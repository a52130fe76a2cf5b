"""A review of one change of an author's page: another subnet. Its counts are of what it lists."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import macros.cli.review as command
from macros.compare.change import said
from macros.ground.places import CHECKOUT as ROOT
from macros.review.item_words import below
from macros.review.items import item_of
from macros.store import sums
from macros.store.guide import Guide

DATA = ROOT / "tests" / "data" / "review" / "two-uplinks"
EDITION = "2026-11"


class Author:
    """A checkout with the page and its recordings, first under git, then with another subnet."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.page = root / "docs" / "two-uplinks.md"
        self.folder = root / "recordings" / EDITION / "two-uplinks"
        self.page.parent.mkdir(parents=True)
        self.folder.parent.mkdir(parents=True)
        shutil.copy(ROOT / "recordings" / EDITION / "edition.yml", self.folder.parent)
        sums.write(self.folder.parent)
        self.after = (DATA / "page.md").read_text(encoding="utf-8")
        self.git("init", "-q")

    def commit(self, side: str, text: str) -> None:
        self.have(side, text)
        self.git("add", "-A")
        self.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", side)

    def have(self, side: str, text: str) -> None:
        """Recordings of this side, and the page."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(DATA / side, self.folder)
        sums.write(self.folder)
        self.page.write_text(text, encoding="utf-8")

    def record(self, old: str, new: str) -> None:
        """Another answer in one of the recordings."""
        name, _, old = old.partition(":")
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        sums.write(self.folder)

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True)

    def guide(self, edition: str | None = None) -> Guide:
        return Guide(self.root / "docs", self.root / "recordings", edition or EDITION)

    def review(self, *words: str, keys: str = "") -> Result:
        words = ("--ask", *words) if keys else words
        return CliRunner().invoke(command.review, words, input=keys)


@pytest.fixture
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Author:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    author = Author(tmp_path / "checkout")
    monkeypatch.setattr(command, "guide_of_checkout", author.guide)
    author.commit("before", author.after.replace("10.9.2.", "10.7.2."))
    author.have("after", author.after)
    return author


def test_what_a_trace_caught_belongs_to_the_block_of_its_place(author: Author) -> None:
    output = author.review().output
    assert "no fact differs" not in output
    assert "1 change: 1 open" in output
    shutil.copy(DATA / "before" / "around.node0.box-blue.pcap", author.folder)
    author.record("around-node0-box-blue.txt:10.9.2.2", "10.7.2.2")
    assert "[around-node0-box-blue, " not in author.review().output


def test_a_counter_that_the_page_calls_a_fact_is_told(author: Author) -> None:
    """`ping -c 2` instead of `-c 1`: the kernel dropped one more."""
    author.record("counted.txt:Filter       1 ", "Filter       2 ")
    output = author.review().output
    assert "no fact differs" not in output
    changed = "line changed: TcpExtIPReversePathFilter 1 0.0 -> TcpExtIPReversePathFilter 2 0.0"
    assert f"  {changed}  [counted]" in output
    assert "The counter says 1 -> 2: the one request." in output
    author.page.write_text(author.after.replace(', facts="counters"', ""), encoding="utf-8")
    assert "in 1 block: counted" in author.review().output


def test_a_line_with_another_in_its_place_is_one(author: Author) -> None:
    assert "2 lines of the command of fix changed\n" in author.review().output


def test_a_script_far_below_is_no_more_one_of_the_rest() -> None:
    plain = [item_of("p", f"it {n}", [said("text", "x", f"it {n}", "a", "b")]) for n in range(3)]
    script = item_of("p", "s", [said("block", "command", "s", "a\nb", "a\nc")])
    parts = [*plain, script]
    whole = item_of("p", "all", [change for part in parts for change in part.changes], parts)
    assert list(below(whole, 2))[:3] == ["it 0", "it 1", "and 1 more"]
    assert list(below(whole, 3))[:4] == [
        "it 0",
        "it 1",
        "it 2",
        "1 line of the command of  changed:",
    ]


def test_a_claim_whose_path_changed_says_what_the_page_said_before(author: Author) -> None:
    """The next hop stands in the claim's expression, and in the page's earlier one another."""
    output = author.review().output
    assert "With it, it is blue, and the source is chosen to fit: 10.7.2.2 -> 10.9.2.2." in output
    assert "nothing ->" not in output
    author.record("mark.txt:dev blue", "dev red")
    changed = author.after.replace("dev (\\\\w+)", "dev (\\\\S+)").replace("dev blue", "dev red")
    author.page.write_text(changed, encoding="utf-8")
    assert "With it, it is blue -> red, and the source" in author.review().output


def test_a_claim_that_is_new_is_no_change(author: Author) -> None:
    new = 'The mark is {{ expect("mark", "re:fwmark (\\\\d+)|table (200)", equals="200") }}.\n'
    author.page.write_text(f"{author.after}\n{new}", encoding="utf-8")
    assert "The mark is" not in author.review().output
    other = author.after.replace('{{ expect("mark", "re:via', '{{ value("rules-after", "re:via')
    author.page.write_text(other, encoding="utf-8")
    assert "With it, it is nothing" not in author.review().output
