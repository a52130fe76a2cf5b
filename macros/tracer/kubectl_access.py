"""Access over kubectl alone: one privileged pod a node, in a namespace of its own, for the moment.

Nothing of it stays. Leaving removes the namespace; where this process is killed, another one that
only waits for that does it; where the whole machine is lost, the pods end themselves, and the next
trace removes what is left of them.
"""

import contextlib
import json
import secrets
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from macros.ground.errors import GuideError
from macros.lab import ssh, ssh_scripts
from macros.tracer.access import PATIENCE, Reply, Stream
from macros.tracer.cluster_facts import Kubectl
from macros.tracer.kept_shell import LOOP, KeptShell

IMAGE = "nicolaka/netshoot:v0.13"
"""What is used unless told otherwise: it has all that is needed."""
LAB_IMAGE = "client:1"
"""What the guide's own lab has on each node."""
LIFE = 600
"""Seconds after which a pod ends itself, whatever happens to us."""
_LABEL = "packet-by-packet/trace"
_OURS = {_LABEL: "yes"}
_START = 90.0
_AGAIN = "5 20"
"""Seconds between the removals of what a process that was killed has made."""
_LOOK = 0.4
_TOOLS = "ip bridge tcpdump nsenter jq iptables-save conntrack"
_HOPELESS = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
        "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
    }
)  # fmt: skip
_PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_WITHIN = (
    "env -i HOME=/root LC_ALL=C.UTF-8 TZ=UTC COLUMNS=120 "
    f"PATH={_PATHS}:/var/lib/rancher/k3s/data/current/bin/aux"
)
_CHOICE = (
    f'for tool in {_TOOLS}; do type -P "$tool" >/dev/null || '
    f'exec busybox chroot /proc/1/root {_WITHIN} "$@"; done; exec {_WITHIN} "$@"'
)
_SHELL = f"bash -c {shlex.quote(_CHOICE)} run"
"""Runs a command with the image's own programs, or, where one is missing, with the node's."""


