"""Vagrant's labs that fail, are kept, or are made anew, with a Vagrant that only keeps notes."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli.lab_commands import lab as command
from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import (
    paths,
    providers,
    ssh_connections,
    state,
    vagrant,
    vagrant_needs,
    vagrant_state,
    wanted,
)
from macros.lab.wanted import Wanted

VAGRANT = """\
#!/bin/sh
# Stands for Vagrant: notes its words and what it is told, makes and removes its notes of machines.
echo "$1 NODES=$NODES CNI=$CNI MEMORY=$MEMORY" >>"$FAKE_LOG"
case $1 in
up)
	for number in 0 1 2; do
		[ $number -lt $NODES ] || continue
		mkdir -p "$VAGRANT_CWD/.vagrant/machines/node$number/virtualbox"
		echo "$$-$number" >"$VAGRANT_CWD/.vagrant/machines/node$number/virtualbox/id"
	done
	;;
destroy) rm -rf "$VAGRANT_CWD/.vagrant/machines" ;;
ssh-config) printf 'Host node0\\n  HostName 127.0.0.1\\n  Port 2222\\n' ;;
esac
[ "$1" != "$FAKE_FAILS" ] || { echo "$1 went wrong"; exit 1; }
"""
ASKED = Wanted("vagrant", 3, 3072, cluster=Cluster("flannel", "nftables"), provider="virtualbox")
WORDS = ["up", "--lab", "vagrant", "--nodes", "3", "--memory", "3072", "--cni", "flannel"]
WORDS += ["--proxy", "nftables", "--provider", "virtualbox"]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What that Vagrant was called with; a checkout, a cache and a k3s that are there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setattr(paths, "_SOCKET_ROOM", 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.delenv("LAB", raising=False)
    monkeypatch.delenv("VAGRANT_DEFAULT_PROVIDER", raising=False)
    monkeypatch.delenv("GUIDE_ARTIFACTS", raising=False)
    _program(tmp_path / "bin" / "vagrant", VAGRANT)
    _program(tmp_path / "scripts" / "vagrant" / "k3s.sh", "#!/bin/sh\n")
    monkeypatch.setattr(paths, "SCRIPTS", tmp_path / "scripts")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(vagrant, "_connect", lambda _state: None)
    monkeypatch.setattr(vagrant, "_described", lambda found: found)
    monkeypatch.setattr(vagrant, "_ssh", lambda *_words, **_more: "")
    monkeypatch.setattr(ssh_connections, "stands", lambda *_: True)
    return tmp_path / "log"


def _program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def _guide(*words: str) -> tuple[int, str]:
    """Exit code and all that is printed, with the error that ended the command."""
    done = CliRunner().invoke(command, [*words, "--name", "one"])
    error = done.exception
    return done.exit_code, done.output + (str(error) if isinstance(error, GuideError) else "")


def _calls(log: Path) -> list[str]:
    """What Vagrant was called for, less the questions that change nothing."""
    rows = log.read_text(encoding="utf-8").splitlines()
    return [row for row in rows if not row.startswith("ssh-config")]


UP = "up NODES=3 CNI=flannel MEMORY=3072"


def test_a_reset_makes_the_same_machines(log: Path) -> None:
    assert _guide(*WORDS)[0] == 0
    code, printed = _guide("reset")
    assert code == 0, printed
    calls = _calls(log)
    assert [calls[0], calls[-1]] == [UP, UP]
    assert calls[1].startswith("destroy ")
    assert wanted.remembered("one") is None


@pytest.mark.parametrize("where", ["destroy", "up", "ssh-config"])
def test_a_reset_that_ends_early_is_gone_on_with(
    log: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    _guide(*WORDS)
    monkeypatch.setenv("FAKE_FAILS", where)
    code, printed = _guide("reset")
    assert code == 1
    assert f"{where} went wrong" in printed
    assert wanted.remembered("one") == ASKED
    # Also where nothing else of it is left, and whatever LAB says.
    state.clean("one")
    assert vagrant.is_vagrant("one")
    with pytest.raises(GuideError, match="is not up"):
        providers.find("one")
    code, printed = _guide("status")
    assert code == 1
    assert f"one: a reset was not finished; guide lab reset --name one makes {ASKED}" in printed
    monkeypatch.setenv("FAKE_FAILS", "")
    assert _guide("reset")[0] == 0
    assert _calls(log)[-1] == UP
    assert wanted.remembered("one") is None
    assert providers.find("one").nodes == ("node0", "node1", "node2")


def test_a_lab_that_is_given_up_is_forgotten(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _guide(*WORDS)
    monkeypatch.setenv("FAKE_FAILS", "up")
    _guide("reset")
    monkeypatch.setenv("FAKE_FAILS", "")
    assert _guide("down") == (0, "one is down\n")
    assert wanted.remembered("one") is None
    assert vagrant_state.machines() == {}
    assert not vagrant.is_vagrant("one")
    assert _calls(log)[-1].startswith("destroy ")


@pytest.mark.parametrize("lacks", ["vagrant", "k3s", "calico", "docker"])
def test_what_a_reset_needs_is_looked_for_before_the_machines_go(
    log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacks: str
) -> None:
    words = [*WORDS]
    if lacks == "calico":
        words[words.index("flannel")] = "calico"
        files = tmp_path / "checkout" / "artifacts" / "calico"
        files.mkdir(parents=True)
        (files / "calico.yaml").touch()
    if lacks == "docker":
        words[words.index("virtualbox")] = "docker"
        monkeypatch.setattr(vagrant_needs, "image", lambda _progress: "image:1")
    assert _guide(*words)[0] == 0
    before, calls, there = vagrant_state.read("one"), _calls(log), vagrant_state.machines()
    assert before is not None
    answers = {
        "vagrant": "there is no vagrant on this machine",
        "k3s": "no such release",
        "calico": "there is no ",
        "docker": "needs Docker, and there is none",
    }

    def missing(_progress: object) -> None:
        raise GuideError(answers["docker"])

    if lacks == "vagrant":
        (tmp_path / "bin" / "vagrant").unlink()
        monkeypatch.setenv("PATH", "/nowhere")
    _program(tmp_path / "scripts/vagrant/k3s.sh", "#!/bin/sh\necho no such release\nexit 1\n")
    if lacks != "k3s":
        _program(tmp_path / "scripts/vagrant/k3s.sh", "#!/bin/sh\n")
    if lacks == "calico":
        (files / "calico.yaml").unlink()
    if lacks == "docker":
        monkeypatch.setattr(vagrant_needs, "image", missing)
        # It is asked for by the provider that the machines have, not by an option.
        state.write(replace(before, provider="docker"))
        before = vagrant_state.read("one")
    code, text = _guide("reset")
    assert code == 1
    assert answers[lacks] in text
    assert _calls(log) == calls
    assert vagrant_state.machines() == there
    assert vagrant_state.read("one") == before
    assert wanted.remembered("one") is None


@pytest.mark.parametrize("verb", ["up", "reset"])
def test_machines_that_fail_can_be_looked_into_where_that_was_asked_for(
    log: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    if verb == "reset":
        _guide(*WORDS)
    monkeypatch.setenv("FAKE_FAILS", "up")
    code, printed = _guide(*WORDS, "--keep") if verb == "up" else _guide("reset", "--keep")
    assert code == 1
    look = "guide lab ssh --name one node0 looks into it, guide lab down --name one takes it down"
    assert look in printed
    lab_state = vagrant_state.read("one")
    assert lab_state is not None
    assert lab_state.kept == "vagrant up failed"
    kept = providers.find("one", kept=True)
    assert kept.nodes == ("node0", "node1", "node2")
    assert "Port 2222" in kept.ssh_config.read_text(encoding="utf-8")
    with pytest.raises(GuideError, match="is broken: vagrant up failed"):
        providers.find("one")
    code, printed = _guide("status")
    assert code == 1
    assert "one did not come up: vagrant up failed" in printed
    assert look in printed
    # The next one goes on with it, as Vagrant does.
    monkeypatch.setenv("FAKE_FAILS", "")
    assert _guide(*WORDS)[0] == 0
    assert providers.find("one")
    assert _calls(log)[-1] == UP


def test_a_cluster_that_is_not_ready_is_no_lab_that_is_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ssh(_state: object, _node: str, said: str, timeout: float = 120.0) -> str:
        if "kubectl wait" in said:
            raise GuideError(f"node0 did not answer within {timeout:g} s")
        return "kube-system  calico-node-x2v9p  0/1  Init:0/3\n"

    monkeypatch.setattr(vagrant, "_ssh", ssh)
    code, printed = _guide(*WORDS)
    assert code == 1
    assert "node0 did not answer within 600 s\nkube-system  calico-node-x2v9p  0/1" in printed
    with pytest.raises(GuideError, match="is broken"):
        providers.find("one")
    assert "is kept" not in printed
    assert _calls(log) == [UP]
