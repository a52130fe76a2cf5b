"""A page is recorded on the lab that it asks for, or the recorder says which that is."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli.record import record as command
from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab import providers
from macros.lab.lab import Lab
from macros.plan import frontmatter, planner
from macros.rebuild import recording
from macros.record import fitting

PLAIN = Lab("guide", "uml", ("node0", "node1"), Path("c"), "i", {})
FLANNEL = replace(PLAIN, cluster=Cluster("flannel", "iptables"))


def _page(tmp_path: Path, lab: str, body: str = '{{ run("node0", "ip a", id="a") }}') -> Page:
    source = tmp_path / "page.md"
    source.write_text(f"---\ntitle: T\nlab: {{{lab}}}\n---\n{body}\n", encoding="utf-8")
    return planner.plan_page(tmp_path, source)


def test_a_page_gets_the_lab_it_asks_for(tmp_path: Path) -> None:
    fitting.check(PLAIN, _page(tmp_path, "nodes: 2"))
    fitting.check(FLANNEL, _page(tmp_path, "nodes: 1, cni: flannel"))
    page = _page(tmp_path, "nodes: 2, cni: flannel, proxy: nftables")
    fitting.check(replace(PLAIN, cluster=Cluster("flannel", "nftables")), page)


@pytest.mark.parametrize(
    ("asked", "lab", "said", "fix"),
    [
        (
            "nodes: 3",
            PLAIN,
            "needs 3 nodes without Kubernetes; lab guide has 2",
            "--nodes 3 --plain",
        ),
        ("nodes: 2, cni: flannel", PLAIN, "cni flannel, kube-proxy iptables", "--cni flannel"),
        ("nodes: 2", FLANNEL, "2 nodes without Kubernetes; lab guide has 2 nodes with", "nodes 2"),
        ("nodes: 2, cni: flannel, proxy: nftables", FLANNEL, "kube-proxy nftables", "nftables"),
        ("nodes: 2, cni: flannel-host-gw", FLANNEL, "cni flannel-host-gw", "flannel-host-gw"),
        ("nodes: 2, outside: true", PLAIN, "2 nodes and a client outside", "--outside"),
    ],
)
def test_another_lab_is_refused_with_the_commands_that_make_the_right_one(
    tmp_path: Path, asked: str, lab: Lab, said: str, fix: str
) -> None:
    with pytest.raises(GuideError, match=said) as caught:
        fitting.check(lab, _page(tmp_path, asked))
    assert caught.value.fix is not None
    assert caught.value.fix.startswith("guide lab down --name guide; guide lab up --name guide")
    assert caught.value.fix.endswith(fix)


def test_a_page_for_another_lab_is_found_before_the_first_page_is_recorded(tmp_path: Path) -> None:
    pages = [_page(tmp_path, "nodes: 2"), _page(tmp_path, "nodes: 3")]
    recordings = tmp_path / "recordings"
    heard: list[object] = []
    # Not that PLAIN answers nothing over SSH, as the first page would have found.
    with pytest.raises(GuideError, match="needs 3 nodes without Kubernetes"):
        recording.record(
            PLAIN, pages, recordings, "one", everything=False,
            on_block=lambda *of: heard.append(of), on_page=lambda *of: heard.append(of),
        )  # fmt: skip
    assert heard == []
    assert not recordings.exists()


def test_the_client_outside_is_a_machine_only_where_it_is_asked_for(tmp_path: Path) -> None:
    asking = '{{ run("client", "ip a", id="a") }}'
    assert _page(tmp_path, "nodes: 1, outside: true", asking).machines == ("node0", "client")
    with pytest.raises(GuideError, match="no node 'client'"):
        _page(tmp_path, "nodes: 1", asking)


def test_a_cluster_is_part_of_what_a_recording_was_made_on(tmp_path: Path) -> None:
    asked = ("nodes: 1", "nodes: 1, cni: flannel", "nodes: 1, cni: flannel, proxy: nftables")
    assert len({_page(tmp_path, command).blocks[0].plan for command in asked}) == len(asked)
    explicit = _page(tmp_path, "nodes: 1, cni: flannel, proxy: iptables")
    assert explicit.blocks[0].plan == _page(tmp_path, asked[1]).blocks[0].plan


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("nodes: 1, cni: weave", "cni: weave; known: none, flannel"),
        ("nodes: 1, cni: flannel, proxy: ipvs", "proxy: ipvs; known: iptables, nftables"),
        ("nodes: 1, proxy: nftables", "proxy but no cni"),
        ("nodes: 1, cni: flannel, profile: docker", "not both"),
        ("nodes: 1, cluster: yes", "has no key cluster:"),
    ],
)
def test_a_front_matter_that_no_lab_can_be_is_refused(lab: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(GuideError, match=said):
        frontmatter.read(tmp_path / "page.md", f"---\nlab: {{{lab}}}\n---\n")


@pytest.fixture
def no_lab_is_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine may have labs of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.usefixtures("no_lab_is_up")
def test_without_a_page_a_lab_records_what_it_is_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[str] = []
    everything: list[bool] = []

    def record(_lab: Lab, pages: list[Page], *_: object, **options: object) -> None:
        recorded.extend(page.key for page in pages)
        everything.append(bool(options["everything"]))

    three = replace(FLANNEL, nodes=("node0", "node1", "node2"))
    monkeypatch.setattr(providers, "find", lambda _name, **_: three)
    monkeypatch.setattr(recording, "record", record)
    done = CliRunner().invoke(command, [])
    assert done.exit_code == 0, done.output
    assert recorded == ["faults", "ips", "own-cluster"]
    assert everything == [False], "an edition's versions change with all of its pages or not at all"
    assert (
        "services-nftables (guide lab up --nodes 3 --cni flannel --proxy nftables)" in done.output
    )
    assert "services (guide lab up --nodes 3 --cni flannel --outside)" in done.output
    assert "by-hand, docker" in done.output
    assert "calico" not in done.output


@pytest.mark.usefixtures("no_lab_is_up")
def test_a_lab_that_is_made_for_no_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = replace(FLANNEL, cluster=Cluster("none", "iptables"))
    monkeypatch.setattr(providers, "find", lambda _name, **_: bare)
    done = CliRunner().invoke(command, [])
    assert done.exit_code != 0
    assert "is made for none of the pages" in str(done.exception or done.output)