class KubectlAccess:
    """The nodes of the cluster, by pods of `image`.

    Where the image lacks a program, those of the node itself are used: a privileged pod that sees
    the node's processes sees its files as well.
    """

    what = "kubectl"

    def __init__(
        self, kubectl: Kubectl, nodes: Sequence[str], image: str = IMAGE, away: Sequence[str] = ()
    ) -> None:
        """Nodes that are `away` start no pod: they are not waited for."""
        self._kubectl, self._nodes, self._image = kubectl, tuple(nodes), image
        self._away = {
            node: f"{node} is not Ready, or not Linux: no pod starts there" for node in away
        }
        self._made: set[str] = set()
        self._space = f"guide-trace-{secrets.token_hex(3)}"
        self._failed: dict[str, str] = dict(self._away)
        self._shells: dict[str, KeptShell] = {}
        self._lock, self._starting = threading.Lock(), threading.Lock()

    @property
    def nodes(self) -> Sequence[str]:
        """All nodes of the cluster."""
        return self._nodes

    def plan(self) -> Sequence[str]:
        """What will be created."""
        return (
            f"the namespace {self._space}, and in it for each node concerned",
            f"a privileged pod of {self._image} in the node's own network (hostNetwork, hostPID);",
            f"all of it is removed at the end, and ends by itself after {LIFE} s",
        )

    @contextmanager
    def opened(self, nodes: Sequence[str]) -> Iterator[None]:
        """Create the pods, and remove them. GuideError where none of them gets ready."""
        self._sweep()
        keeper = self._keeper()
        try:
            self._create_space()
            self._start(nodes)
            self._see_that_one_runs(nodes)
            yield
        except BaseException:
            # Why it failed is what matters: what is not removed in time the other one removes.
            with contextlib.suppress(GuideError):
                self._end(keeper)
            raise
        self._end(keeper)

    def run(self, node: str, script: str, *, timeout: float = 30.0) -> Reply:
        """Run a script, in the shell that is open there: to start one costs seconds on some."""
        self._check(node)
        with self._lock:
            shell = self._shells.get(node)
            if shell is None:
                command = self._exec(node, f"exec {_SHELL} bash -c {shlex.quote(LOOP)}")
                shell = self._shells[node] = KeptShell(node, command)
        return shell.run(script, timeout)

    @contextmanager
    def stream(self, node: str, command: str, on_data: Callable[[bytes], None]) -> Iterator[Stream]:
        """Run a program; it ends with its standard input, and with its pod."""
        self._check(node)
        script = ssh_scripts.until_input_ends(f"{_SHELL} {command}")
        with ssh.streamed(self._exec(node, script), on_data, patience=PATIENCE) as stream:
            yield stream

    def _exec(self, node: str, script: str) -> list[str]:
        return self._kubectl.command(
            "exec", "-i", "-n", self._space, node, "--", "bash", "-c", script
        )

    def _check(self, node: str) -> None:
        """See that a node can be asked: one that comes in later gets its pod now."""
        with self._starting:
            self._start([node])
        if why := self._failed.get(node):
            raise GuideError(why, node=node)

    def _start(self, nodes: Sequence[str]) -> None:
        """Make the pods that are not there yet, and wait for them."""
        wanted = [node for node in nodes if node not in self._made and node not in self._failed]
        if wanted:
            self._made |= {*wanted}
            self._create(wanted)
            self._await(wanted)

    def _see_that_one_runs(self, nodes: Sequence[str]) -> None:
        if nodes and all(node in self._failed for node in nodes):
            raise GuideError(
                self._failed[nodes[0]],
                fix="name an image that the nodes can get, --image, or reach them by --ssh-config",
            )

    def _create_space(self) -> None:
        space = {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": self._space,
                "labels": {**_OURS, "pod-security.kubernetes.io/enforce": "privileged"},
            },
        }  # fmt: skip
        wanted = json.dumps({"apiVersion": "v1", "kind": "List", "items": [space]})
        self._kubectl.ask("create", "-f", "-", stdin=wanted)

    def _create(self, nodes: Sequence[str]) -> None:
        until = time.monotonic() + 15
        there: set[str] = set()
        while True:
            pods = [_pod(node, self._space, self._image) for node in nodes if node not in there]
            listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
            try:
                self._kubectl.ask("create", "-f", "-", stdin=listed)
            except GuideError as error:
                # A namespace gets its service account a moment after it is made: between two pods.
                if "serviceaccount" not in error.message or time.monotonic() > until:
                    raise
                time.sleep(_LOOK)
                there = {*self._pods()}
            else:
                return

    def _pods(self) -> Mapping[str, Mapping[str, object]]:
        """The pods that there are, by their nodes."""
        answer = self._kubectl.ask("get", "pods", "-n", self._space, "-o", "json")
        return {item["metadata"]["name"]: item for item in json.loads(answer)["items"]}

    def _await(self, nodes: Sequence[str]) -> None:
        """Wait for the pods; of those that will never run, say why."""
        until = time.monotonic() + _START
        while True:
            pods = self._pods()
            waiting = [node for node in nodes if not self._settled(node, pods.get(node))]
            if not waiting:
                break
            if time.monotonic() > until:
                for node in waiting:
                    self._failed[node] = f"the pod on {node} did not start within {_START:g} s"
                break
            time.sleep(_LOOK)

    def _settled(self, node: str, pod: Mapping[str, object] | None) -> bool:
        why, runs = state_of(node, pod or {})
        if why:
            self._failed[node] = why
        return bool(why) or runs

    def _keeper(self) -> "subprocess.Popen[bytes]":
        """A process that removes the namespace where we end without a word.

        It does so again a while later: the kubectl that creates it may outlive us. Without
        `--wait=false` one that found no namespace waits for the end of one that comes then.
        """
        remove = shlex.join(self._kubectl.command(*_removal(self._space), "--wait=false"))
        again = f"for pause in {_AGAIN} 0; do {remove}; sleep $pause; done"
        script = f'read -r word; [ "$word" = done ] || {again}'
        return subprocess.Popen(
            ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _end(self, keeper: "subprocess.Popen[bytes]") -> None:
        """Remove what was made. GuideError where it is not gone in time; then `keeper` goes on."""
        for shell in self._shells.values():
            shell.end()
        self._shells.clear()
        word = b""
        try:
            self._kubectl.ask(*_removal(self._space), "--wait=true", "--timeout=40s", patience=60)
            word = b"done\n"
        finally:
            with contextlib.suppress(OSError):
                assert keeper.stdin is not None  # noqa: S101 it has a pipe
                keeper.stdin.write(word)
                keeper.stdin.close()
            if word:
                keeper.wait(70)

    def _sweep(self) -> None:
        """Remove what a trace left whose machine was lost: its pods have ended by now."""
        answer = self._kubectl.ask("get", "namespaces", "-l", f"{_LABEL}=yes", "-o", "json")
        for name in left(json.loads(answer)["items"], datetime.now(UTC)):
            self._kubectl.ask(*_removal(name), "--wait=false")


def _removal(space: str) -> tuple[str, ...]:
    return ("delete", "namespace", space, "--ignore-not-found")


def left(spaces: Sequence[Mapping[str, object]], now: datetime) -> list[str]:
    """The namespaces among these whose pods must have ended themselves."""
    names = []
    for namespace in spaces:
        meta = namespace["metadata"]
        assert isinstance(meta, Mapping)  # noqa: S101 as the API has it
        made = datetime.fromisoformat(str(meta["creationTimestamp"]))
        if (now - made).total_seconds() > LIFE:
            names.append(str(meta["name"]))
    return names


def state_of(node: str, pod: Mapping[str, object]) -> tuple[str, bool]:
    """Why a pod will never run, or ""; and whether it runs."""
    status = pod.get("status")
    if not isinstance(status, Mapping):
        return "", False
    for container in status.get("containerStatuses") or ():
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in _HOPELESS:
            message = str(waiting.get("message") or "").splitlines()
            detail = f": {message[-1][:200]}" if message else ""
            image = container.get("image", "")
            return f"{node} cannot run {image}: {waiting['reason']}{detail}", False
        if "running" in container.get("state", {}):
            return "", True
    if status.get("phase") == "Failed":
        return (
            f"the pod on {node} failed: {status.get('message') or status.get('reason') or ''}",
            False,
        )
    return "", False


def _pod(node: str, space: str, image: str) -> Mapping[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": node, "namespace": space, "labels": _OURS},
        "spec": {
            "nodeName": node,
            "hostNetwork": True,
            "hostPID": True,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "activeDeadlineSeconds": LIFE,
            "automountServiceAccountToken": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "look",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sleep", str(LIFE)],
                    "securityContext": {"privileged": True},
                }
            ],
        },
    }
