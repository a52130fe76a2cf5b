"""The lab `vagrant`: machines, or containers, that the checkout's Vagrantfile describes.

Vagrant starts and ends them; we keep what a recorder needs beside it: an SSH configuration for
root with a shared connection to each node, made from `vagrant ssh-config`, and what runs there.
Each call of `vagrant` takes seconds, so no command makes one but `up`, `down` and the first look
at machines that a person has started.
"""

import contextlib
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.model import Cluster
from macros.lab import paths, rootfs, ssh_connections, vagrant_needs, wanted
from macros.lab.lab import Lab
from macros.lab.left import looks, reason
from macros.lab.progress import Progress
from macros.lab.state import clean, folder, names, write
from macros.lab.tools import call, environment
from macros.lab.turns import alone
from macros.lab.vagrant_ssh import Host, hosts, write_ssh_config
from macros.lab.vagrant_state import KIND, State, machines, read
from macros.lab.wanted import Wanted

_CLUSTER_PATIENCE = 600.0  # seconds; without artifacts, images are downloaded meanwhile
_READY = (
    "until [ $(kubectl get nodes --no-headers 2>/dev/null | wc -l) = {nodes} ]; do sleep 1; done;"
    " kubectl wait --for=condition=Ready nodes --all --timeout=600s"
)


def is_vagrant(name: str) -> bool:
    """Whether the lab of that name is Vagrant's: by what is written down, else by LAB."""
    lab_folder = folder(name)
    if (lab_folder / State.FILE).is_file():
        return True
    if (lab_folder / "lab.json").is_file():
        return False
    with contextlib.suppress(GuideError):  # one that cannot be read says nothing of it
        if unfinished := wanted.remembered(name):
            return unfinished.kind == KIND
    return os.environ.get("LAB") == KIND


def find(name: str = "guide", *, kept: bool = False) -> Lab:
    """The lab of that name. GuideError when it is not up, or a machine does not answer.

    Machines that were started by `vagrant up` itself, or made anew by it, are taken over. `kept`:
    a lab that failed and was left for a look will do, whatever of it still runs.
    """
    stored = read(name)
    if kept and stored is not None and stored.kept:
        return _as_lab(stored)
    there = machines()
    if stored is None and (unfinished := wanted.remembered(name)):
        raise GuideError(
            f"the lab {name!r} is not up: its reset was not finished ({unfinished})",
            fix=wanted.reset_command(name),
        )
    if stored is not None and not stored.up:
        why = stored.kept or f"{_up(name)} did not end"
        raise GuideError(f"the lab {name!r} is broken: {why}", fix=_up(name))
    if not there:
        raise GuideError(f"the lab {name!r} is not up: Vagrant has no machines", fix=_up(name))
    if stored is None or stored.machines != there:
        with alone(name):
            stored = _take_over(name, stored.words if stored else {}, stored)
    else:
        _connect(stored)
    return _as_lab(stored)


def _as_lab(stored: State) -> Lab:
    """The lab as everybody else sees it."""
    return Lab(
        name=stored.name,
        kind=KIND,
        nodes=stored.nodes,
        ssh_config=stored.folder / "ssh_config",
        instance=stored.instance,
        versions=stored.versions,
        cluster=Cluster(stored.cluster["CNI"], stored.cluster["PROXY"]) if stored.cluster else None,
        lost=lambda: _lost(stored),
    )


def _lost(stored: State) -> str:
    """Why this very lab cannot answer any more; "" while nothing is known against it."""
    try:
        now = read(stored.name)
        if now is None or now.instance != stored.instance:
            return "the lab was taken down"
        return troubles(now)
    except GuideError as error:
        return error.message


def up(
    name: str,
    nodes: int,
    progress: Progress,
    *,
    memory: int | None = None,
    cluster: Cluster | None = None,
    provider: str | None = None,
    anew: bool = False,
    keep: bool = False,
) -> Lab:
    """`vagrant up`, and return when every node answers. Without `cluster`, no k3s.

    An `up` that failed is gone on with by the next, as Vagrant itself does; with `keep`, what it
    left can be looked into by then. `anew`: the machines that there are go first.
    """
    provider = provider or os.environ.get("VAGRANT_DEFAULT_PROVIDER")
    words = _words(nodes, memory, cluster)
    with alone(name):
        _only_lab(name)
        if (folder(name) / "lab.json").is_file():
            raise GuideError(
                f"a lab {name!r} of the kind uml is up", fix=f"guide lab down --name {name}"
            )
        if not anew and _is_up(read(name), words, progress):
            return find(name)
        extra = vagrant_needs.required(cluster, provider, progress)
        if anew:
            asked = Wanted(KIND, nodes, memory, cluster=cluster, provider=provider or "")
            wanted.remember(name, asked)
            if machines():
                _destroy()
        begun = _begun(name, words, provider or "")
        try:
            _start(begun, extra, cluster, progress)
        except BaseException as error:
            _failed(begun, error, progress, keep=keep)
            raise
        wanted.forget(name)
    return find(name)


