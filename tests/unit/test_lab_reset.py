"""A reset that fails or is interrupted, and labs that are kept: what is there then, what is said.

No machine is started: what would start it is put in the place of `uml._start`.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import lab_commands
from macros.cli.lab_commands import lab as command
from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import build, doctor, paths, providers, state, uml, wanted
from macros.lab.kubernetes import calico, parts, pki
from macros.lab.process import Process
from macros.lab.state import State
from macros.lab.wanted import Wanted

CALICO = Wanted("uml", 3, 3072, "sid", Cluster("calico", "nftables"), "v1.37.2", outside=True)
PLAIN = Wanted("uml", 2, 1024)


class Machine:
    """What starts labs here: notes each, and does as `then` says when it is half up."""

    def __init__(self) -> None:
        self.started: list[Wanted] = []
        self.then: BaseException | None = None

    def start(self, fresh: State, _addition: object, _progress: object) -> None:
        self.started.append(uml.as_wanted(fresh))
        fresh.folder.mkdir(parents=True)
        lab_state = state.write(replace(fresh, processes=(_this(),)))
        if self.then is not None:
            raise self.then
        state.write(replace(lab_state, up=True))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setattr(paths, "_SOCKET_ROOM", 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("LAB", raising=False)
    (tmp_path / "versions.json").write_text(json.dumps({"flannel": "1"}), encoding="utf-8")
    monkeypatch.setattr(doctor, "require", lambda _purpose: None)
    monkeypatch.setattr(parts, "found", lambda _version: tmp_path)
    monkeypatch.setattr(pki, "kept", lambda _kubeadm, _version: tmp_path)
    monkeypatch.setattr(calico, "disk", lambda place, _version, _progress: place / "disk")
    monkeypatch.setattr(calico, "versions", lambda: {"Calico": "3.32.1"})
    monkeypatch.setattr(uml, "built", lambda _suite: build.Built(Path("k"), Path("r"), {}))
    monkeypatch.setattr(uml, "connect", lambda _state: [])
    # There are no nodes to ask here: what says of them that they answer is tested on labs.
    monkeypatch.setattr(lab_commands, "_silent", lambda _lab: [])
    # What is written down of processes here is this test's own: nobody is to end it.
    monkeypatch.setattr(state, "end", lambda _processes, _folder: None)
    made = Machine()
    monkeypatch.setattr(uml, "_start", made.start)
    return made


def _this() -> Process:
    text = Path("/proc/self/stat").read_text(encoding="utf-8")
    return Process("node0", os.getpid(), int(text.rpartition(")")[2].split()[19]))


def _guide(*words: str) -> tuple[int, str]:
    """Exit code and all that is printed, with the error that ended the command."""
    done = CliRunner().invoke(command, [*words, "--name", "one"])
    error = done.exception
    return done.exit_code, done.output + (str(error) if isinstance(error, GuideError) else "")


def _up(lab: Wanted, *more: str) -> tuple[int, str]:
    words = ["up", "--nodes", str(lab.nodes), "--memory", str(lab.memory), *more]
    if lab.cluster is None:
        return _guide(*words, "--plain")
    return _guide(*words, "--cni", lab.cluster.cni, "--proxy", lab.cluster.proxy, "--outside")


@pytest.mark.parametrize("lab", [CALICO, PLAIN], ids=["calico", "plain"])
def test_a_reset_makes_the_same_lab(machine: Machine, lab: Wanted) -> None:
    assert _up(lab)[0] == 0
    before = providers.find("one").instance
    assert _guide("reset") == (0, f"one is up: {', '.join(providers.find('one').nodes)}\n")
    assert machine.started == [lab, lab]
    assert providers.find("one").instance != before
    assert wanted.remembered("one") is None


@pytest.mark.parametrize("lab", [CALICO, PLAIN], ids=["calico", "plain"])
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "failed", "SIGKILL"])
def test_a_reset_that_was_interrupted_is_gone_on_with(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, lab: Wanted, how: str
) -> None:
    _up(lab)
    errors = {"Ctrl-C": KeyboardInterrupt(), "SIGTERM": SystemExit(143)}
    machine.then = errors.get(how, GuideError("node1 did not answer"))
    with monkeypatch.context() as killed:
        if how == "SIGKILL":  # as if nothing of ours ran any more
            killed.setattr(uml, "_failed", lambda *_words, **_more: None)
        code, printed = _guide("reset")
    assert code != 0
    assert (state.read("one") is None) == (how != "SIGKILL")
    if how != "SIGKILL":
        assert f"guide lab reset --name one makes the lab again: {lab}" in printed
    code, printed = _guide("status")
    assert code == 1
    assert f"one: a reset was not finished; guide lab reset --name one makes {lab}" in printed
    if how != "SIGKILL":
        with pytest.raises(GuideError, match="its reset was not finished") as caught:
            providers.find("one")
        assert caught.value.fix == "guide lab reset --name one"
    machine.then = None
    assert _guide("reset")[0] == 0
    assert machine.started == [lab] * 3
    assert wanted.remembered("one") is None
    assert _guide("status")[0] == 0


def test_what_a_reset_was_asked_for_is_remembered_too(machine: Machine) -> None:
    _up(CALICO)
    machine.then = KeyboardInterrupt()
    _guide("reset", "--nodes", "2", "--memory", "4096")
    machine.then = None
    _guide("reset")
    assert machine.started[-1] == replace(CALICO, nodes=2, memory=4096)


def test_a_lab_that_is_given_up_is_forgotten(machine: Machine) -> None:
    _up(CALICO)
    machine.then = KeyboardInterrupt()
    _guide("reset")
    assert list(state.remains()) == ["one"], "so that `down --all` finds it"
    assert _guide("down") == (0, "one is down\n")
    assert _guide("down") == (0, "one was not up\n")
    assert _guide("status") == (1, "no lab is up\n")
    assert not list(paths.labs().iterdir())


def test_an_up_that_succeeds_is_what_the_next_reset_makes(machine: Machine) -> None:
    _up(CALICO)
    machine.then = KeyboardInterrupt()
    _guide("reset")
    _up(PLAIN)
    assert wanted.remembered("one") == CALICO, "that one failed too"
    machine.then = None
    _up(PLAIN)
    _guide("reset")
    assert machine.started[-1] == PLAIN


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ("parts", "the parts are not built"),
        ("calico", "lacks the image"),
        ("kernel", "the lab's kernel is not built"),
        ("vde", "this machine lacks: vde_switch"),
        ("nodes", "a lab has 1 to 9 nodes, not 12"),
    ],
)
def test_what_a_reset_needs_is_looked_for_before_the_lab_goes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, lacks: str, said: str
) -> None:
    _up(CALICO)
    before = state.read("one")

    def missing(*_words: object) -> None:
        raise GuideError(said)

    what = {
        "parts": (parts, "found"),
        "calico": (calico, "disk"),
        "kernel": (uml, "built"),
        "vde": (doctor, "require"),
    }
    if lacks in what:
        monkeypatch.setattr(*what[lacks], missing)
    code, text = _guide("reset", *(["--nodes", "12"] if lacks == "nodes" else []))
    assert code == 1
    assert said in text
    assert state.read("one") == before
    assert wanted.remembered("one") is None
    assert machine.started == [CALICO]


@pytest.mark.parametrize("verb", ["up", "reset"])
@pytest.mark.parametrize("lab", [CALICO, PLAIN], ids=["calico", "plain"])
def test_a_lab_that_fails_is_kept_where_that_was_asked_for(
    machine: Machine, lab: Wanted, verb: str
) -> None:
    if verb == "reset":
        _up(lab)
    machine.then = GuideError("Calico was not ready within 240 s: calico-node is ready\n  log")
    code, printed = _up(lab, "--keep") if verb == "up" else _guide("reset", "--keep")
    assert code == 1
    look = "guide lab ssh --name one node0 looks into it, guide lab down --name one takes it down"
    assert f"the lab 'one' is kept as it is: {look}" in printed
    lab_state = state.read("one")
    assert lab_state is not None
    assert lab_state.kept == "Calico was not ready within 240 s: calico-node is ready"
    # It can be looked into, and nothing else takes it for a lab that is whole.
    assert providers.find("one", kept=True).nodes == tuple(node.name for node in lab_state.nodes)
    with pytest.raises(GuideError, match="is kept for a look; Calico was not ready"):
        providers.find("one")
    code, printed = _guide("status")
    assert code == 1
    assert "one is broken: it did not come up, and is kept for a look" in printed
    assert look in printed
    assert _guide("down") == (0, "one is down\n")
    assert not list(paths.labs().iterdir())


def test_one_that_is_interrupted_is_kept_too_and_the_next_up_takes_its_place(
    machine: Machine,
) -> None:
    machine.then = KeyboardInterrupt()
    _up(PLAIN, "--keep")
    lab_state = state.read("one")
    assert lab_state is not None
    assert lab_state.kept == "it was interrupted"
    machine.then = None
    code, printed = _up(PLAIN)
    assert code == 0
    assert "removing what is left of the lab 'one': it did not come up" in printed
    assert providers.find("one")


def test_without_that_nothing_of_it_stays(machine: Machine) -> None:
    machine.then = GuideError("node0 did not answer")
    assert _up(PLAIN)[0] == 1
    assert not list(paths.labs().iterdir())


def test_a_broken_lab_that_nobody_kept_cannot_be_looked_into(machine: Machine) -> None:
    _up(PLAIN)
    lab_state = state.read("one")
    assert lab_state is not None
    state.write(replace(lab_state, up=False))
    with pytest.raises(GuideError, match="was not finished"):
        providers.find("one", kept=True)
    assert machine.started == [PLAIN]


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cluster": 1}'])
def test_a_note_of_a_reset_that_cannot_be_read_is_named(text: str) -> None:
    wanted.remember("one", PLAIN)
    (paths.labs() / "one.reset").write_text(text, encoding="utf-8")
    code, printed = _guide("reset")
    assert code == 1
    assert "one.reset cannot be read" in printed
    assert "guide lab down --name one" in printed
    assert _guide("down")[0] == 0
    assert wanted.remembered("one") is None


@pytest.mark.parametrize(
    ("lab", "words"),
    [
        (PLAIN, "2 nodes of sid"),
        (CALICO, ("3 nodes of sid (Kubernetes v1.37.2, cni calico, kube-proxy nftables)"
                 " and a client outside")),
        (Wanted("vagrant", 3, cluster=Cluster("flannel", "iptables")),
         "3 nodes of vagrant (Kubernetes, cni flannel, kube-proxy iptables)"),
    ],
)  # fmt: skip
def test_what_is_wanted_is_said_in_words(lab: Wanted, words: str) -> None:
    assert str(lab) == words


def test_a_lab_is_named_with_or_without_the_option(machine: Machine) -> None:
    def guide(*words: str) -> str:
        done = CliRunner().invoke(command, words)
        return done.output + str(done.exception or "")

    assert "author1 is up" in guide("up", "author1", "--nodes", "1", "--plain")
    assert guide("down", "autor1") == "autor1 was not up; did you mean author1?\n"
    assert guide("down", "--name", "two") == "two was not up; there is author1\n"
    assert "there is no lab 'autor1'; did you mean author1?" in guide("reset", "autor1")
    assert guide("status", "author1").startswith("lab")
    assert "author1 is up" in guide("reset", "author1")
    assert "two labs are named: author1, and --name b" in guide("down", "author1", "--name", "b")
    assert guide("down", "author1") == "author1 is down\n"
    assert guide("down", "author1") == "author1 was not up\n"
    assert len(machine.started) == 2
