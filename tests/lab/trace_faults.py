"""Faults for `guide trace` on a lab, each with what it has to name: python -m tests.lab.trace_faults LAB

Names after the lab choose some of them. With `--kubectl` nodes are reached by pods, not over SSH.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macros.lab import providers
from macros.lab.kubernetes import cluster
from macros.lab.paths import SCRIPTS
from macros.lab.ssh import run

GUIDE = [sys.executable, "-c", "from macros.cli import main; main()"]
Commands = tuple[tuple[str, str], ...]
"""Each with the node that it runs on."""


@dataclass(frozen=True)
class Fault:
    """A fault: how it is made and mended, what is asked, and what has to be named.

    `kinds` are the causes of which the first has to be one, on `node`. None: nothing is wrong.
    """

    name: str
    breaks: Commands = ()
    mends: Commands = ()
    words: tuple[str, ...] = ("default/tools", "pod/hello-1")
    kinds: frozenset[str] = field(default_factory=frozenset)
    node: str = ""
    overlay: bool = False
    """Whether it is one of VXLAN's: a network of plain routes (host-gw) has nothing to break there."""


def _kinds(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


_NO_DEFAULT = ("node0", "ip route del default")
_DEFAULT = ("node0", "ip route replace default via 10.0.2.2 dev eth0")
# On a network of plain routes flanneld puts them back within ten seconds (route_network.go).
_REST = "systemctl stop flanneld; "
_WORK = "; systemctl start flanneld"
_ROUTE = ("node0", "ip route replace {route1}" + _WORK)
_NFT = (
    "nft add table inet guide;"
    "nft add chain inet guide f '{{ type filter hook forward priority 0; }}';"
    "nft add rule inet guide f ip saddr {tools} ip daddr {hello1} tcp dport 80 %sdrop"
)

FAULTS = (
    Fault("well"),
    Fault("well-service", words=("default/tools", "hello")),
    Fault("well-node", words=("node0", "hello")),
    Fault("well-large", words=("default/tools", "pod/hello-1", "--bytes", "20000")),
    Fault("well-ping", words=("default/tools", "pod/hello-2", "--icmp")),
    Fault("well-near", words=("default/tools", "pod/hello-0")),
    Fault("well-dns", words=("default/tools", "kube-system/kube-dns:53", "--dns", "hello.default.svc.cluster.local")),
    Fault(
        "route", (_NO_DEFAULT, ("node0", _REST + "ip route del 10.42.1.0/24")), (_ROUTE, _DEFAULT),
        kinds=_kinds("no-route"), node="node0",
    ),
    Fault(
        "route-default", (("node0", _REST + "ip route del 10.42.1.0/24"),), (_ROUTE,),
        kinds=_kinds("wrong-route"), node="node0",
    ),
    Fault(
        "mtu",
        (("node0", "ip link set {dev} mtu 1300; iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"),),
        (("node0", "ip link set {dev} mtu {mtu}; iptables -D OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP"),),
        ("default/tools", "pod/hello-1", "--bytes", "4000"), _kinds("mtu"), "node0",
    ),
    Fault(
        "fdb", (("node0", "bridge fdb replace {vtep1} dev flannel.1 dst 192.168.56.12"),),
        (("node0", "bridge fdb replace {vtep1} dev flannel.1 dst 192.168.56.11"),),
        kinds=_kinds("fdb-wrong"), node="node0", overlay=True,
    ),
    Fault("lost", words=("default/tools", "lost"), kinds=_kinds("no-endpoint"), node=""),
    Fault(
        "neighbour-overlay", (("node0", "ip neigh replace 10.42.1.0 lladdr 02:00:00:00:00:99 dev flannel.1 nud permanent"),),
        (("node0", "ip neigh replace 10.42.1.0 lladdr {vtep1} dev flannel.1 nud permanent"),),
        kinds=_kinds("neighbour-wrong"), node="node0", overlay=True,
    ),
    Fault(
        "neighbour-wire", (("node0", "ip neigh replace 192.168.56.11 lladdr 02:00:00:00:00:99 dev eth1 nud permanent"),),
        (("node0", "ip neigh del 192.168.56.11 dev eth1"),),
        kinds=_kinds("neighbour-wrong"), node="node0",
    ),
    Fault(
        "forward-drop", (("node1", "iptables -I FORWARD -j DROP"),), (("node1", "iptables -D FORWARD -j DROP"),),
        kinds=_kinds("rule-dropped"), node="node1",
    ),
    Fault(
        "nft-counted", (("node1", _NFT % "counter "),), (("node1", "nft delete table inet guide"),),
        kinds=_kinds("rule-dropped"), node="node1",
    ),
    Fault(
        "nft-uncounted", (("node1", _NFT % ""),), (("node1", "nft delete table inet guide"),),
        kinds=_kinds("rule-dropped"), node="node1",
    ),
    Fault(
        "blackhole", (("node0", "ip route add blackhole {hello1}/32"),), (("node0", "ip route del blackhole {hello1}/32"),),
        kinds=_kinds("blackhole"), node="node0",
    ),
    Fault(
        "blackhole-far", (("node1", "ip route add blackhole {hello1}/32"),), (("node1", "ip route del blackhole {hello1}/32"),),
        kinds=_kinds("blackhole"), node="node1",
    ),
    Fault(
        "forwarding", (("node1", "sysctl -qw net.ipv4.ip_forward=0"),), (("node1", "sysctl -qw net.ipv4.ip_forward=1"),),
        kinds=_kinds("forwarding-off"), node="node1",
    ),
    Fault(
        "forwarding-near", (("node0", "sysctl -qw net.ipv4.ip_forward=0"),), (("node0", "sysctl -qw net.ipv4.ip_forward=1"),),
        kinds=_kinds("forwarding-off"), node="node0",
    ),
    Fault(
        "answer-lost", (("node1", _REST + "ip route del 10.42.0.0/24"),),
        (("node1", "ip route replace {route0}" + _WORK),),
        kinds=_kinds("wrong-route"), node="node1",
    ),
    Fault(
        "proxy",
        (
            ("node0", "systemctl stop kube-proxy"),
            ("", "delete pod hello-1 --now"),
            ("", "wait --for=create --timeout=60s pod/hello-1"),
            ("", "wait --for=condition=Ready --timeout=90s pod/hello-1"),
        ),
        (("node0", "systemctl start kube-proxy"),),
        ("default/tools", "one"), _kinds("stale-rules"), "node0",
    ),
)  # fmt: skip
"""Chapter 7's, by its own commands, and more; the last one gives hello-1 another address."""


class Cluster:
    """A lab's cluster, with the pods of chapters 4 to 7."""

    def __init__(self, name: str) -> None:
        self.lab = providers.find(name)
        here = cluster.find(name)
        assert here is not None, f"{name} has no Kubernetes"
        self.here = here

    def kubectl(self, *words: str) -> str:
        done = subprocess.run(
            [self.here.kubectl, "--kubeconfig", self.here.kubeconfig, *words],
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self) -> None:
        """Start the pods, in an order that gives them the addresses of the guide."""
        folder = SCRIPTS / "manifests"
        self.kubectl("apply", "-f", str(folder / "tools.yaml"), "-f", str(folder / "faults.yaml"))
        self.kubectl("wait", "--for=condition=Ready", "pod/tools", "--timeout=120s")
        self.kubectl("apply", "-f", str(folder / "hello.yaml"))
        self.kubectl("rollout", "status", "statefulset", "hello", "--timeout=180s")

    def values(self) -> Mapping[str, str]:
        """What commands name that is different in every cluster."""
        pods = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        ips = {pod["metadata"]["name"]: pod["status"].get("podIP", "") for pod in pods}
        there = self.on("node0", "ip route show 10.42.1.0/24").strip()
        back = self.on("node1", "ip route show 10.42.0.0/24").strip()
        (route,) = json.loads(self.on("node0", "ip -j route show 10.42.1.0/24"))
        out = f"/sys/class/net/{route['dev']}"
        return {
            "tools": ips["tools"], "hello1": ips["hello-1"], "route1": there, "route0": back,
            "dev": route["dev"], "mtu": self.on("node0", f"cat {out}/mtu").strip(),
            "vtep1": self.on("node1", f"cat {out}/address").strip(),
        }  # fmt: skip

    def has_overlay(self) -> bool:
        """Whether packets between nodes are wrapped."""
        return self.values()["dev"] == "flannel.1"

    def on(self, node: str, command: str) -> str:
        answer = run(self.lab, node, command, timeout=60)
        printed = answer.output.decode()
        assert answer.exit == 0, f"{node}$ {command}\n{printed}"
        return printed

    def all(self, commands: Commands, values: Mapping[str, str]) -> None:
        for node, command in commands:
            words = command.format_map(values)
            if node:
                self.on(node, words)
            else:
                self.kubectl(*words.split())

    def trace(
        self, words: Sequence[str], folder: Path, *more: str
    ) -> tuple[Mapping[str, Any], str]:
        """Run the command as a person does; its JSON, and what it printed."""
        done = subprocess.run(
            [*GUIDE, "trace", *words, "--lab", self.lab.name, "--out", str(folder), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=180,
        )  # fmt: skip
        path = folder / "trace.json"
        assert path.is_file(), done.stdout
        return json.loads(path.read_text(encoding="utf-8")), done.stdout

    def trace_memory(self, words: Sequence[str], folder: Path) -> int:
        """The most memory that the command took, in bytes; it has to come to an answer."""
        with subprocess.Popen(
            [*GUIDE, "trace", *words, "--lab", self.lab.name, "--out", str(folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as running:  # fmt: skip
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
        assert running.returncode == 0
        return usage.ru_maxrss * 1024

    def state(self) -> frozenset[str]:
        """What a trace could leave: processes, mounts, tracing, rules, files, objects."""
        asked = (
            "ps -eo args | grep -E 'tcpdump|trace_pipe|^timeout|^nsenter|^bash -s' | grep -v grep;"
            "grep -s tracefs /proc/mounts; ls -d /sys/kernel/tracing/instances/* 2>/dev/null;"
            "iptables-save | grep -v '^[:#]'; ip rule; ls -A /tmp /run/guide* 2>/dev/null; true"
        )
        reading = {
            f"{node}: {line}"
            for node in self.lab.nodes
            for line in self.on(node, asked).splitlines()
        }
        objects = self.kubectl("get", "namespaces,pods,serviceaccounts", "-A", "-o", "name")
        return frozenset(reading | set(objects.splitlines()))

    def killed(self, words: Sequence[str], after: float, *more: str) -> None:
        """Begin a trace and kill it without a word."""
        with tempfile.TemporaryDirectory() as folder:
            running = subprocess.Popen(
                [*GUIDE, "trace", *words, "--lab", self.lab.name, "--out", folder, *more],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(after)
            running.kill()
            running.wait()


def kinds(traced: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The causes that are named, each with its node."""
    return [(one["kind"], one["node"]) for one in traced["causes"]]


def unseen(traced: Mapping[str, Any]) -> list[str]:
    """The stops of the way there that saw no packet of the request.

    By its tables a packet for a pod next door goes up through the bridge and back down through it;
    with br_netfilter the bridge sends it on by itself, once it has its new address.
    """
    seen = {end for sight in traced["seen"] for end in sight["at"]}
    ends = [stop["end"] for stop in traced["forward"]["stops"]]
    turned = {end for end, following in itertools.pairwise(ends) if end == following}
    return [end for end in ends if end not in seen | turned]


def judged(fault: Fault, traced: Mapping[str, Any]) -> str:
    """What is wrong with the verdict; "" where it is right."""
    causes = kinds(traced)
    if not fault.kinds:
        return "" if traced["came"] and not causes else f"named {causes} though all is well"
    if traced["came"]:
        return "came, though it is broken"
    if not causes or causes[0][0] not in fault.kinds or (fault.node and causes[0][1] != fault.node):
        return f"named {causes}"
    return ""


def check(
    cluster_of: Cluster, fault: Fault, *more: str, show: bool = False, keep: Path | None = None
) -> str:
    """Make the fault, trace, mend; what is wrong with the verdict. `keep` gets all of the trace."""
    values = cluster_of.values()
    try:
        cluster_of.all(fault.breaks, values)
        with tempfile.TemporaryDirectory() as folder:
            where = keep / fault.name if keep else Path(folder)
            traced, printed = cluster_of.trace(fault.words, where, *more)
            if show:
                print(printed)
            print(json.dumps(traced["seconds"]))
            return judged(fault, traced)
    finally:
        cluster_of.all(fault.mends, values)


def main() -> None:
    """Try faults on a lab that is up, and say which verdicts are wrong."""
    own = ("--show", "--keep=")
    more = [word for word in sys.argv[1:] if word.startswith("--") and not word.startswith(own)]
    keep = next((Path(word[7:]) for word in sys.argv if word.startswith("--keep=")), None)
    name, *chosen = [word for word in sys.argv[1:] if not word.startswith("--")]
    lab = Cluster(name)
    lab.prepare()
    bad = 0
    for fault in FAULTS:
        if chosen and fault.name not in chosen:
            continue
        if fault.overlay and not lab.has_overlay():
            print(f"no overlay  {fault.name}", flush=True)
            continue
        start = time.monotonic()
        wrong = check(lab, fault, *more, show="--show" in sys.argv, keep=keep)
        bad += bool(wrong)
        print(
            f"{'WRONG' if wrong else 'right'}  {fault.name}  {time.monotonic() - start:.1f} s  {wrong}",
            flush=True,
        )
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
