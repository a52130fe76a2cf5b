"""`guide review` over a checkout of its own: this guide's pages and recordings, under git."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import macros.cli.review as command
from macros.ground.places import CHECKOUT as ROOT
from macros.review import dialogue
from macros.store import form, sums
from macros.store.guide import Guide
from tests.unit.compare_support import replaced

EDITION = "2026-11"
BLOCKS = {
    "by-hand": ("page", "links-before", "links-bridge"),
    "docker": ("page", "started-addresses", "started-routes", "client-routes", "talk"),
}
"""What is kept of each page: enough to differ, and quick to compare."""


class Checkout:
    """A small checkout; `run` calls `guide review` in it with keys typed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.edition = root / "recordings" / EDITION
        (root / "docs").mkdir(parents=True)
        self.edition.mkdir(parents=True)
        for page in ("by-hand", "docker"):
            shutil.copy(ROOT / "docs" / f"{page}.md", root / "docs")
            (self.edition / page).mkdir()
            for path in (ROOT / "recordings" / EDITION / page).iterdir():
                if path.name.split(".")[0] in BLOCKS[page]:
                    shutil.copy(path, self.edition / page)
            sums.write(self.edition / page)
        shutil.copy(ROOT / "recordings" / EDITION / "edition.yml", self.edition)
        sums.write(self.edition)
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "first")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout

    def guide(self, edition: str | None = None) -> Guide:
        return Guide(self.root / "docs", self.root / "recordings", edition or EDITION)

    def change(self, page: str, old: str, new: str) -> None:
        """Another answer, as the recorder would have written it."""
        assert replaced(self.edition / page, old, new)
        sums.write(self.edition / page)

    def change_much(self) -> None:
        """Three changes of one page that have nothing to do with each other."""
        self.change("docker", "172.17.0.1", "172.17.0.9")
        self.change("docker", "10.0.2.15", "10.0.2.16")
        self.change("docker", "192.168.56.10", "192.168.56.77")

    def versions(self, name: str, version: str) -> None:
        path = self.edition / "edition.yml"
        text = path.read_text(encoding="utf-8")
        before = next(line for line in text.splitlines() if line.startswith(f"  {name}:"))
        path.write_text(text.replace(before, f"  {name}: {version}"), encoding="utf-8")
        sums.write(self.edition)

    def run(self, *words: str, keys: str = "") -> Result:
        words = ("--ask", *words) if keys else words
        return CliRunner().invoke(command.review, words, input=keys)

    def changed(self) -> list[str]:
        """Files of the working tree that git sees as changed."""
        return self.git("status", "--porcelain", "--untracked-files=all").split("\n")[:-1]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checkout = Checkout(tmp_path / "checkout")
    monkeypatch.setattr(command, "guide_of_checkout", checkout.guide)
    return checkout


def test_nothing_to_review_is_said_and_well(checkout: Checkout) -> None:
    done = checkout.run()
    assert (done.exit_code, done.output) == (0, "nothing changed\n")
    done = checkout.run(keys="q")
    assert (done.exit_code, done.output) == (0, "nothing changed\n")


