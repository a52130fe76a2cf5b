"""`guide lab up` and `ssh`: which lab the options say."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from macros.cli import lab_choice
from macros.cli.lab_commands import lab as command
from macros.ground import suites
from macros.ground.model import Cluster
from macros.lab import ssh, uml
from macros.lab.kubernetes import cluster
from macros.lab.lab import Lab

Started = list[tuple[Cluster | None, str | None]]


class _Seen(Exception):  # noqa: N818  ends the command where the lab would start
    pass


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What would have been started: the cluster and its version, or plain machines."""
    seen: Started = []

    def start(*_words: Any, **options: Any) -> None:
        seen.append((options.get("cluster"), options.get("version")))
        raise _Seen

    monkeypatch.delenv("LAB", raising=False)
    monkeypatch.setattr(cluster, "up", start)
    monkeypatch.setattr(uml, "up", start)
    return seen


def _up(*words: str) -> None:
    done = CliRunner().invoke(command, ["up", "--name", "none-such", *words])
    assert isinstance(done.exception, _Seen), done.output


FLANNEL = (Cluster("flannel", "iptables"), suites.KUBERNETES)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", (None, None)),
        ("--nodes 2", (None, None)),
        ("--nodes 3", FLANNEL),
        ("--nodes 3 --plain", (None, None)),
        ("--nodes 3 --suite trixie", (None, None)),
        ("--nodes 3 --proxy nftables", (Cluster("flannel", "nftables"), suites.KUBERNETES)),
        ("--nodes 3 --version v1.34.4", (FLANNEL[0], "v1.34.4")),
        ("--nodes 3 --cni none", (Cluster("none", "iptables"), suites.KUBERNETES)),
        ("--cni flannel", FLANNEL),
    ],
)
def test_three_nodes_are_a_cluster_unless_it_is_said_otherwise(
    started: Started, words: str, expected: tuple[Cluster | None, str | None]
) -> None:
    _up(*words.split())
    assert started == [expected]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--nodes 3 --plain --cni flannel", "--plain means no Kubernetes"),
        ("--nodes 2 --version v1.34.4", "add --cni"),
        ("--nodes 2 --cni flannel --suite trixie", "built for sid only"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    started: Started, words: str, said: str
) -> None:
    done = CliRunner().invoke(command, ["up", "--name", "none-such", *words.split()])
    assert done.exit_code == 2
    assert said in done.output
    assert started == []


@pytest.mark.parametrize(
    ("words", "asked", "ran"),
    [
        ("--name mine node0", "mine", ()),
        ("node0 --name mine", "mine", ()),
        ("node0 --name mine ip route", "mine", ("ip", "route")),
        ("node0 kubectl --name other", None, ("kubectl", "--name", "other")),
    ],
)
def test_ssh_takes_the_labs_name_before_and_behind_the_node(
    monkeypatch: pytest.MonkeyPatch, words: str, asked: str | None, ran: tuple[str, ...]
) -> None:
    names: list[str | None] = []
    typed: list[tuple[str, ...]] = []

    def find(name: str | None, *, kept: bool) -> Lab:
        assert kept
        names.append(name)
        return Lab("mine", "uml", ("node0",), Path("config"), "instance-1", {})

    monkeypatch.setattr(lab_choice, "find", find)
    monkeypatch.setattr(ssh, "login", lambda _lab, node: ("ssh", node))
    monkeypatch.setattr("os.execvp", lambda _program, argv: typed.append(tuple(argv)))
    done = CliRunner().invoke(command, ["ssh", *words.split()])
    assert done.exception is None, done.output
    assert names == [asked]
    assert typed == [("ssh", "-F", "config", "node0", *ran) if ran else ("ssh", "node0")]
