"""The lab `vagrant` on Vagrant's Docker provider: a real `vagrant up`, and chapter 2 recorded there.

Needs Vagrant, a Docker that answers, and `guide lab build` done. A checkout has one set of machines:
one that is in use is left alone, and these tests are skipped.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.lab import inputs, providers, ssh, state, vagrant, vagrant_state
from macros.lab.lab import Lab
from tests.lab import vagrant_differences
from tests.lab.conftest import PREFIX, guide, nothing_left

NAME = f"{PREFIX}-vg"
PATIENCE = 600  # seconds; three calls of Vagrant on a busy machine


def _reason_to_skip() -> str:
    if shutil.which("vagrant") is None:
        return "no vagrant on this machine"
    if shutil.which("docker") is None or _docker("info") is None:
        return "no Docker that answers"
    if not (inputs.keys().base_folder / "base.tar").is_file():
        return "guide lab build has not been run"
    if vagrant_state.machines():
        return "this checkout's machines are in use: vagrant status"
    return ""


def _docker(*words: str) -> str | None:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if reason := _reason_to_skip():
        pytest.skip(reason)
    done = guide(
        "lab", "up", "--lab", "vagrant", "--provider", "docker", "--nodes", "2", "--name", NAME,
        timeout=PATIENCE,
    )  # fmt: skip
    try:
        assert done.returncode == 0, done.stdout
        yield providers.find(NAME)
    finally:
        vagrant.down(NAME)
    # What is left when all tests of this file are through is looked at here, where it is known.
    assert nothing_left(NAME) == []
    assert vagrant_state.machines() == {}
    networks = _docker("network", "ls", "--format", "{{.Name}}") or ""
    assert "packet-by-packet-nat" not in networks
    assert "vagrant_network_192.168.56" not in networks


def _says(lab: Lab, node: str, command: str) -> str:
    answer = ssh.run(lab, node, command)
    assert answer.exit == 0, answer.output
    return answer.output.decode().strip()


def test_a_node_is_what_the_recorder_expects(lab: Lab) -> None:
    assert lab.kind == "vagrant"
    assert lab.nodes == ("node0", "node1")
    assert lab.cluster is None
    assert _says(lab, "node1", "hostname; id -u; echo $HOME $TZ $COLUMNS") == (
        "node1\n0\n/root UTC 120"
    )
    assert _says(lab, "node0", "systemctl is-system-running") == "running"
    assert lab.versions["Linux"] == os.uname().release.partition("-")[0]


def test_programs_are_those_of_the_other_lab(lab: Lab) -> None:
    from macros.lab.build import built  # noqa: PLC0415 only where both labs are

    uml = built().versions
    assert {name: number for name, number in lab.versions.items() if name != "Linux"} == {
        name: number for name, number in uml.items() if name != "Linux"
    }


def test_cards_are_numbered_and_addressed_as_in_the_other_lab(lab: Lab) -> None:
    for number in (0, 1):
        printed = _says(lab, f"node{number}", "ip -o link; ip -o -4 addr; ip route")
        assert "2: eth0@" in printed
        assert "3: eth1@" in printed
        assert f"link/ether 02:00:c0:a8:38:{10 + number}" in printed
        assert f"192.168.56.{10 + number}/24" in printed
        assert "default via 10.0.2.2 dev eth0" in printed
        assert f"10.0.2.{15 + number}/24" in printed
    assert "1 received" in _says(lab, "node0", "ping -c 1 node1")


def test_nothing_runs_that_no_page_has_started(lab: Lab) -> None:
    assert _says(lab, "node0", "iptables-save; nft list ruleset; pgrep -x dockerd || true") == ""


def test_chapter_2_differs_from_the_other_lab_for_the_committed_causes(
    lab: Lab, tmp_path: Path
) -> None:
    differences = vagrant_differences.differences(vagrant_differences.record(lab, tmp_path))
    assert vagrant_differences.unexplained(differences) == []
    linux = lab.versions["Linux"]
    committed = vagrant_differences.COMMITTED.read_text(encoding="utf-8")
    if f"had Linux {linux}." in committed:
        # On another kernel the causes are the same, and the list is another.
        assert vagrant_differences.written(differences, linux, guide_of_checkout()) == committed


def test_machines_that_a_person_has_started_are_taken_over(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB", "vagrant")
    assert state.clean(NAME)
    resumed = providers.find(NAME)
    assert resumed.nodes == lab.nodes
    assert resumed.instance != lab.instance
    assert _says(resumed, "node1", "hostname") == "node1"
    assert providers.find(NAME).instance == resumed.instance


def test_a_killed_container_is_named_and_a_reset_gives_fresh_ones(lab: Lab) -> None:
    """The last test: it needs a lab to break."""
    resumed = providers.find(NAME)
    assert guide("lab", "status", "--name", NAME).returncode == 0
    assert _says(resumed, "node1", "touch /root/mine; ls /root") == "mine"
    known = vagrant_state.read(NAME)
    assert known is not None
    assert _docker("kill", known.machines["node1"].removeprefix("docker:")) is not None
    with pytest.raises(GuideError, match="node1"):
        ssh.run(resumed, "node1", "true", timeout=20)
    status = guide("lab", "status", "--name", NAME)
    assert status.returncode == 1
    assert "node1" in status.stdout
    again = guide("lab", "reset", "--name", NAME, timeout=PATIENCE)
    assert again.returncode == 0, again.stdout
    fresh = providers.find(NAME)
    assert fresh.instance not in {resumed.instance, lab.instance}
    assert fresh.nodes == lab.nodes
    assert _says(fresh, "node1", "ls /root") == ""
