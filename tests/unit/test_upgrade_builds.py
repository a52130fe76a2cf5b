"""An upgrade whose build fails, with a compiler that only writes, or says why it does not."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import upgrade_command
from macros.lab import build as machines
from macros.lab.kubernetes import parts, store
from macros.lab.lab import Lab
from macros.upgrade import outcome_report, request, upgrading
from macros.upgrade.outcome_report import Report
from tests.unit.kubernetes_support import compiler
from tests.unit.upgrade_support import CLUSTER, NAME, Checkout

BUILD = upgrading._build
VERSION = "v1.35.4"


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """One page on a cluster, recorded; a compiler that only writes builds a release for it."""
    checkout = Checkout(tmp_path, local_lab, monkeypatch)
    checkout.write("pods", "echo one pod", head=CLUSTER)
    checkout.record()
    compiler(monkeypatch, tmp_path)
    checkout.asked = request.Request(VERSION, "", "sid")
    checkout.machine("1.35.4")
    monkeypatch.setattr(upgrading, "_build", BUILD)
    monkeypatch.setattr(machines, "build", lambda *_, **__: None)
    monkeypatch.setattr(parts, "make", lambda *_: None)
    return checkout


def failed(checkout: Checkout) -> Report:
    """An upgrade that its build ends, and leaves nothing behind."""
    before = checkout.bytes()
    report = checkout.upgrade()
    assert report.code == outcome_report.UNDONE
    assert report.headline == "not done: building failed"
    assert report.undone is not None
    assert checkout.bytes() == before
    assert not (checkout.recordings / NAME).exists()
    assert "building" in report.seconds
    assert report.undone[1].message.splitlines()[0] in outcome_report.markdown(report)
    return report


def test_one_that_compiles_is_recorded(checkout: Checkout) -> None:
    assert checkout.upgrade().code == 0


def test_a_version_that_does_not_exist(checkout: Checkout) -> None:
    checkout.asked = request.Request("v1.35.9", "", "sid")
    report = failed(checkout)
    assert report.undone is not None
    assert "the registry has no k8s.io/kubernetes v1.35.9" in report.undone[1].message
    assert report.undone[1].fix == "it has v1.35.0 and v1.35.4"


@pytest.mark.parametrize("step", ["list", "fetch", "tidy"])
@pytest.mark.parametrize(
    ("says", "fix"),
    [
        ("dial tcp: lookup registry: no such host", "check the network"),
        ("write /cache/x: no space left on device", "free some room"),
    ],
)
def test_a_registry_that_is_away_in_the_middle_and_a_full_disk(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, step: str, says: str, fix: str
) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", step)
    monkeypatch.setenv("FAKE_GO_SAYS", says)
    report = failed(checkout)
    assert report.undone is not None
    assert says in report.undone[1].message
    assert fix in report.undone[1].fix
    # When the registry is back, or the disk has room, the same command goes on.
    monkeypatch.setenv("FAKE_GO_FAILS", "")
    assert checkout.upgrade().code == 0


def test_one_that_does_not_compile(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO_FAILS", "kubelet")
    report = failed(checkout)
    assert report.undone is not None
    assert "undefined: x" in report.undone[1].message
    assert "build.log" in report.undone[1].message, "where the compiler's words are"


def test_one_whose_api_server_does_not_come_up(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make(*_: object) -> None:
        log = tmp_path / "api.log"
        with log.open("wb") as output:
            words = ["sh", "-c", "echo 'unknown flag: --endpoint-reconciler-type'; exit 1"]
            server = subprocess.Popen(words, stdout=output)
            server.wait()
        store._until_ready(["false"], server, log, VERSION)

    monkeypatch.setattr(parts, "make", make)
    report = failed(checkout)
    assert report.undone is not None
    assert "unknown flag: --endpoint-reconciler-type" in report.undone[1].message


def test_one_that_is_too_old() -> None:
    done = CliRunner().invoke(upgrade_command.upgrade, ["kubernetes=v1.20.0"])
    assert done.exit_code == outcome_report.UNDONE
    assert "too old" in done.stderr


def test_the_command_prints_the_report_and_writes_it_as_markdown(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade_command, "guide_of_checkout", lambda: checkout.guide)
    done = CliRunner().invoke(
        upgrade_command.upgrade, [f"kubernetes={VERSION}", "--report", "report.md"]
    )
    assert done.exit_code == 0, done.output
    assert "nothing changed on 1 page" in done.stdout
    assert "report: report.md" in done.stdout
    text = (checkout.root / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# Upgrade: kubernetes=v1.35.4\n\nNothing changed on 1 page.\n")


@pytest.mark.parametrize("words", [["docker=27.0.0"], ["kubernetes=v1.34.4", "--page", "none"]])
def test_what_cannot_begin_ends_with_2(checkout: Checkout, words: list[str]) -> None:
    done = CliRunner().invoke(upgrade_command.upgrade, words)
    assert done.exit_code == outcome_report.UNDONE
    assert "error:" in done.stderr
    assert not (checkout.recordings / NAME).exists()
