"""Where a lab's files are and what is written down of it."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.lab import keys, paths, providers, ssh_connections, state, uml
from macros.lab.process import Process
from macros.lab.state import Node, State


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setattr(paths, "_SOCKET_ROOM", 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


def _state(name: str = "one", **changed: object) -> State:
    given: dict[str, object] = {
        "name": name,
        "instance": f"{name}-1",
        "sockets": str(paths.sockets() / name),
        "kernel": "/kernel",
        "rootfs": "/rootfs",
        "versions": {"Linux": "7.2.13"},
        "memory": 1024,
        "nodes": (Node("node0", "192.168.56.10", 1234),),
        "up": True,
    }
    lab_state = State(**{**given, **changed})  # type: ignore[arg-type]
    lab_state.folder.mkdir(parents=True, exist_ok=True)
    return lab_state


def _this() -> Process:
    text = Path("/proc/self/stat").read_text(encoding="utf-8")
    return Process("this", os.getpid(), int(text.rpartition(")")[2].split()[19]))


def test_what_is_written_is_read() -> None:
    written = state.write(_state(processes=(Process("switch", 5, 6),)))
    assert state.read("one") == written
    assert list(state.names()) == ["one"]
    assert not list(written.folder.glob("*.new"))


def test_a_lab_that_is_not_there_is_none() -> None:
    assert state.read("one") is None
    assert list(state.names()) == []
    assert state.clean("one") is False
    with pytest.raises(GuideError, match="the lab 'guide' is not up") as caught:
        providers.find()
    assert caught.value.fix == "guide lab up"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "one"}', '{"nodes": 1, "processes": 2}'])
def test_notes_that_cannot_be_read_are_named_and_cleaned(text: str) -> None:
    folder = _state().folder
    (folder / "lab.json").write_text(text, encoding="utf-8")
    with pytest.raises(GuideError, match="cannot be read") as caught:
        providers.find("one")
    assert caught.value.fix == "guide lab down --name one"
    assert state.clean("one") is True
    assert not folder.exists()


def test_a_lab_whose_process_is_gone_is_broken() -> None:
    state.write(_state(processes=(_this(), Process("switch", 2**22 + 1, 1))))
    with pytest.raises(GuideError, match=r"broken: switch \(process 4194305\) ended"):
        providers.find("one")


def test_a_lab_that_did_not_come_up_is_broken() -> None:
    state.write(_state(processes=(_this(),), up=False))
    with pytest.raises(GuideError, match="was not finished"):
        providers.find("one")


def test_a_lab_that_is_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ssh_connections, "open_shared", lambda *given: opened.append(given[2]))
    written = state.write(_state(processes=(_this(),)))
    lab = providers.find("one")
    assert lab.nodes == ("node0",)
    assert lab.instance == "one-1"
    assert lab.ssh_config == written.folder / "ssh_config"
    assert opened == ["node0"], "the shared connection was gone"


@pytest.mark.parametrize("name", ["", "a b", "../x", "A", "-x", "x" * 21, "x/y", "ü"])
def test_a_name_that_no_folder_can_have_is_refused(name: str) -> None:
    with pytest.raises(GuideError, match="cannot be a lab's name"):
        state.folder(name)


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert paths.cache() == tmp_path / "cache/packet-by-packet"
    for unusable in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert paths.cache() == Path.home() / ".cache/packet-by-packet"


def test_sockets_stay_below_what_the_kernel_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """107 bytes (unix(7)), less 17 that ssh appends while it makes a control socket."""
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/" + "1" * 80)
    folder = paths.sockets() / ("x" * 20)
    assert len(keys.control(folder, "node8")) + 17 <= 107
    assert len(f"{folder}/switch/ctl") <= 107


def test_a_folder_of_sockets_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "run/packet-by-packet").mkdir(mode=0o755)
    assert paths.sockets().stat().st_mode & 0o777 == 0o700


def test_a_folder_of_sockets_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run/packet-by-packet").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GuideError, match="is not a folder of yours"):
        paths.sockets()


def test_ssh_understands_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "host_key.pub").write_text("ssh-ed25519 AAAA lab\n", encoding="ascii")
    nodes = (Node("node0", "192.168.56.10", 1001), Node("node1", "192.168.56.11", 1002))
    file = keys.write_ssh_config(tmp_path, tmp_path / "s", nodes)
    done = subprocess.run(
        ["ssh", "-G", "-F", str(file), "node1"], capture_output=True, text=True, check=True
    )
    settings = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert settings["hostname"] == "127.0.0.1"
    assert settings["port"] == "1002"
    assert settings["user"] == "root"
    assert settings["stricthostkeychecking"] == "true"
    assert settings["controlpath"] == f"{tmp_path}/s/ssh-node1"
    assert settings["controlmaster"] == "false"
    assert (tmp_path / "known_hosts").read_text("ascii").splitlines()[1] == "node1 ssh-ed25519 AAAA"


def test_a_node_gets_its_name_its_keys_and_its_neighbours(tmp_path: Path) -> None:
    for name in ("host_key", "host_key.pub", "user_key.pub"):
        (tmp_path / name).write_text(name, encoding="ascii")
    nodes = (Node("node0", "192.168.56.10"), Node("node1", "192.168.56.11"))
    seed = keys.write_seed(tmp_path, nodes[1], nodes, {})
    assert seed.stat().st_mode & 0o077 == 0
    with tarfile.open(seed) as archive:
        hosts = archive.extractfile("etc/hosts")
        assert hosts is not None
        assert hosts.read().endswith(b"192.168.56.10 node0\n192.168.56.11 node1\n")
        hostname = archive.extractfile("etc/hostname")
        assert hostname is not None
        assert hostname.read() == b"node1\n"
        assert archive.getmember("etc/ssh/ssh_host_ed25519_key").mode == 0o600
        assert archive.getmember("root/.ssh/authorized_keys").mode == 0o600


def test_notes_are_plain_json_for_other_programs() -> None:
    state.write(_state())
    stored = json.loads((state.folder("one") / "lab.json").read_text(encoding="utf-8"))
    assert stored["nodes"] == [{"name": "node0", "address": "192.168.56.10", "port": 1234}]


def test_what_a_killed_command_left_of_a_lab_is_found_by_its_lock_too() -> None:
    state.write(_state())
    for name in ("one.lock", "gone.lock", ".ports.lock"):
        (paths.labs() / name).touch()
    assert list(state.names()) == ["one"]
    assert list(state.remains()) == ["gone", "one"]
    assert not uml.down("gone")
    assert not (paths.labs() / "gone.lock").exists()