def _words(nodes: int, memory: int | None, cluster: Cluster | None) -> dict[str, str]:
    """What the Vagrantfile is told."""
    words = {"NODES": str(nodes), "KUBERNETES": "1" if cluster else "0"}
    words |= {"CNI": cluster.cni, "PROXY": cluster.proxy} if cluster else {}
    return words | ({"MEMORY": str(memory)} if memory else {})


def _begun(name: str, words: dict[str, str], provider: str) -> State:
    """A lab of which nothing is there yet, written down in the place of any earlier one."""
    clean(name)
    folder(name).mkdir(parents=True, mode=0o700)
    return write(
        State(
            name=name,
            instance="",
            sockets=str(paths.sockets() / name),
            words=words,
            provider=provider,
            machines={},
            versions={},
            since=_now(),
        )
    )


def _is_up(stored: State | None, words: Mapping[str, str], progress: Progress) -> bool:
    """Whether this very lab is up. GuideError when it is another one."""
    if stored is None or not stored.up or stored.machines != machines():
        return False
    if stored.words != words:
        raise GuideError(
            f"the lab {stored.name!r} is up with {_said(stored.words)}, not {_said(words)}",
            fix=f"guide lab down --name {stored.name}, then up again",
        )
    progress.note(f"the lab {stored.name!r} is up already")
    _connect(stored)
    return True


def _start(
    begun: State, extra: Mapping[str, str], cluster: Cluster | None, progress: Progress
) -> None:
    name, words = begun.name, begun.words
    progress.step(f"lab {name}: vagrant up")
    chosen = [f"--provider={begun.provider}"] if begun.provider else []

    def show(line: str) -> None:
        if line.startswith("==> "):
            progress.note(line.rstrip())

    _vagrant(
        "up", *chosen, told={**words, **extra}, on_line=show,
        fix=f"fix that, then: {_up(name)}; guide lab down --name {name} gives up",
    )  # fmt: skip
    progress.step(f"lab {name}: waiting for SSH")
    begun = _take_over(name, words, None)
    if cluster and cluster.cni != "none":
        progress.step(f"lab {name}: waiting for Ready nodes")
        write(replace(begun, up=False))  # for whoever looks meanwhile, or after we were killed
        _ready(begun, int(words["NODES"]))
        write(begun)


def _ready(state: State, nodes: int) -> None:
    """Return when every node of the cluster is Ready. GuideError with its pods when that is not."""
    try:
        _ssh(state, "node0", _READY.format(nodes=nodes), timeout=_CLUSTER_PATIENCE)
    except GuideError as error:
        pods = "kubectl get nodes,pods -A -o wide --request-timeout=20s 2>&1; true"
        with contextlib.suppress(GuideError):
            error.message += "\n" + _ssh(state, "node0", pods).rstrip()
        raise


def _failed(begun: State, error: BaseException, progress: Progress, *, keep: bool) -> None:
    """A lab that is not whole is not up; with `keep`, it can be reached all the same."""
    state = replace(read(begun.name) or begun, up=False)
    if keep and (there := machines()):
        state = replace(state, machines=there, kept=reason(error))
        with contextlib.suppress(GuideError):  # machines that Vagrant cannot reach either
            Path(state.sockets).mkdir(mode=0o700, exist_ok=True)
            write_ssh_config(state.folder, Path(state.sockets), _asked_hosts(there))
        progress.note(looks(state.name, state.nodes[0]))
    write(state)
    if unfinished := wanted.remembered(state.name):
        progress.note(f"{wanted.reset_command(state.name)} makes the lab again: {unfinished}")


def down(name: str) -> bool:
    """End the machines and forget them. False when there were none.

    A reset that did not come to its end is given up.
    """
    with alone(name):
        # The note itself may be what is broken: that there is one is enough.
        ours = (folder(name) / State.FILE).is_file() or os.environ.get("LAB") == KIND
        ours = ours or name in wanted.unfinished()
        there = machines()
        if there and ours:
            _only_lab(name)
            _destroy()
        written = clean(name)
        return wanted.forget(name) or written or bool(there and ours)


def _destroy() -> None:
    _vagrant("destroy", "--force", told={"KUBERNETES": "0"}, fix="vagrant status")


def troubles(state: State) -> str:
    """Why this lab cannot be used, in words; "" when nothing is known against it. Quick."""
    if state.kept:
        return f"it did not come up, and is kept for a look; {state.kept}"
    if not state.up:
        return "`guide lab up` was not finished"
    if machines() != state.machines:
        return "Vagrant has other machines now"
    gone = [node for node in state.nodes if not ssh_connections.stands(Path(state.sockets), node)]
    return f"no SSH connection to {', '.join(gone)}" if gone else ""


