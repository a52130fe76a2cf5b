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
    monkeypatch.setenv("COLUMNS", "400")
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


def lines_with(output: str, words: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if words in line]


def test_as_many_sentences_are_counted_as_are_listed_and_in_order(author: Author) -> None:
    output = author.review().output
    assert "2 sentences with another value" in output
    listed = lines_with(output, "docs/two-uplinks.md:")
    assert [line.split("two-uplinks.md:")[1].split(" ")[0] for line in listed] == ["146", "173"]
    # One that no change explains, for the author asks for something else, is listed as well.
    other = author.after.replace('"[2].eth.dst", same_as', '"[2].eth.src", same_as')
    assert other != author.after
    author.page.write_text(other, encoding="utf-8")
    output = author.review().output
    assert "3 sentences with another value" in output
    listed = lines_with(output, "docs/two-uplinks.md:")
    assert [line.split("two-uplinks.md:")[1].split(" ")[0] for line in listed] == [
        "146",
        "158",
        "173",
    ]


def test_captures_are_counted_whatever_they_hold(author: Author) -> None:
    """The last of three captures has a request and its reply."""
    shutil.copy(DATA / "after" / "fixed-blue.node0.box-blue.pcap", author.folder)
    assert ", 2 captures, " in author.review().output
    assert "packets" not in author.review().output.splitlines()[1]


def test_what_says_the_same_stands_apart_from_what_changed(author: Author) -> None:
    output = author.review(keys="q").output
    changed, _, same = output.partition("Sentences with the same values:")
    changed = changed.partition("Sentences with another value:")[2]
    numbers = [
        [int(line.split("two-uplinks.md:")[1].split(" ")[0]) for line in lines_with(side, ".md:")]
        for side in (changed, same)
    ]
    assert numbers == [[146, 173], sorted(numbers[1])]
    assert len(numbers[1]) > 1
    assert " -> " not in same.partition("[a]ccept")[0]


def new_page(author: Author) -> None:
    author.git("rm", "-r", "-q", "--cached", "recordings/2026-11/two-uplinks", "docs")
    author.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "none")
    author.record("counted.txt:Filter       1 ", "Filter       2 ")


@pytest.mark.parametrize("words", [(), ("--format", "markdown")])
def test_a_new_page_is_reviewed_with_its_failing_claims(
    author: Author, words: tuple[str, ...]
) -> None:
    new_page(author)
    output = author.review(*words).output
    assert "is newly recorded" in output
    (claim,) = lines_with(output, "two-uplinks.md:131: ")
    assert "claims that '2' equals 1, which is not so: " in claim
    assert claim.endswith(" of block counted")
    author.record("counted.txt:Filter       2 ", "Filter       1 ")
    assert "131: " not in author.review(*words).output


def test_a_new_page_s_failing_claims_are_shown_before_it_is_decided_on(author: Author) -> None:
    new_page(author)
    before, _, _ = author.review(keys="q").output.partition("[a]ccept")
    assert "two-uplinks.md:131: " in before


def test_a_failing_claim_whose_value_did_not_change_is_shown_too(author: Author) -> None:
    """The author changed what the page claims, and not what was recorded."""
    author.page.write_text(author.after.replace('equals="200"', 'equals="201"'), encoding="utf-8")
    wrong = "claims that '200' equals '201', which is not so"
    output = author.review().output
    assert output.count(wrong) == 1
    text = author.after.replace('+(\\\\d+)", equals=1)', '+(\\\\d+)", equals=3)')
    assert text != author.after
    author.page.write_text(text, encoding="utf-8")
    output = author.review().output
    assert "claims that do not hold, in lines with no other value (" in output
    (line,) = lines_with(output, "equals 3, which is not so")
    assert "two-uplinks.md:131: " in line
    assert "does not hold: " in author.review(keys="q").output
