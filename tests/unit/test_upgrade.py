"""An upgrade as a whole, with labs that are this machine: what it records, keeps and reports."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab.lab import Lab
from macros.store import reader
from macros.upgrade import journal, outcome_report
from tests.unit.upgrade_support import CLUSTER, NAME, Checkout

CLAIM = 'The MTU is {{ expect("answer", "re:mtu (\\\\d+)", equals="1500") }} bytes.'


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Two pages, recorded: one of plain machines, and one of a cluster."""
    checkout = Checkout(tmp_path, local_lab, monkeypatch)
    (checkout.told / "link").write_text("eth0 mtu 1500\n", encoding="utf-8")
    checkout.write("links", f"cat {checkout.told}/link", prose=CLAIM)
    checkout.write("pods", "echo one pod", head=CLUSTER)
    checkout.record()
    return checkout


def test_the_same_answers_are_nothing_to_decide(checkout: Checkout) -> None:
    before = checkout.bytes()
    report = checkout.upgrade()
    assert (report.code, report.headline) == (0, "nothing changed on 2 pages")
    assert checkout.bytes() == before, "the shown edition is left alone"
    new = reader.edition(checkout.recordings, NAME)
    assert (new.base, dict(new.versions)) == ("now", {"Kubernetes": "1.34.4", "Linux": "6.1"})
    assert checkout.bytes(NAME)["links/answer.txt"] == before["links/answer.txt"]
    assert set(report.seconds) == {
        "lab for links", "links", "lab for pods", "pods", "comparing and checking",
    }  # fmt: skip
    assert not journal.labs()


def test_a_changed_fact_and_the_claim_that_it_breaks_are_reported(checkout: Checkout) -> None:
    (checkout.told / "link").write_text("eth0 mtu 1450\n", encoding="utf-8")
    report = checkout.upgrade()
    assert report.code == outcome_report.DECIDE
    assert report.findings is not None
    (fact,) = report.findings.facts
    assert (fact.page, fact.blocks, fact.known) == ("links", ("answer",), None)
    (broken,) = report.findings.broken
    assert broken.position.startswith("docs/links.md:7:")
    assert broken.values == (("answer re:mtu (\\d+)", "1500", "1450"),)
    for words in (outcome_report.text(report), outcome_report.markdown(report)):
        assert "1 fact changed, 1 of them of no known cause; 1 sentence no longer holds" in words
        assert "docs/links.md:7" in words
        assert "1500 -> 1450" in words.replace("\\", "")
        assert "Kubernetes 1.36.3 -> 1.34.4" in words or "| 1.36.3 → 1.34.4 |" in words


def test_a_page_that_fails_is_named_with_its_command_and_the_others_go_on(
    checkout: Checkout,
) -> None:
    other = checkout.told / "other"
    checkout.write("aaa", f"cat {other}")
    other.write_text("there", encoding="utf-8")
    checkout.record()
    other.unlink()
    report = checkout.upgrade()
    assert report.code == outcome_report.UNDONE
    assert set(report.recorded) == {"links", "pods"}
    failure = report.failed["aaa"]
    assert failure.command == f"cat {other}"
    assert failure.position == "docs/aaa.md:5:4" or failure.position.startswith("docs/aaa.md:5")
    assert f"node0$ cat {other}" in outcome_report.text(report)
    assert f"node0$ cat {other}" in outcome_report.markdown(report)
    assert not (checkout.recordings / NAME / "aaa").exists()

    # Repaired, the next call records what is missing, and keeps the rest.
    other.write_text("there", encoding="utf-8")
    kept = checkout.bytes(NAME)
    again = checkout.upgrade()
    assert (again.code, again.recorded) == (0, ("aaa",))
    assert set(again.kept) == {"links", "pods"}
    assert {"links", "pods", "aaa"} <= set(again.seconds), "times of both calls"
    assert all(checkout.bytes(NAME)[name] == content for name, content in kept.items())


def test_a_lab_that_does_not_come_up_costs_its_own_pages_only(checkout: Checkout) -> None:
    checkout.machine("1.34.4", broken="none")
    report = checkout.upgrade()
    assert (report.code, report.recorded) == (outcome_report.UNDONE, ("links",))
    assert "API did not get ready" in report.failed["pods"].message
    assert "etcd failed" in outcome_report.text(report)


def test_a_lab_that_is_late_gets_a_second_try(checkout: Checkout) -> None:
    checkout.machine("1.34.4", late=str(checkout.told / "tried"))
    assert checkout.upgrade("links").code == 0


