"""An upgrade whose build fails, with a compiler that only writes, or says why it does not."""

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import upgrade_command
from macros.lab import build as machines
from macros.lab.kubernetes import parts, store
from macros.lab.lab import Lab
from macros.upgrade import outcome_report, upgrading
from macros.upgrade.outcome_report import Report
from tests.unit.test_kubernetes_build import GO
from tests.unit.upgrade_support import ASKED, CLUSTER, NAME, Checkout

BUILD = upgrading._build
SAYS = """\
case "$FAKE_GO_SAYS$1 $2" in
*"mod download") [ -z "$FAKE_GO_SAYS" ] || { echo "$FAKE_GO_SAYS" >&2; exit 1; } ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """One page on a cluster, recorded; the compiler of `test_kubernetes_build` builds it."""
    found = Checkout(tmp_path, local_lab, monkeypatch)
    found.write("pods", "echo one pod", head=CLUSTER)
    found.record()
    go = tmp_path / "bin/go"
    go.parent.mkdir()
    head, _, rest = GO.partition("\n")
    go.write_text(f"{head}\n{SAYS}{rest}", encoding="utf-8")
    for program in (go, go.with_name("gcc")):
        program.touch()
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_GO_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAKE_GO_SAYS", "")
    monkeypatch.setattr(upgrading, "_build", BUILD)
    monkeypatch.setattr(machines, "build", lambda *_, **__: None)
    monkeypatch.setattr(parts, "make", lambda *_: None)
    return found


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


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("unknown revision v1.34.4", "unknown revision v1.34.4"),
        ("dial tcp: lookup registry: no such host", "no such host"),
        ("write /cache/x: no space left on device", "no space left on device"),
    ],
)
def test_a_version_that_is_not_there_and_a_registry_that_is_away(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, says: str, told: str
) -> None:
    monkeypatch.setenv("FAKE_GO_SAYS", says)
    report = failed(checkout)
    assert report.undone is not None
    assert told in report.undone[1].message
    assert report.undone[1].fix, "what to do about it"
    if "space" in says:
        assert "free some room" in report.undone[1].fix
    # When the registry is back, or the version is another one, the same command goes on.
    monkeypatch.setenv("FAKE_GO_SAYS", "")
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
        store._until_ready(["false"], server, log)

    monkeypatch.setattr(parts, "make", make)
    report = failed(checkout)
    assert report.undone is not None
    assert "the API server did not get ready\nunknown flag" in report.undone[1].message


def test_one_that_is_too_old() -> None:
    pytest.importorskip("macros.lab.kubernetes.releases")  # which say from when they are built
    done = CliRunner().invoke(upgrade_command.upgrade, ["kubernetes=v1.20.0"])
    assert done.exit_code == outcome_report.UNDONE
    assert "too old" in done.stderr


def test_the_command_prints_the_report_and_writes_it_as_markdown(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade_command, "guide_of_checkout", lambda: checkout.guide)
    done = CliRunner().invoke(upgrade_command.upgrade, [str(ASKED), "--report", "report.md"])
    assert done.exit_code == 0, done.output
    assert "nothing changed on 1 page" in done.stdout
    assert "report: report.md" in done.stdout
    text = (checkout.root / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# Upgrade: kubernetes=v1.34.4\n\nNothing changed on 1 page.\n")


@pytest.mark.parametrize("words", [["docker=27.0.0"], ["kubernetes=v1.34.4", "--page", "none"]])
def test_what_cannot_begin_ends_with_2(checkout: Checkout, words: list[str]) -> None:
    done = CliRunner().invoke(upgrade_command.upgrade, words)
    assert done.exit_code == outcome_report.UNDONE
    assert "error:" in done.stderr
    assert not (checkout.recordings / NAME).exists()
