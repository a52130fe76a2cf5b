"""Recording a page against a machine that really answers, over SSH, and all that goes wrong."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.ground.places import CHECKOUT
from macros.lab import ssh_scripts
from macros.lab.lab import Lab
from macros.plan import frontmatter, planner
from macros.rebuild import recording
from macros.record import known_state as state
from macros.record import session, tcpdump
from macros.store import guide as guides
from macros.store import reader
from macros.store import writer as write

HEAD = "---\ntitle: T\nlab:\n  nodes: 1\n---\n"


@pytest.fixture(autouse=True)
def known_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine that runs the tests is no lab node; tests/lab checks states on real ones."""
    monkeypatch.setattr(state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class Checkout:
    """A docs and a recordings folder with one page."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.docs = folder / "docs"
        self.docs.mkdir()
        self.recordings = folder / "recordings"
        self.lab = lab
        self.source = self.docs / "page.md"

    def write(self, body: str, head: str = HEAD) -> None:
        self.source.write_text(head + body, encoding="utf-8")

    def record(self, lab: Lab | None = None) -> None:
        pages = planner.plan_pages(self.docs)
        recording.record(
            lab or self.lab,
            pages,
            self.recordings,
            "now",
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )

    def guide(self) -> guides.Guide:
        return guides.Guide(self.docs, self.recordings, "now")

    def problems(self) -> list[GuideError]:
        return list(self.guide().problems())

    def text(self, block: str) -> str:
        return self.guide().recorded("page").blocks[block].text

    def bytes(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.recordings)): path.read_bytes()
            for path in sorted(self.recordings.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab) -> Checkout:
    return Checkout(tmp_path, local_lab)


ONE = '{{ run("node0", "echo hello", id="hello") }}\n'


def test_what_was_recorded_is_replayed(checkout: Checkout) -> None:
    checkout.write(ONE)
    checkout.record()
    assert checkout.problems() == []
    assert checkout.text("hello") == "hello\n"


def test_recording_again_changes_no_byte(checkout: Checkout) -> None:
    checkout.write(ONE)
    checkout.record()
    before = checkout.bytes()
    time.sleep(1.1)  # page.yml would show another second
    checkout.record()
    assert checkout.bytes() == before


def test_noise_keeps_its_old_value_and_a_fact_shows(checkout: Checkout, tmp_path: Path) -> None:
    told = tmp_path / "told"
    line = "64 bytes from 192.168.56.11: icmp_seq=1 ttl=64 time=0.581 ms\n"
    told.write_text(line)
    checkout.write(f'{{{{ run("node0", "cat {told}", id="hello") }}}}')
    checkout.record()
    before = checkout.bytes()
    told.write_text(line.replace("0.581", "1.204"))
    checkout.record()
    assert checkout.bytes() == before
    told.write_text(line.replace("ttl=64", "ttl=63"))
    checkout.record()
    assert checkout.text("hello") == line.replace("ttl=64", "ttl=63")


def test_a_different_answer_replaces_the_recording(checkout: Checkout, tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.write_text("one")
    checkout.write(f'{{{{ run("node0", "cat {told}", id="hello") }}}}')
    checkout.record()
    told.write_text("two")
    checkout.record()
    assert checkout.text("hello") == "two"


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("exit 3", "", "ended with exit code 3, expected 0"),
        ("true", ", expect_exit=1", "ended with exit code 0, expected 1"),
        ("sleep 985", ", timeout=0.5", "still running after 0.5 s"),
        ("yes | head -c 50000000", "", "prints more than 1,000,000 bytes"),
        ("echo no", ', until="yes", timeout=0.6', "waited 0.6 s for 'yes'; the last answer was: no"),
        ("echo x", ', bind={"A": "re:(y)"}', "bind A of block second matches nothing"),
        ("echo x", ', bind={"A": "eth0.mtu"}', "bind A of block second matches nothing"),
    ],
)  # fmt: skip
def test_a_failing_command_is_named_and_earlier_recordings_stay(
    checkout: Checkout, command: str, options: str, message: str
) -> None:
    checkout.write(ONE)
    checkout.record()
    before = checkout.bytes()
    checkout.write(ONE + f'\n{{{{ run("node0", "{command}", id="second"{options}) }}}}\n')
    with pytest.raises(GuideError) as caught:
        checkout.record()
    assert message in caught.value.message
    assert caught.value.line == 8
    assert caught.value.node == "node0"
    assert caught.value.command == command
    assert caught.value.fix
    assert checkout.bytes() == before


def test_a_bound_value_reaches_later_commands(checkout: Checkout) -> None:
    checkout.write(
        '{{ run("node0", "echo veth1a2b3c4", id="a", bind={"VETH": "re:(veth\\\\w+)"}) }}\n\n'
        '{{ run("node0", "VETHX=; echo $VETH ${VETH}x $VETHX", id="b") }}\n'
    )
    checkout.record()
    recorded = checkout.guide().recorded("page").blocks["b"]
    assert recorded.command == "VETHX=; echo $VETH ${VETH}x $VETHX"
    assert recorded.ran == "VETHX=; echo veth1a2b3c4 veth1a2b3c4x $VETHX"
    assert recorded.text == "veth1a2b3c4 veth1a2b3c4x\n"


def test_until_repeats_the_command_until_it_holds(checkout: Checkout, tmp_path: Path) -> None:
    count = tmp_path / "count"
    checkout.write(
        f'{{{{ run("node0", "echo x >> {count}; wc -l < {count}", id="a", until="3") }}}}'
    )
    checkout.record()
    assert checkout.text("a") == "3\n"


def test_hostile_output_is_kept_visibly_and_harmlessly(checkout: Checkout) -> None:
    nasty = r"printf '\377\033[31mred\033[0m {{ 7*7 }} </pre><script>x</script> **bold**\r\n'"
    checkout.write('{% call run("node0", id="a") %}{% raw %}' + nasty + "{% endraw %}{% endcall %}")
    checkout.record()
    assert checkout.text("a") == (
        "\\xff\\x1b[31mred\\x1b[0m {{ 7*7 }} </pre><script>x</script> **bold**\n"
    )
    assert checkout.problems() == []


def test_the_cleanup_runs_after_a_failure_too(checkout: Checkout, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    head = HEAD.replace("---\n", "", 1)
    head = f"---\nsetup:\n  - {{node: node0, run: touch {mark}}}\ncleanup:\n  - {{node: node0, run: rm {mark}}}\n{head}"
    checkout.write('{{ run("node0", "exit 1", id="a") }}', head)
    with pytest.raises(GuideError):
        checkout.record()
    assert not mark.exists()


def test_a_failed_run_says_at_once_what_its_clean_up_missed(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaves(_lab: object, page: Page, _before: object) -> None:
        raise GuideError("the page leaves node0 changed: + file /root/left", page=page.source)

    checkout.write('{{ run("node0", "exit 1", id="a") }}')
    with pytest.raises(GuideError) as alone:
        checkout.record()
    monkeypatch.setattr(state, "leave", leaves)
    with pytest.raises(GuideError) as caught:
        checkout.record()
    assert len(alone.value.all) == 1
    assert [error.message.partition(":")[0] for error in caught.value.all] == [
        "block a ended with exit code 1, expected 0",
        "the page leaves node0 changed",
    ]


def test_an_interrupted_run_says_it_too(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaves(_lab: object, _page: object, _before: object) -> None:
        raise GuideError("the page leaves node0 changed")

    def interrupted(*_of: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(state, "leave", leaves)
    monkeypatch.setattr(session, "prepare", interrupted)
    checkout.write(ONE)
    with pytest.raises(KeyboardInterrupt) as caught:
        checkout.record()
    assert caught.value.__notes__ == ["the page leaves node0 changed"]


def test_a_lab_that_is_lost_in_the_middle_leaves_recordings_untouched(
    checkout: Checkout,
) -> None:
    checkout.write(ONE)
    checkout.record()
    before = checkout.bytes()
    # The command ends the connection it came by, as a node that dies would.
    checkout.write(ONE + '\n{{ run("node0", "kill -9 $PPID", id="dies") }}\n')
    with pytest.raises(GuideError, match="no longer answers") as caught:
        checkout.record()
    assert "guide lab reset" in str(caught.value)
    assert checkout.bytes() == before


def test_a_page_that_needs_more_nodes_than_the_lab_has_says_so(checkout: Checkout) -> None:
    checkout.write(ONE, HEAD.replace("nodes: 1", "nodes: 5"))
    with pytest.raises(
        GuideError, match="needs 5 nodes without Kubernetes; lab test has 2"
    ) as caught:
        checkout.record()
    assert "guide lab up --name test --nodes 5" in str(caught.value)


def test_two_recorders_at_once_are_refused(checkout: Checkout) -> None:
    checkout.write(ONE)
    with write.lock(checkout.recordings), pytest.raises(GuideError, match="another recorder"):
        checkout.record()
    checkout.record()


def test_a_full_disk_leaves_recordings_untouched(checkout: Checkout) -> None:
    checkout.write(ONE)
    checkout.record()
    before = checkout.bytes()
    checkout.write(ONE.replace("hello", "world"))
    # RLIMIT_FSIZE makes the kernel refuse writes just as a full disk does, from the same calls.
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from pathlib import Path; from macros.store import writer; from macros.ground.errors import *\n"
        "staged, target = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "writer.sums.write(staged)\n"
        "writer.sums.write = lambda folder: None\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "try: writer.publish(staged, target, 'page')\n"
        "except GuideError as e: print(e)\n"
    )
    staged = checkout.recordings.parent / "staged"
    staged.mkdir()
    (staged / "hello.txt").write_text("x" * 5000)
    done = subprocess.run(
        [sys.executable, "-c", script, str(staged), str(checkout.recordings / "now")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    assert "File too large" in done.stdout
    assert "the earlier recordings of page are untouched" in done.stdout
    assert checkout.bytes() == before
    assert not list((checkout.recordings / "now").glob(".*"))


def test_a_recorder_killed_between_two_renames_is_mended_by_the_next(checkout: Checkout) -> None:
    checkout.write(ONE)
    checkout.record()
    before = checkout.bytes()
    folder = checkout.recordings / "now"
    (folder / "page").rename(folder / ".page.old")
    (folder / ".page.new").mkdir()
    write.recover(folder)
    assert checkout.bytes() == before


def test_ctrl_c_ends_the_command_and_runs_the_cleanup(checkout: Checkout, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    head = (
        f"---\ntitle: T\nlab: {{nodes: 1}}\ncleanup:\n  - {{node: node0, run: touch {mark}}}\n---\n"
    )
    checkout.write('{{ run("node0", "sleep 984", id="a", timeout=60) }}', head)
    # A shell that starts the tests in the background has them ignore SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            checkout.record()
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 20
    assert mark.exists()
    left = subprocess.run(["pgrep", "-fx", "sleep 984"], capture_output=True, check=False)
    assert left.stdout == b""


# Replay refuses what is missing, stale or edited, and says what to do.


def recorded(checkout: Checkout) -> Path:
    checkout.write(ONE + '\n{{ run("node0", "echo two", id="two") }}\n')
    checkout.record()
    assert checkout.problems() == []
    return checkout.recordings / "now" / "page"


def only(checkout: Checkout) -> GuideError:
    problems = checkout.problems()
    assert len(problems) == 1, problems
    assert problems[0].fix is not None
    assert "guide record" in problems[0].fix
    return problems[0]


@pytest.mark.parametrize("name", ["hello.txt", "page.yml", "two.txt"])
def test_a_deleted_file_is_named(checkout: Checkout, name: str) -> None:
    (recorded(checkout) / name).unlink()
    assert f"page/{name} is missing" in only(checkout).message


@pytest.mark.parametrize("name", ["hello.txt", "page.yml"])
def test_every_changed_byte_is_named(checkout: Checkout, name: str) -> None:
    path = recorded(checkout) / name
    good = path.read_bytes()
    for index in range(len(good)):
        path.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        assert f"{name} was changed by hand" in only(checkout).message
    path.write_bytes(good[:-3])
    assert f"{name} was changed by hand" in only(checkout).message


def test_git_is_advised_only_for_what_git_knows(checkout: Checkout) -> None:
    path = recorded(checkout) / "hello.txt"
    path.write_bytes(path.read_bytes() + b"x")
    assert "git" not in str(only(checkout).fix)
    root = checkout.docs.parent
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    assert str(only(checkout).fix).startswith("git checkout -- ")
    path.unlink()
    assert "git checkout -- " in str(only(checkout).fix), "it brings back what is missing, too"


def test_a_changed_checksum_is_found(checkout: Checkout) -> None:
    sums = recorded(checkout) / "SHA256SUMS"
    good = sums.read_bytes()
    for index in range(0, len(good), 7):
        sums.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        assert checkout.problems()


def test_a_foreign_file_is_named(checkout: Checkout) -> None:
    (recorded(checkout) / "extra.txt").write_text("x")
    assert "extra.txt is not of this recording" in only(checkout).message


def test_a_changed_command_is_named_with_what_was_recorded(checkout: Checkout) -> None:
    recorded(checkout)
    checkout.write(ONE + '\n{{ run("node0", "echo three", id="two") }}\n')
    error = only(checkout)
    assert "block two is stale: it was recorded for `echo two`" in error.message
    assert error.line == 8


def test_a_renamed_block_names_the_nearest_recording(checkout: Checkout) -> None:
    recorded(checkout)
    checkout.write(ONE + '\n{{ run("node0", "echo two", id="zwei") }}\n')
    messages = " ".join(error.message for error in checkout.problems())
    assert "block zwei has no recording; the nearest is two (`echo two`)" in messages
    assert "recording two belongs to no block" in messages


def test_a_page_without_any_recording_is_named(checkout: Checkout) -> None:
    recorded(checkout)
    (checkout.docs / "new.md").write_text(HEAD + ONE, encoding="utf-8")
    assert "block hello and all others of the page have no recording" in only(checkout).message


def test_recordings_of_no_page_are_named(checkout: Checkout) -> None:
    folder = recorded(checkout)
    (folder.parent / "gone").mkdir()
    problems = checkout.problems()
    assert "belong to no page" in problems[0].message


def test_a_page_on_other_versions_alone_is_refused(checkout: Checkout, local_lab: Lab) -> None:
    recorded(checkout)
    newer = Lab("test", "local", local_lab.nodes, local_lab.ssh_config, "2", {"Linux": "9.9"})
    pages = planner.plan_pages(checkout.docs)
    with pytest.raises(GuideError, match=r"was recorded with Linux 6\.1, the lab has 9\.9"):
        recording.record(
            newer,
            pages,
            checkout.recordings,
            "now",
            everything=False,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )
    checkout.record(newer)
    assert reader.edition(checkout.recordings, "now").versions == {"Linux": "9.9"}


@pytest.mark.skipif(not shutil.which("tcpdump"), reason="needs tcpdump")
def test_captures_are_of_the_last_try_of_a_repeated_command(
    checkout: Checkout, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    send = f"echo x >> {count}; n=$(wc -l < {count}); echo try-$n >/dev/udp/127.0.0.1/40099"
    checkout.write(
        f'{{{{ run("node0", "{send}; echo $n", id="a", until="3") }}}}\n'
        '{{ capture("node0", "lo", id="b", during="a", filter="udp port 40099", packets=1) }}'
    )
    checkout.record()
    pcap = next(checkout.recordings.rglob("*.pcap")).read_bytes()
    assert b"try-3" in pcap
    assert b"try-1" not in pcap


def test_a_manifest_is_there_while_the_page_is_recorded_and_then_gone(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = tmp_path / "sources"
    manifests.mkdir()
    (manifests / "a.yaml").write_text("kind: Pod\n")
    monkeypatch.setattr(frontmatter, "MANIFESTS", manifests)
    monkeypatch.setitem(ssh_scripts.ENVIRONMENT, "HOME", str(tmp_path))
    checkout.write(
        '{{ run("node0", "cat manifests/a.yaml", id="a") }}',
        HEAD.replace("title: T\n", "title: T\nmanifests: [a.yaml]\n"),
    )
    checkout.record()
    assert checkout.text("a") == "kind: Pod\n"
    assert not Path("manifests").exists()
    (manifests / "a.yaml").write_text("kind: Service\n")
    assert [
        "stale" in str(problem) or "not fresh" in str(problem) for problem in checkout.problems()
    ] == [True]


def test_what_a_block_waits_for_is_said_while_it_waits(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcpdump, "SAID_EVERY", 0.1)
    count = tmp_path / "count"
    messages: list[str] = []
    checkout.write(
        f'{{{{ run("node0", "echo x >> {count}; wc -l < {count}", id="a", until="4") }}}}'
        '{{ run("node0", "echo b", id="b") }}'
    )
    recording.record(
        checkout.lab,
        planner.plan_pages(checkout.docs),
        checkout.recordings,
        "now",
        everything=True,
        on_block=lambda _page, _block: None,
        on_page=lambda _page, _changed: None,
        on_wait=messages.append,
    )
    assert set(messages) == {"block a waits for '4'"}