def test_a_change_is_said_in_words_with_the_sentence_that_quotes_it(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    done = checkout.run("docker")
    assert done.exit_code == 1
    assert "172.17.0.1/16" in done.output
    assert "172.17.0.9/16" in done.output
    assert "docker.md:" in done.output
    assert "It has the address 172.17.0.1/16 -> 172.17.0.9/16, and is DOWN" in done.output
    assert "address 172.17.0.1 -> 172.17.0.9: 3 blocks, 2 routes, 1 address" in done.output
    *_, counts, how = done.output.splitlines()
    assert counts.endswith(" open")
    assert how.startswith("with --accept: ")
    assert checkout.run("by-hand").exit_code == 0, "nothing is open on the other page"
    assert "--accept" not in checkout.run("--accept").output, "nothing is open any more"


def test_markdown_for_a_pull_request_ticks_what_is_accepted(checkout: Checkout) -> None:
    checkout.change("by-hand", '"mtu": 1500', '"mtu": 1400')
    text = checkout.run("--format", "markdown").output
    assert text.startswith("## What changed in the recordings of 2026-11, from HEAD to now\n")
    assert "- [ ] " in text
    assert "- [x] " not in text
    ticked = checkout.run("--format", "markdown", "--accept")
    assert "- [ ] " not in ticked.output
    assert "- [x] " in ticked.output
    assert ticked.exit_code == 0


def test_json_has_each_change_its_decision_and_its_quotes(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    done = checkout.run("--format", "json")
    items = json.loads(done.output)
    assert done.exit_code == 1
    assert {item["page"] for item in items} == {"docker"}
    assert {item["decision"] for item in items} == {"open"}
    changes = [change for item in items for change in item["changes"]]
    assert any(change["block"] == "started-addresses" for change in changes)
    assert any(quote["path"] == "docker0.cidr" for change in changes for quote in change["quotes"])


def test_the_same_words_are_asked_once_a_page(checkout: Checkout) -> None:
    checkout.change("by-hand", "02:00:0a:00:02:0f", "02:00:0a:00:02:aa")
    items = json.loads(checkout.run("--format", "json").output)
    words = [item["what"] for item in items]
    assert len(words) == len(set(words))
    assert max(len(item["changes"]) for item in items) > 1


def test_both_sides_stand_beside_each_other(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    done = checkout.run(keys="q")
    assert "1 of " in done.output
    assert "HEAD" in done.output
    assert "node0$ docker exec client ip route" in done.output
    beside = [line for line in done.output.splitlines() if line.count("default via 172.") == 2]
    assert beside, done.output
    assert "[a]ccept" in done.output


def test_what_was_decided_is_kept_and_the_next_review_goes_on_there(checkout: Checkout) -> None:
    checkout.change_much()
    count = len(json.loads(checkout.run("--format", "json").output))
    assert count > 2
    first = checkout.run(keys="aq")
    assert first.exit_code == 1
    assert f"docker: 1 accepted, {count - 1} open" in first.output
    second = checkout.run(keys="q")
    assert f"1 of {count}" not in second.output
    assert f"2 of {count}" in second.output
    assert f"docker: {count} accepted" in checkout.run(keys="a" * count).output
    assert checkout.run().exit_code == 0
    assert checkout.changed(), "what is accepted stays to be committed"


def test_skipping_leaves_it_open_and_back_decides_again(checkout: Checkout) -> None:
    checkout.change_much()
    count = len(json.loads(checkout.run("--format", "json").output))
    done = checkout.run(keys="s" * count)
    assert f"docker: {count} open" in done.output
    done = checkout.run(keys="rbaq")
    assert f"docker: 1 accepted, {count - 1} open" in done.output


def test_a_decision_is_about_this_very_change(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    assert checkout.run("--accept").exit_code == 0
    checkout.change("docker", "172.17.0.9", "172.17.0.8")
    assert checkout.run().exit_code == 1


def test_accepting_the_rest_of_a_page_leaves_other_pages_open(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    checkout.change("by-hand", '"mtu": 1500', '"mtu": 1400')
    done = checkout.run(keys="pq")
    assert done.exit_code == 1
    by_hand, docker = done.output.splitlines()[-2:]
    assert by_hand.startswith("by-hand: ")
    assert by_hand.endswith(" accepted")
    assert docker.startswith("docker: ")
    assert docker.endswith(" open")


def test_one_rejected_change_puts_the_whole_page_back_and_no_other(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    checkout.change("by-hand", '"mtu": 1500', '"mtu": 1400')
    count = len(json.loads(checkout.run("docker", "--format", "json").output))
    done = checkout.run("docker", keys="r" + "a" * (count - 1) + "y\n")
    assert "docker: restored; guide settle docker brings the new recordings back" in done.output
    assert done.exit_code == 0, "of this page nothing is left to decide"
    words = " ".join(checkout.run("--help").output.split())
    assert "or what was rejected is restored. 1: something is open, or rejected and not" in words
    left = checkout.changed()
    assert left
    assert all("/by-hand/" in line for line in left)
    assert not list(checkout.edition.glob(".*")), "nothing half-written"


def test_without_a_yes_nothing_is_put_back(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    before = checkout.changed()
    done = checkout.run(keys="r" + "n\n")
    assert done.exit_code == 1
    assert "nothing was restored" in done.output
    assert checkout.changed() == before


@pytest.mark.parametrize(
    ("typed", "agrees"),
    [
        *((typed, True) for typed in (["y"], ["y\n"], ["Y\r"], ["\n", "y\n"], ["x", "y"])),
        *((typed, False) for typed in (["n"], ["n\n"], ["q"], [], ["\n", "n"])),
    ],
)
def test_y_means_yes_with_and_without_enter(
    typed: list[str], agrees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal hands over at once what was typed at once."""
    keys = iter(typed)
    monkeypatch.setattr(click, "getchar", lambda: next(keys, ""))
    assert dialogue.agreed("Restore?") is agrees


def test_without_a_terminal_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """click's raw_terminal opens /dev/tty where the input is none."""

    def getchar() -> str:
        raise OSError(6, "No such device or address", "/dev/tty")

    monkeypatch.setattr(click, "getchar", getchar)
    assert dialogue.agreed("Restore?") is False


def test_with_other_versions_one_rejection_puts_the_whole_edition_back(
    checkout: Checkout,
) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    checkout.change("by-hand", '"mtu": 1500', '"mtu": 1400')
    checkout.versions("Docker", "29.0.0")
    done = checkout.run(keys="arq" + "y\n")
    assert "Docker 28.5.2 -> 29.0.0" in done.output
    assert "one edition is one set of versions" in done.output
    assert done.exit_code == 0
    assert checkout.changed() == []


def test_a_page_that_was_not_recorded_before_goes_when_it_is_rejected(checkout: Checkout) -> None:
    checkout.git("rm", "-r", "-q", "--cached", f"recordings/{EDITION}/by-hand")
    checkout.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "second")
    done = checkout.run(keys="r" + "y\n")
    assert "page by-hand is newly recorded" in done.output
    assert not (checkout.edition / "by-hand").exists()
    assert (checkout.edition / "docker").is_dir()


def test_a_new_page_that_is_recorded_again_with_other_outputs_is_open_again(
    checkout: Checkout,
) -> None:
    checkout.git("rm", "-r", "-q", "--cached", f"recordings/{EDITION}/by-hand")
    checkout.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "second")
    assert checkout.run("--accept").exit_code == 0
    page = checkout.edition / "by-hand" / "page.yml"
    text = page.read_text(encoding="utf-8")
    assert "recorded: '2" in text
    page.write_text(text.replace("recorded: '2", "recorded: '3"), encoding="utf-8")
    sums.write(checkout.edition / "by-hand")
    assert checkout.run().exit_code == 0, "only when it was recorded is another"
    checkout.change("by-hand", '"mtu": 1500', '"mtu": 1400')
    done = checkout.run()
    assert done.exit_code == 1
    assert "open" in done.output


def test_a_difference_that_is_no_fact_is_shown_all_the_same(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1/16 ", "172.17.0.1/16")
    (items,) = json.loads(checkout.run("--format", "json").output)
    assert items["what"] == (
        "no fact differs, only times, counters or other noise, in 1 block: started-addresses"
    )
    checkout.git("checkout", "-q", "--", ".")
    path = checkout.edition / "docker" / "started-addresses.txt"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("plan: ", "plan: 0", 1), encoding="utf-8")
    sums.write(checkout.edition / "docker")
    done = checkout.run()
    assert done.exit_code == 0, "the plan is no answer"
    assert done.output.startswith("no answer changed; what was asked did, so commit it: git add ")
    assert done.output.endswith(f"recordings/{EDITION}/docker\n")
    checkout.git("checkout", "-q", "--", ".")
    assert checkout.run().output == "nothing changed\n"


def test_noise_of_a_page_is_one_item(checkout: Checkout) -> None:
    for name in ("started-addresses", "started-routes", "client-routes"):
        path = checkout.edition / "docker" / f"{name}.txt"
        head, rule, text = path.read_text(encoding="utf-8").partition("\n---\n")
        path.write_text(head + rule + text.replace("\n", " \n"), encoding="utf-8")
    sums.write(checkout.edition / "docker")
    (items,) = json.loads(checkout.run("--format", "json").output)
    assert items["what"].endswith(
        "in 3 blocks: client-routes, started-addresses and started-routes"
    )


def test_another_revision_and_one_that_there_is_not(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    checkout.git("add", "-A")
    checkout.git("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-q", "-m", "second")
    assert checkout.run().exit_code == 0
    assert checkout.run("--base", "HEAD~1").exit_code == 1
    done = checkout.run("--base", "no-such")
    assert "git cannot read 'no-such'" in str(done.exception)


def test_two_editions_are_reviewed_alike_and_nothing_is_put_back(checkout: Checkout) -> None:
    shutil.copytree(checkout.edition, checkout.edition.with_name("old"))
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    before = checkout.changed()
    done = checkout.run("--against", "old", keys="rq")
    assert done.exit_code == 1
    assert "docker: 1 rejected" in done.output
    assert "Restore the earlier" not in done.output
    assert checkout.changed() == before
    assert checkout.run("--against", "old", "--accept", "--again").exit_code == 0


def test_a_page_that_does_not_exist_is_named(checkout: Checkout) -> None:
    assert "no page 'dokcer'; did you mean docker?" in str(checkout.run("dokcer").exception)


def test_at_a_terminal_one_key_decides(checkout: Checkout) -> None:
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    count = len(json.loads(checkout.run("--format", "json").output))
    script = (
        "from pathlib import Path; import macros.cli.review as r\n"
        "from macros.store.guide import Guide\n"
        f"root = Path({str(checkout.root)!r})\n"
        f"r.guide_of_checkout = lambda _e: Guide(root/'docs', root/'recordings', {EDITION!r})\n"
        "r.review()"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-c", script], env)
    screen = b""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.3)[0]:
            # click throws away what was typed before it listens: type again when all is still.
            os.write(terminal, b"a")
            continue
        try:
            screen += os.read(terminal, 65536)
        except OSError:  # the terminal's other end is closed
            break
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, screen.decode(errors="replace")
    assert screen.count(b"[q]uit") == count
    assert f"docker: {count} accepted".encode() in screen


def test_restored_recordings_are_those_of_git_byte_by_byte(checkout: Checkout) -> None:
    path = checkout.edition / "docker" / "page.yml"
    meta = path.read_text(encoding="utf-8")
    checkout.change("docker", "172.17.0.1", "172.17.0.9")
    path.write_text(form.dump_yaml({"recorded": "later"}) + meta, encoding="utf-8")
    sums.write(checkout.edition / "docker")
    checkout.run(keys="r" + "y\n")
    assert checkout.changed() == []
