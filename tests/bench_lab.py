"""`make bench-lab`: the speed of labs and of recording, one `name value` a line. Boots labs.

lab_up_1_s          seconds from `guide lab up` to the answer of one node
record_overhead_ms  milliseconds a block of a page takes beyond the same ssh running `true`
known_state_s       of a page's recording, the seconds a node in which its state is read and compared,
                    before and after; at most 0.5
lab_up_3_s          seconds from `guide lab up --nodes 3 --cni flannel` to its return: three Ready
                    nodes that know of each other, and CoreDNS
lab_up_3_ready_s    of these, until the three nodes are Ready
lab_reset_3_s       seconds of `guide lab reset` of that lab
lab_rss_mib         MiB that its processes hold then, what they share counted once
lab_build_s         seconds of `guide lab build --kubernetes` from an empty cache of ours; Go keeps
                    its own. Takes its time, and the network: GUIDE_BENCH_BUILD=0 leaves it out
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from macros.lab import process, providers, state
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import recording
from macros.record import known_state

RUNS = 3
BLOCKS = 30
NAME = f"bench-{os.getpid()}"
"""A lab of our own: one that is in use is not touched."""

_GUIDE = [sys.executable, "-c", "from macros.cli import main; main()"]


def main() -> None:
    """Print the figures."""
    try:
        print(f"lab_up_1_s {_median(_up):.1f}", flush=True)
        _guide("lab", "up", "--name", NAME)
        lab = providers.find(NAME)
        with tempfile.TemporaryDirectory() as folder, _cache_in(Path(folder)):
            docs = _page(Path(folder))
            pairs = [(_record(lab, docs), _plain(lab)) for _ in range(RUNS)]
            states = statistics.median(known_state_seconds(lab, docs) for _ in range(RUNS))
        overhead = statistics.median(ours - theirs for ours, theirs in pairs) / BLOCKS
        print(f"record_overhead_ms {overhead * 1000:.1f}", flush=True)
        print(f"known_state_s {states:.2f}", flush=True)
        _guide("lab", "down", "--name", NAME)
        _cluster()
        _guide("lab", "down", "--name", NAME)
        if os.environ.get("GUIDE_BENCH_BUILD", "1") != "0":
            with tempfile.TemporaryDirectory() as folder, _cache_in(Path(folder)):
                seconds, _ = _seconds("lab", "build", "--kubernetes")
                print(f"lab_build_s {seconds:.1f}", flush=True)
    finally:
        _guide("lab", "down", "--name", NAME)


def _cluster() -> None:
    seconds, printed = _seconds("lab", "up", "--name", NAME, "--nodes", "3", "--cni", "flannel")
    print(f"lab_up_3_s {seconds:.1f}", flush=True)
    dns = re.search(r"waiting for CoreDNS: done in ([\d.]+) s", printed)
    print(f"lab_up_3_ready_s {seconds - float(dns[1] if dns else 0):.1f}", flush=True)
    print(f"lab_reset_3_s {_seconds('lab', 'reset', '--name', NAME)[0]:.1f}", flush=True)
    lab_state = state.read(NAME)
    assert lab_state is not None
    print(
        f"lab_rss_mib {sum(process.memory(started) for started in lab_state.processes)}", flush=True
    )


def _seconds(*words: str) -> tuple[float, str]:
    """How long a command of ours takes, and what it said."""
    started = time.perf_counter()
    printed = _guide(*words)
    return time.perf_counter() - started, printed


def _median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(RUNS))


def _up() -> float:
    """The whole command, and one command on the node to be sure."""
    started = time.perf_counter()
    _guide("lab", "up", "--name", NAME)
    _guide("lab", "ssh", "--name", NAME, "node0", "true")
    seconds = time.perf_counter() - started
    _guide("lab", "down", "--name", NAME)
    return seconds


def _guide(*words: str) -> str:
    return subprocess.run([*_GUIDE, *words], check=True, capture_output=True, text=True).stderr


def _page(folder: Path) -> Path:
    """A page whose blocks cost next to nothing on the node; each is another command."""
    docs = folder / "docs"
    docs.mkdir()
    blocks = (
        f'{{{{ run("node0", "true {number}", id="b{number}") }}}}' for number in range(BLOCKS)
    )
    head = "---\ntitle: Bench\nlab:\n  nodes: 1\n---\n"
    (docs / "bench.md").write_text(head + "\n\n".join(blocks) + "\n", encoding="utf-8")
    return docs


def _record(lab: Lab, docs: Path) -> float:
    """Seconds to record the page: its state checked before and after, every block, published."""
    pages = planner.plan_pages(docs)
    with tempfile.TemporaryDirectory() as recordings:
        started = time.perf_counter()
        recording.record(
            lab,
            pages,
            Path(recordings),
            "bench",
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )
        return time.perf_counter() - started


def known_state_seconds(lab: Lab, docs: Path) -> float:
    """Seconds to check the state of a page's nodes, before it and after it, for each of them."""
    (page,) = planner.plan_pages(docs)
    started = time.perf_counter()
    known_state.leave(lab, page, known_state.enter(lab, page))
    return (time.perf_counter() - started) / len(page.machines)


def _plain(lab: Lab) -> float:
    """Seconds for as many bare ssh over the same shared connection."""
    started = time.perf_counter()
    for _ in range(BLOCKS):
        subprocess.run(["ssh", "-F", str(lab.ssh_config), "node0", "true"], check=True)
    return time.perf_counter() - started


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Transcripts go there, not among those of the person's own recordings."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


if __name__ == "__main__":
    main()
