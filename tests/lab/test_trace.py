"""`guide trace` on a real cluster: it names the place of every fault, and leaves nothing behind."""

import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.lab.conftest import guide
from tests.lab.trace_faults import FAULTS, GUIDE, Cluster, Fault, check

RUNS = 20


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_place_of_a_fault_is_named(cluster: Cluster, fault: Fault) -> None:
    assert check(cluster, fault) == ""


@pytest.mark.parametrize("fault", FAULTS[:2] + FAULTS[7:8], ids=lambda fault: fault.name)
def test_by_kubectl_alone_it_is_the_same(cluster: Cluster, fault: Fault) -> None:
    assert check(cluster, fault, "--kubectl") == ""


def _settled(cluster: Cluster, before: frozenset[str]) -> frozenset[str]:
    """What is there more than before, once it had time to go."""
    until = time.monotonic() + 90
    while more := cluster.state() - before:
        if time.monotonic() > until:
            return more
        time.sleep(1)
    return frozenset()


@pytest.mark.parametrize("more", [(), ("--kubectl",)], ids=["ssh", "kubectl"])
def test_nothing_is_left_of_runs_that_were_killed(cluster: Cluster, more: tuple[str, ...]) -> None:
    before = cluster.state()
    chance = random.Random(17)  # noqa: S311 moments, no secrets
    for _ in range(RUNS):
        cluster.killed(("default/tools", "hello"), chance.uniform(0.3, 8.0), *more)
    assert _settled(cluster, before) == frozenset()


def test_ctrl_c_removes_all(cluster: Cluster) -> None:
    before = cluster.state()
    with tempfile.TemporaryDirectory() as folder:
        words = ["default/tools", "1.2.3.4:80", "--timeout", "60", "--kubectl", "--out", folder]
        running = subprocess.Popen([*GUIDE, "trace", *words, "--lab", cluster.lab.name])
        time.sleep(8)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    assert _settled(cluster, before) == frozenset()


def test_two_at_once_do_not_disturb_each_other(cluster: Cluster) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        runs = [
            subprocess.Popen([*GUIDE, "trace", *words, "--lab", cluster.lab.name, "--out", folder])
            for words, folder in (
                (("default/tools", "hello"), first),
                (("default/tools", "pod/hello-1"), second),
            )
        ]
        assert [run.wait(120) for run in runs] == [0, 0]
        assert all((Path(folder) / "trace.pcapng").is_file() for folder in (first, second))


def test_an_image_that_nobody_has_is_named_and_nothing_is_left(cluster: Cluster) -> None:
    before = cluster.state()
    printed = guide(
        "trace", "default/tools", "hello", "--lab", cluster.lab.name, "--kubectl", "--image", "no:1"
    )
    assert printed.returncode == 1
    assert "cannot run no:1" in printed.stdout
    assert _settled(cluster, before) == frozenset()


def test_an_answer_that_never_comes_ends_by_its_timeout(cluster: Cluster, tmp_path: Path) -> None:
    traced, printed = cluster.trace(("default/tools", "10.42.9.9:80", "--timeout", "2"), tmp_path)
    assert not traced["came"], printed
    assert traced["seconds"]["sending the request"] < 6


_SENT = "cat /sys/class/net/flannel.1/statistics/tx_bytes"
_SINK = (
    "systemd-run --collect --quiet --unit=guide-sink "
    "socat -u -b 1048576 TCP-LISTEN:9000,reuseaddr OPEN:/dev/null"
)
_SOURCE = (
    "systemd-run --collect --quiet --unit=guide-source "
    "socat -u -b 1048576 OPEN:/dev/zero TCP:10.42.1.1:9000"
)


def test_traffic_beside_the_request_takes_no_memory(cluster: Cluster, tmp_path: Path) -> None:
    words = ("default/tools", "pod/hello-1")
    quiet = cluster.trace_memory(words, tmp_path / "quiet")
    cluster.on("node1", _SINK)
    cluster.on("node1", "until ss -ltn | grep -q :9000; do sleep 0.1; done")
    try:
        cluster.on("node0", _SOURCE)
        before = int(cluster.on("node0", _SENT))
        busy = cluster.trace_memory(words, tmp_path / "busy")
        passed = int(cluster.on("node0", _SENT)) - before
    finally:
        cluster.on("node0", "systemctl stop guide-source || true")
        cluster.on("node1", "systemctl stop guide-sink || true")
    print(f"{passed >> 20} MiB passed; {quiet >> 20} MiB without them, {busy >> 20} MiB with them")
    assert passed > 100_000_000
    assert busy - quiet < 16 << 20
