"""scripts/node/state.sh on a node of a cluster: which rules are Calico's, and which a page's own.

The rules are a real node's (tests/data/calico); of the machine that runs this test the script sees
nothing: its programs stand in a folder of their own, and the files it looks for in another.
"""

import os
import subprocess
from pathlib import Path

import pytest

from macros.lab import paths

SCRIPT = (paths.SCRIPTS / "node" / "state.sh").read_text(encoding="utf-8")
SAVED = (Path(__file__).parent.parent / "data/calico/iptables-save-node0.txt").read_text("utf-8")
RULES = SAVED.partition("\n")[2]
"""Without the first line, which names node and command."""


def _rules(folder: Path, rules: str, *, cluster: bool = True) -> list[str]:
    """The rules that the script prints where iptables has these."""
    programs = folder / "bin"
    programs.mkdir()
    (folder / "rules").write_text(rules, encoding="utf-8")
    for name, text in {
        "iptables-save": f"cat {folder}/rules",
        "ip": "",
        "ip6tables-save": "",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "started").touch()
    script = SCRIPT
    for path in (
        "/etc/kubernetes/started",
        "/etc/rancher",
        "/root/.kube/config",
        "/run/docker.sock",
    ):
        assert path in script
        there = folder / ("started" if cluster and "started" in path else "none")
        script = script.replace(path, str(there))
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.startswith("rule ")]


def test_all_rules_of_a_node_with_calico_are_its_agents(tmp_path: Path) -> None:
    assert "-A FORWARD" in RULES
    assert _rules(tmp_path, RULES) == []


def test_without_calicos_mark_the_same_rules_would_be_seen(tmp_path: Path) -> None:
    """So that the test above can fail: two of FORWARD's rules name no chain of Calico's."""
    seen = _rules(tmp_path, RULES.replace('--comment "cali:', '--comment "'))
    assert len(seen) == 2
    assert all("-A FORWARD " in rule for rule in seen)


@pytest.mark.parametrize(
    "rule",
    [
        '-A FORWARD -m comment --comment "of this page" -j ACCEPT',
        '-A FORWARD -m comment --comment "not cali: at all" -j DROP',
        "-A FORWARD -m comment --comment california -j DROP",
        "-A FORWARD -i cali1a2b3c4d5e6 -j DROP",
    ],
)
def test_a_rule_of_a_page_is_seen_between_calicos(tmp_path: Path, rule: str) -> None:
    before, mark, after = RULES.rpartition("COMMIT")
    assert _rules(tmp_path, f"{before}{rule}\n{mark}{after}") == [f"rule {rule}"]


def test_where_there_is_no_cluster_nothing_is_calicos(tmp_path: Path) -> None:
    every = [line for line in RULES.splitlines() if line.startswith("-A ")]
    shown = [line for line in _rules(tmp_path, RULES, cluster=False) if line.startswith("rule -A ")]
    assert shown == [f"rule {line}" for line in every]
