"""The request itself: which command sends it, and what came of it."""

import base64
import contextlib
import os
import re
import secrets
import shlex
import struct
import subprocess
from dataclasses import dataclass

from macros.ground.endpoints import endpoint
from macros.ground.errors import GuideError
from macros.tracer.access import Access
from macros.tracer.cluster_facts import Kubectl, Pod, refused
from macros.tracer.request_ends import Target


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be sent. `kind` is http, tcp, udp, icmp, dns, command or wait."""

    kind: str = "http"
    name: str = ""
    command: str = ""
    size: int = 0
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sender saw: the command, what it printed, its exit code.

    `source` is the end that sent it, "10.42.0.3:40604", where that is known beforehand: of the
    requests of an application, which is the one that was waited for.
    """

    command: str
    text: str
    exit: int
    source: str = ""

    @property
    def good(self) -> bool:
        """Whether an answer came."""
        return self.exit == 0


def protocol(wish: Wish) -> str:
    """The protocol whose packets are looked for; "" where it is TCP or UDP."""
    sent = {"udp": "udp", "dns": "udp", "icmp": "icmp", "command": "", "wait": ""}
    return sent.get(wish.kind, "tcp")


def command(wish: Wish, target: Target) -> str:
    """The command that sends the request, to be run in the client's network."""
    limit = f"{wish.timeout:g}"
    match wish.kind:
        case "http":
            url = f"http://{endpoint(target.address, target.port)}/"
            load = f"head -c {wish.size} /dev/zero | " if wish.size else ""
            data = " --data-binary @-" if wish.size else ""
            return f"{load}curl -sS -g -m {limit}{data} {url}"
        case "tcp":
            inside = f"exec 3<>/dev/tcp/{target.address}/{target.port} && echo connected"
            return f"timeout {limit} bash -c {shlex.quote(inside)}"
        case "udp":
            # dd writes all of a block at once: one datagram.
            load = f"dd if=/dev/zero bs={max(wish.size, 1)} count=1 status=none"
            return _datagram(target, load, limit)
        case "icmp":
            size = f" -M do -s {wish.size}" if wish.size else ""
            return f"ping -c 1 -W {max(1, round(wish.timeout))}{size} {target.address}"
        case "dns":
            raw = "".join(f"\\x{byte:02x}" for byte in _query(wish.name))
            return _datagram(target, f"printf '{raw}'", limit)
        case "command":
            return wish.command
    raise GuideError(f"nothing is known of sending {wish.kind}")


def _datagram(target: Target, load: str, limit: str) -> str:
    """Sends what `load` prints as one datagram, and waits for one answer."""
    inside = (
        f"exec 3<>/dev/udp/{target.address}/{target.port} && {load} >&3 && "
        '[ "$(head -c 1 <&3 | wc -c)" = 1 ] && echo answered'
    )
    return f"timeout {limit} bash -c {shlex.quote(inside)}"


def _query(name: str) -> bytes:
    """A DNS query for the address of a name: RFC 1035, section 4.1."""
    try:
        labels = [label.encode("idna") for label in name.strip(".").split(".")]
    except UnicodeError:
        labels = []
    if not labels or any(not 0 < len(label) < 64 for label in labels):
        raise GuideError(f"{name!r} is no name that can be asked for")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = struct.pack(">HHHHHH", secrets.randbelow(65536), 0x0100, 1, 0, 0, 0)
    return head + question + struct.pack(">HH", 1, 1)


_UNTIL_INPUT_ENDS = (
    "g=; command -v setsid >/dev/null && g=setsid; exec 3<&0; "
    '$g sh -c "$1" </dev/null 3<&- & p=$!; '
    "{ read -r _ <&3; kill -TERM -$p || kill $p; } >/dev/null 2>&1 & k=$!; "
    "wait $p; s=$?; kill $k 2>/dev/null; exit $s"
)
"""What a pod's own shell runs: what ends kubectl does not end what it began in the pod."""
_MERCY = 5.0
"""Seconds that a command in a pod has to end once it is told to."""


def in_pod(kubectl: Kubectl, pod: Pod, wish: Wish) -> Outcome | None:
    """Run a person's own command inside the pod; None where its image has not the programs.

    It ends in time, and where this process is killed.
    """
    own = ("sh", "-c", _UNTIL_INPUT_ENDS, "sh", wish.command)
    words = ("exec", "-i", "-q", "-n", pod.group, pod.name, "--", *own)
    given, held = os.pipe()
    with os.fdopen(held, "wb") as until, os.fdopen(given, "rb") as stdin, subprocess.Popen(
        kubectl.command(*words), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:  # fmt: skip
        try:
            printed, _ = running.communicate(timeout=wish.timeout + 10)
        except subprocess.TimeoutExpired:
            until.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.communicate(timeout=_MERCY)
            running.kill()
            return Outcome(wish.command, f"it still ran after {wish.timeout + 10:g} s", 124)
    text = printed.decode("utf-8", "backslashreplace")
    if running.returncode in (126, 127) or _NO_PROGRAM.search(text):
        return None
    if running.returncode != 0 and not _ENDED.search(text) and _FAILED.search(text):
        raise refused(text, words[:1])  # kubectl itself: what runs in the pod has an exit code
    return Outcome(wish.command, _ENDED.sub("", text), running.returncode)


_NO_PROGRAM = re.compile(r"executable file (`[^`]*` )?not found")
"""What runc and crun say."""
_FAILED = re.compile(
    r"^(?:Error from server|error: |Unable to connect to the server)", re.MULTILINE
)
"""What kubectl says where it did not come to run anything."""
_ENDED = re.compile(r"^command terminated with exit code \d+\n\Z", re.MULTILINE)
"""What kubectl says last where a command failed: client-go, tools/remotecommand/v4.go."""


def send(access: Access, node: str, within: str, wish: Wish, target: Target) -> Outcome:
    """Send it from a namespace of a node: with the node's programs, in the client's network."""
    own = command(wish, target)
    # Through base64, so that no quote of a person's own command can end ours. It ends by itself
    # where nobody is left to end it.
    packed = base64.b64encode(own.encode()).decode()
    last = f"timeout -k 1 {wish.timeout + 9:g} "
    script = f'{within}{last}bash -c "$(echo {packed} | base64 -d)" </dev/null 2>&1'
    try:
        reply = access.run(node, script, timeout=wish.timeout + 10)
    except GuideError as error:
        return Outcome(own, error.message, 124)
    return Outcome(own, reply.text, reply.exit)
