"""What `guide` reads of Vagrant, and what it says where something is missing."""

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from macros.cli import vagrant_lab as commands
from macros.ground.errors import GuideError
from macros.lab import paths, providers, state, vagrant, vagrant_needs, vagrant_ssh, vagrant_state
from macros.lab.progress import Progress

DATA = Path(__file__).parent.parent / "data" / "vagrant"


@pytest.fixture(autouse=True)
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout and a cache of their own, and no vagrant in the PATH but one that fails."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setattr(paths, "_SOCKET_ROOM", 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.delenv("LAB", raising=False)
    return tmp_path / "checkout"


def _machine(checkout: Path, node: str, identity: str, provider: str = "docker") -> None:
    folder = checkout / ".vagrant" / "machines" / node / provider
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "id").write_text(identity, encoding="utf-8")


def _state(name: str = "guide", **changed: object) -> vagrant_state.State:
    given: dict[str, object] = {
        "name": name,
        "instance": f"{name}-1",
        "sockets": str(paths.sockets() / name),
        "words": {"NODES": "1", "KUBERNETES": "0"},
        "provider": "docker",
        "machines": {"node0": "docker:abc"},
        "versions": {"Linux": "6.18.44"},
        "since": 1.0,
        "up": True,
    }
    lab_state = vagrant_state.State(**{**given, **changed})  # type: ignore[arg-type]
    lab_state.folder.mkdir(parents=True, exist_ok=True)
    return state.write(lab_state)


def test_ssh_config_says_how_to_reach_each_machine_and_nothing_of_habits() -> None:
    hosts = vagrant_ssh.hosts((DATA / "ssh-config.txt").read_text(encoding="utf-8"))
    assert [host.name for host in hosts] == ["node0", "node1"]
    assert hosts[0].lines == (
        "HostName 127.0.0.1",
        "Port 2200",
        'IdentityFile "/home/reader/a guide/.vagrant/packet-by-packet/key"',
    )


def test_what_vagrant_says_of_a_missing_machine_is_no_setting() -> None:
    hosts = vagrant_ssh.hosts((DATA / "ssh-config-missing.txt").read_text(encoding="utf-8"))
    assert [host.name for host in hosts] == ["node0", "node1"]
    assert {line.split()[0] for line in hosts[1].lines} == {"HostName", "Port", "IdentityFile"}


def test_an_answer_without_machines_is_an_error_that_quotes_it() -> None:
    with pytest.raises(GuideError, match="names no machine: The provider"):
        vagrant_ssh.hosts("The provider for this Vagrant-managed machine is reporting …")


def test_our_configuration_logs_in_as_root_and_insists_on_the_key_seen_first(
    tmp_path: Path,
) -> None:
    hosts = vagrant_ssh.hosts((DATA / "ssh-config.txt").read_text(encoding="utf-8"))
    written = vagrant_ssh.write_ssh_config(tmp_path, tmp_path / "sockets", hosts).read_text("utf-8")
    head, _, common = written.partition("Host *\n")
    assert "Host node1\n  HostKeyAlias node1\n  HostName 127.0.0.1\n  Port 2222\n" in head
    assert 'IdentityFile "/home/reader/a guide/' in head
    assert "User root" in common
    assert "StrictHostKeyChecking accept-new" in common
    assert "ControlMaster no" in common
    assert f"ControlPath {tmp_path}/sockets/ssh-%n" in common


def test_machines_are_known_by_vagrants_own_ids(checkout: Path) -> None:
    assert vagrant_state.machines() == {}
    _machine(checkout, "node1", "def\n", "virtualbox")
    _machine(checkout, "node0", "abc", "virtualbox")
    assert vagrant_state.machines() == {"node0": "virtualbox:abc", "node1": "virtualbox:def"}