def test_a_recorder_that_is_killed_is_said_with_its_lab(checkout: Checkout) -> None:
    checkout.machine("1.34.4", dies=True)
    report = checkout.upgrade()
    assert (report.code, set(report.failed)) == (outcome_report.UNDONE, {"links", "pods"})
    assert "the recorder of lab upgrade-" in report.failed["links"].message
    assert not (checkout.recordings / NAME).exists(), "an edition without pages is none"


def test_a_full_disk_is_said_and_leaves_nothing_half(checkout: Checkout) -> None:
    before = checkout.bytes()
    checkout.machine("1.34.4", room=100)
    report = checkout.upgrade()
    assert (report.code, set(report.failed)) == (outcome_report.UNDONE, {"links", "pods"})
    assert "cannot write" in report.failed["links"].message
    assert "make room" in report.failed["links"].fix
    assert checkout.bytes() == before
    checkout.machine("1.34.4")
    assert checkout.upgrade().code == 0


def test_two_at_once_are_refused_and_the_second_hears_of_the_first(checkout: Checkout) -> None:
    with (
        journal.alone("kubernetes=v1.33.1"),
        pytest.raises(
            GuideError, match=r"another guide upgrade .* \(kubernetes=v1\.33\.1, process \d+\)"
        ),
    ):
        checkout.upgrade()
    assert checkout.upgrade().code == 0


def test_an_edition_of_other_versions_is_not_gone_on_with(checkout: Checkout) -> None:
    checkout.machine("1.35.0")
    checkout.upgrade()
    with pytest.raises(GuideError, match=r"is another one: it has Kubernetes 1\.35\.0"):
        checkout.upgrade()


def test_one_page_is_one_page(checkout: Checkout) -> None:
    report = checkout.upgrade("links")
    assert (report.code, report.recorded) == (0, ("links",))
    assert sorted(checkout.bytes(NAME)) == [
        "SHA256SUMS", "edition.yml",
        *(f"links/{name}" for name in ("SHA256SUMS", "answer.txt", "page.yml")),
    ]  # fmt: skip


SCRIPT = """
import json, sys
from pathlib import Path
from rich.console import Console
from macros.store.guide import Guide
from macros.upgrade import crew, request, upgrading
crew._PROGRAM = "from tests.unit.upgrade_support import main; main()"
upgrading._build = lambda *_: None
root = Path.cwd()
guide = Guide(root / "docs", root / "recordings", "now")
options = upgrading.Options(sys.argv[1])
asked = request.Request("v1.34.4", "", "sid")
try:
    upgrading.upgrade(guide, asked, options, Console(quiet=True), lambda _: [])
except KeyboardInterrupt:
    sys.exit(130)
"""


def _slow(checkout: Checkout) -> tuple[Path, "subprocess.Popen[str]"]:
    """An upgrade in a process of its own, when it is in the midst of its second page."""
    reached = checkout.told / "reached"
    checkout.write("slow", f"test -e {checkout.told}/quick || {{ touch {reached}; sleep 60; }}")
    (checkout.told / "quick").touch()
    checkout.record()
    (checkout.told / "quick").unlink()
    running = subprocess.Popen([sys.executable, "-c", SCRIPT, NAME], text=True)
    until = time.monotonic() + 30
    while not reached.exists():
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    return checkout.told / "quick", running


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_ends_its_recorders_and_goes_on_when_called_again(
    checkout: Checkout, ending: signal.Signals, code: int
) -> None:
    quick, running = _slow(checkout)
    recorders = _children(running.pid)
    assert recorders
    running.send_signal(ending)
    assert running.wait(20) == code
    assert not any(map(_alive, recorders))
    assert not journal.labs()
    done = {path.parent.name for path in (checkout.recordings / NAME).glob("*/page.yml")}
    assert "slow" not in done
    quick.touch()
    report = checkout.upgrade()
    assert (report.code, set(report.kept)) == (0, done)


def test_killed_it_takes_its_recorders_with_it_and_the_next_call_removes_its_labs(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, running = _slow(checkout)
    recorders = _children(running.pid)
    running.kill()
    running.wait()
    until = time.monotonic() + 10
    while any(map(_alive, recorders)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_alive, recorders))
    left = journal.labs()
    assert left
    removed: list[str] = []
    monkeypatch.setattr("macros.upgrade.crew.uml.down", lambda name: bool(removed.append(name)))  # type: ignore[func-returns-value]
    quick.touch()
    assert checkout.upgrade().code == 0
    assert removed[: len(left)] == left


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
