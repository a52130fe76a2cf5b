"""What several suites share: a machine that answers over SSH without root and without a daemon."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from macros.lab.lab import Lab
from tests.sharing import Sharing

NODES = ("node0", "node1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    return Sharing(config, log)


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell has what it starts in the background ignore Ctrl-C: `make test &`, `nohup make test`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def local_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """This machine as a lab: real commands over a real SSH connection on 127.0.0.1."""
    # A control socket's path must stay below 100 bytes.
    folder = tmp_path_factory.mktemp("ssh")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder / "key"))
    (folder / "key").chmod(0o600)
    server = _Server(folder / "key")
    config = folder / "ssh_config"
    config.write_text(
        "Host node0 node1\n"
        f"  HostName 127.0.0.1\n  Port {server.port}\n  User anyone\n"
        f"  IdentityFile {folder / 'key'}\n  IdentitiesOnly yes\n"
        "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n"
        f"  ControlMaster auto\n  ControlPath {folder}/%n\n  ControlPersist 20\n",
        encoding="utf-8",
    )
    yield Lab("test", "local", NODES, config, "instance-1", {"Linux": "6.1"})
    server.stop()


class _Server:
    """An SSH server in a thread; each request runs as a process of this user."""

    def __init__(self, key: Path) -> None:
        self._key = key
        self._loop = asyncio.new_event_loop()
        self._listeners: list[Any] = []
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        started.wait(20)
        self.port = int(self._listeners[0].get_port())

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(
            asyncssh.listen(
                "127.0.0.1",
                0,
                server_host_keys=[str(self._key)],
                authorized_client_keys=asyncssh.import_authorized_keys(
                    asyncssh.read_private_key(str(self._key)).export_public_key().decode()
                ),
                process_factory=_process,
                encoding=None,
            )
        )
        self._listeners.append(listener)
        started.set()
        self._loop.run_forever()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _close(self) -> None:
        self._listeners[0].close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=5) if others else None


async def _process(process: Any) -> None:
    child = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        process.command or "exit 1",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    feeding = asyncio.create_task(_feed(process.stdin, child))
    try:
        await asyncio.gather(
            _pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr), child.wait()
        )
    finally:
        feeding.cancel()
        if child.returncode is None:
            child.kill()
        # What the command started may hold its pipes open; nothing else closes our ends.
        child._transport.close()  # type: ignore[attr-defined]
    process.exit(child.returncode)


async def _feed(source: Any, child: asyncio.subprocess.Process) -> None:
    assert child.stdin is not None
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(65536):
            child.stdin.write(chunk)
            await child.stdin.drain()
        child.stdin.close()


async def _pump(source: Any, target: Any) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