def test_a_lab_is_vagrants_by_what_is_written_down_or_else_by_lab(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not vagrant.is_vagrant("guide")
    monkeypatch.setenv("LAB", "vagrant")
    assert vagrant.is_vagrant("guide")
    state.folder("guide").mkdir(parents=True)
    (state.folder("guide") / "lab.json").write_text("{}", encoding="utf-8")
    assert not vagrant.is_vagrant("guide"), "there is one of the kind uml"
    _state("other")
    monkeypatch.setenv("LAB", "uml")
    assert vagrant.is_vagrant("other")


def test_without_machines_the_error_says_how_to_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB", "vagrant")
    with pytest.raises(GuideError, match="Vagrant has no machines") as caught:
        providers.find("guide")
    assert caught.value.fix == "LAB=vagrant guide lab up"


def test_trouble_is_said_in_words(checkout: Path) -> None:
    lab_state = _state()
    assert vagrant.troubles(lab_state) == "Vagrant has other machines now"
    _machine(checkout, "node0", "abc")
    assert vagrant.troubles(lab_state) == "no SSH connection to node0"
    assert "was not finished" in vagrant.troubles(_state(up=False))


def test_a_checkout_has_one_set_of_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    _state("first")
    with pytest.raises(GuideError, match="this checkout's machines are the lab 'first'") as caught:
        vagrant._only_lab("second")
    assert "--name first" in str(caught.value.fix)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GuideError, match="there is no vagrant on this machine"):
        vagrant._only_lab("first")


def test_a_broken_note_is_named_with_the_way_out() -> None:
    lab_state = _state()
    (lab_state.folder / "vagrant.json").write_text("{}", encoding="utf-8")
    with pytest.raises(GuideError, match=r"vagrant\.json cannot be read") as caught:
        vagrant_state.read("guide")
    assert caught.value.fix == "guide lab down --name guide"


def test_the_note_is_read_as_it_was_written() -> None:
    lab_state = _state(cluster={"CNI": "flannel", "PROXY": "iptables"})
    assert vagrant_state.read("guide") == lab_state
    assert (
        json.loads((lab_state.folder / "vagrant.json").read_text("utf-8"))["words"]["NODES"] == "1"
    )


def test_up_is_vagrants_where_it_is_said_or_where_the_lab_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert commands.wanted("guide", "vagrant")
    assert not commands.wanted("guide", None)
    _state("mine")
    assert commands.wanted("mine", None)
    with pytest.raises(GuideError, match="the lab 'mine' is Vagrant's"):
        commands.wanted("mine", "uml")
    with pytest.raises(GuideError, match="no kind of lab 'kvm'"):
        commands.wanted("guide", "kvm")
    monkeypatch.setenv("LAB", "vagrant")
    assert commands.wanted("guide", None)


def test_the_image_is_another_when_what_it_is_made_from_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = vagrant_needs._image_key()
    assert vagrant_needs._image_key() == before
    changed = tmp_path / "scripts"
    for folder in ("vagrant", "node"):
        (changed / folder).mkdir(parents=True)
        for file in (paths.SCRIPTS / folder).iterdir():
            if file.is_file():
                (changed / folder / file.name).write_bytes(file.read_bytes())
    (changed / "vagrant" / "guide-node").write_text("#!/bin/bash\n", encoding="utf-8")
    monkeypatch.setattr(paths, "SCRIPTS", changed)
    assert vagrant_needs._image_key() != before


def _docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The only docker in the PATH answers as the script does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "docker").chmod(0o755)
    monkeypatch.setattr(vagrant_needs, "which", lambda _program: str(folder / "docker"))


def test_without_docker_its_provider_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vagrant_needs, "which", lambda _program: None)
    with pytest.raises(GuideError, match="needs Docker, and there is none") as caught:
        vagrant_needs.image(Progress(Console(quiet=True)))
    assert "apt-get install docker.io" in str(caught.value.fix)


def test_a_docker_that_does_not_answer_is_quoted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    complaint = "Cannot connect to the Docker daemon at unix:///nonexistent."
    _docker(tmp_path, monkeypatch, f"echo '{complaint}' >&2; exit 1")
    with pytest.raises(GuideError, match=re.escape(complaint)) as caught:
        vagrant_needs.image(Progress(Console(quiet=True)))
    assert "start Docker" in str(caught.value.fix)


def test_an_image_needs_the_packages_of_the_lab(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _docker(tmp_path, monkeypatch, '[ "$1" = info ]')  # it answers, and has no image
    with pytest.raises(GuideError, match="made from the lab's packages") as caught:
        vagrant_needs.image(Progress(Console(quiet=True)))
    assert caught.value.fix == "guide lab build"


def test_an_image_that_docker_has_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _docker(tmp_path, monkeypatch, "exit 0")
    name = vagrant_needs.image(Progress(Console(quiet=True)))
    assert re.fullmatch(r"packet-by-packet/node:[0-9a-f]{16}", name)