def _take_over(name: str, words: Mapping[str, str], before: State | None) -> State:
    """Write down what is needed to work on the machines that Vagrant has; a new lab instance."""
    there = machines()
    _only_lab(name)
    reachable = _asked_hosts(there)
    if before is not None:
        clean(name)
    lab_folder, sockets = folder(name), paths.sockets() / name
    lab_folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    sockets.mkdir(mode=0o700, exist_ok=True)
    state = State(
        name=name,
        instance=f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        sockets=str(sockets),
        words=dict(words),
        provider=next(iter(there.values())).partition(":")[0],
        machines=there,
        versions={},
        since=_now(),
    )
    write_ssh_config(lab_folder, sockets, reachable)
    _connect(state)
    state = _described(state)
    if not words:  # a person has started them: a reset is to make the same again
        told = {"NODES": str(len(there)), "KUBERNETES": "1" if state.cluster else "0"}
        state = replace(state, words=told | (state.cluster or {}))
    return write(replace(state, up=True))


def _asked_hosts(there: Mapping[str, str]) -> list[Host]:
    """How Vagrant says that its machines are reached."""
    asked = f"/^({'|'.join(there)})$/"  # Vagrant takes a pattern for several names
    return hosts(_vagrant("ssh-config", asked, told={"KUBERNETES": "0"}, fix="vagrant status"))


def _described(state: State) -> State:
    """Ask node0 what runs there, for a page's small print, and of its cluster; booted by then."""
    parts = (
        "systemctl is-system-running --wait >/dev/null || systemctl --failed --plain >&2; uname -r",
        "cat /etc/debian_version",
        "dpkg-query -W -f '${Package} ${Version}\\n'",
        "cat /etc/guide-cluster.env",  # written by scripts/vagrant/k3s-node.sh
        "k3s --version",
    )
    command = "; echo --; ".join(f"({part}) 2>/dev/null" for part in parts)
    printed = _ssh(state, state.nodes[0], f"{command}; true")  # a part that is missing says nothing
    release, debian, listed, words, k3s = (part.strip() for part in printed.split("--\n", 4))
    installed = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    # "forky/sid" before a release, "13.1" after it
    suite = "sid" if debian.endswith("/sid") else debian.partition(".")[0]
    versions = {"Debian": suite, **rootfs.shown_versions(release, installed)}
    if version := re.search(r"v([\d.]+)(\S*)", k3s):
        versions |= {"Kubernetes": version[1], "k3s": version[1] + version[2]}
    cluster = dict(line.split("=", 1) for line in words.splitlines()) or None
    return replace(state, versions=versions, cluster=cluster)


def _ssh(state: State, node: str, command: str, timeout: float = 120.0) -> str:
    words = ["ssh", "-F", str(state.folder / "ssh_config"), node, command]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GuideError(
            f"{node} did not answer within {timeout:g} s", node=node, command=command
        ) from None
    if done.returncode != 0:
        raise GuideError(
            f"{node} does not answer as it should: {(done.stderr or done.stdout)[-500:].strip()}",
            node=node,
            command=command,
            fix=f"vagrant status; guide lab reset --name {state.name}",
        )
    return done.stdout


def _connect(state: State) -> None:
    """Open the shared SSH connections that are gone. GuideError for a node that is."""
    sockets = Path(state.sockets)
    for node in state.nodes:
        if ssh_connections.stands(sockets, node):
            continue
        log = state.folder / "ssh.log"
        # A file, not a pipe: the connection stays, and holds open what it was given.
        with log.open("w", encoding="utf-8") as errors:
            ssh_connections.open_shared(state.folder / "ssh_config", sockets, node, errors)
        if not ssh_connections.stands(sockets, node):
            raise GuideError(
                f"{node} of lab {state.name} cannot be reached: "
                f"{log.read_text(encoding='utf-8').strip() or 'no answer'}",
                node=node,
                fix=f"vagrant status; guide lab reset --name {state.name}",
            )


def _vagrant(
    *words: str, told: Mapping[str, str], fix: str, on_line: Callable[[str], None] | None = None
) -> str:
    """Run Vagrant on this checkout's Vagrantfile, `told` in its environment; what it printed."""
    env = environment(VAGRANT_CWD=str(paths.CHECKOUT), VAGRANT_CHECKPOINT_DISABLE="1", **told)
    return call("vagrant", *words, what=f"vagrant {words[0]}", env=env, each_line=on_line, fix=fix)


def _only_lab(name: str) -> None:
    """A checkout has one set of machines: it is one lab. GuideError when it has another name."""
    for other in names():
        if other != name and read(other) is not None:
            raise GuideError(
                f"this checkout's machines are the lab {other!r}",
                fix=f"use --name {other}, or guide lab down --name {other}",
            )
    if not shutil.which("vagrant"):
        raise GuideError(
            "there is no vagrant on this machine",
            fix="apt-get install vagrant, or get it from its website; the lab uml needs none",
        )


def _said(words: Mapping[str, str]) -> str:
    return " ".join(f"{word}={value}" for word, value in words.items()) or "its own settings"


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _up(name: str) -> str:
    return "LAB=vagrant guide lab up" + ("" if name == "guide" else f" --name {name}")
