"""`make bench-settle`: what settling and comparing cost for a large cluster, one `name value` a line.

settle_s_per_million.KIND   seconds of one core for a million lines of a kind of output, read anew as a
                            fresh lab would print them
compare_s_per_million.KIND  the same for comparing what was settled with a fact changed in it
replay_s_per_million        both, for a page of all kinds in the shares of a large node: 5,000 Services,
                            20,000 rules, 10,000 routes
growth                      twice such a page over one
bytes_per_byte              the most memory that it takes, over the size of its text

LINES= is how many lines the large page has (a million), KIND= one kind alone.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from macros.compare import editions, mac_forms
from macros.ground.model import Page, Recording
from macros.settle import folder as settle_page
from macros.store import sums
from tests.unit.settle_support import recording, write

LINES = int(os.environ.get("LINES", "1000000"))
EACH = 20_000
"""Lines of one kind alone."""

Print = Callable[[int, Random, Random], Iterator[str]]
"""Lines of a kind: how many, what is the same in every run, what is drawn anew."""


def _address(number: int, net: int = 10) -> str:
    return f"{net}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _mac(rng: Random) -> str:
    first = rng.choice((0x3E, 0x7A, 0xB2, 0xE6))  # none of the prefixes that mean something
    return ":".join(f"{byte:02x}" for byte in (first, *rng.randbytes(5)))


def _ports(rng: Random, first: int) -> list[int]:
    """Every second port in another order: no port twice, for it is one name in a lab."""
    listening = {50051, 51820, 51821, 51871}
    ports = [port for port in range(32768 + first, 61000, 2) if port not in listening]
    return rng.sample(ports, len(ports))


def _made(rng: Random) -> str:
    return "".join(rng.choices("bcdfghjklmnpqrstvwxz2456789", k=5))


def _chain(rng: Random) -> str:
    return "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))


def rules(count: int, same: Random, drawn: Random) -> Iterator[str]:
    """iptables-save of nat: four rules a Service of two endpoints, one in KUBE-SERVICES."""
    services = max(1, count // 10)
    chains = [(_chain(same), _chain(same), _chain(same)) for _ in range(services)]
    yield "*nat"
    for name in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"):
        yield f":{name} ACCEPT [{drawn.randrange(1, 9000)}:{drawn.randrange(60, 900000)}]"
    yield ":KUBE-SERVICES - [0:0]"
    for service, first, second in chains:
        yield f":KUBE-SVC-{service} - [0:0]"
        yield f":KUBE-SEP-{first} - [0:0]"
        yield f":KUBE-SEP-{second} - [0:0]"
    order = list(range(services))
    drawn.shuffle(order)
    for number in order:
        service = chains[number][0]
        yield (
            f"-A KUBE-SERVICES -d {_address(number, 11)}/32 -p tcp -m comment --comment"
            f' "default/web-{number}:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-{service}'
        )
    for number, (service, first, second) in enumerate(chains):
        yield (
            f"-A KUBE-SVC-{service} -m comment --comment"
            f' "default/web-{number}:http -> {_address(2 * number)}:8080" -m statistic'
            f" --mode random --probability 0.50000000000 -j KUBE-SEP-{first}"
        )
        yield f"-A KUBE-SVC-{service} -j KUBE-SEP-{second}"
        for index, end in enumerate((first, second)):
            address = _address(2 * number + index)
            yield f"-A KUBE-SEP-{end} -s {address}/32 -j KUBE-MARK-MASQ"
            yield f"-A KUBE-SEP-{end} -p tcp -m tcp -j DNAT --to-destination {address}:8080"
    yield "COMMIT"


def routes(count: int, _same: Random, _drawn: Random) -> Iterator[str]:
    """ip route: a block a node."""
    for number in range(count):
        yield f"{_address(number * 64)}/26 via 192.0.2.{number % 200 + 1} dev eth1 proto bird"


def links(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """ip link: the host's ends of pods' interfaces, two lines each."""
    for number in range(count // 2):
        name = f"veth{drawn.randrange(16**8):08x}"
        yield (
            f"{number + 3}: {name}@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue"
            " master cni0 state UP mode DEFAULT group default qlen 1000"
        )
        yield f"    link/ether {_mac(drawn)} brd ff:ff:ff:ff:ff:ff link-netnsid {number}"


def neighbours(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """ip neigh."""
    for number in range(count):
        state = drawn.choice(["REACHABLE", "STALE", "DELAY"])
        yield f"{_address(number)} dev cni0 lladdr {_mac(drawn)} {state} "


def fdb(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """bridge fdb: in no order."""
    lines = [
        f"{_mac(drawn)} dev flannel.1 dst 192.0.2.{n % 250} self permanent" for n in range(count)
    ]
    drawn.shuffle(lines)
    yield from lines


def conntrack(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """conntrack -L: a connection a line."""
    ports = _ports(drawn, 0)
    numbers = list(range(min(count, len(ports))))
    drawn.shuffle(numbers)
    for number, port in zip(numbers, ports, strict=False):
        source, target = _address(number), _address(number % 5000, 11)
        yield (
            f"tcp      6 {drawn.randrange(9, 119)} TIME_WAIT src={source} dst={target}"
            f" sport={port} dport=80 src={_address(number % 9000, 12)} dst={source} sport=8080"
            f" dport={port} [ASSURED] mark=0 use=1"
        )


def sockets(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """ss -tan."""
    yield "State  Recv-Q Send-Q Local Address:Port Peer Address:Port"
    yield "LISTEN 0      128          0.0.0.0:50051      0.0.0.0:*"
    for number, port in zip(range(count - 2), _ports(drawn, 1), strict=False):
        yield f"ESTAB  0      0          192.0.2.1:{port} {_address(number)}:443"


def pods(count: int, same: Random, drawn: Random) -> Iterator[str]:
    """kubectl get pods -o wide."""
    yield f"{'NAME':<29}READY   STATUS    RESTARTS   AGE    IP           NODE"
    for number in range(count - 1):
        template = "".join(same.choices("456789bcdf", k=10))
        age = f"{drawn.randrange(1, 47)}h"
        yield (
            f"web-{number:05}-{template}-{_made(drawn)}   1/1     Running   0          {age:<7}"
            f"{_address(number):<13}node{number % 100}"
        )


def sets(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """ipset list: sets of a hundred members."""
    number = 0
    while number < count:
        yield f"Name: cali40s:{number:06}"
        yield "Type: hash:net"
        yield f"Header: family inet hashsize 1024 maxelem 1048576 initval 0x{drawn.randrange(16**8):08x}"
        yield "Members:"
        members = [_address(number + index) for index in range(100)]
        drawn.shuffle(members)
        yield from members
        yield ""
        number += 105


def bird(count: int, _same: Random, drawn: Random) -> Iterator[str]:
    """birdcl show route."""
    yield "BIRD v0.3.3+birdv1.6.8 ready."
    for number in range(count - 1):
        since = f"{drawn.randrange(24):02}:{drawn.randrange(60):02}:{drawn.randrange(60):02}"
        yield (
            f"{_address(number * 64)}/26      via 192.0.2.{number % 200 + 1} on eth1"
            f" [Mesh_{number % 200} {since}] * (100/0) [i]"
        )


def words(count: int, same: Random, drawn: Random) -> Iterator[str]:
    """A log of no kind."""
    for number in range(count):
        yield (
            f"2026-11-23T04:05:{number % 60:02}.{drawn.randrange(10**6):06}Z request {number}"
            f" {same.choice(['served', 'refused', 'late'])} by 10.0.0.{number % 200}"
        )


KINDS: dict[str, tuple[str, Print, int]] = {
    "rules": ("iptables-save -t nat", rules, 40),
    "routes": ("ip route", routes, 10),
    "links": ("ip link", links, 5),
    "neighbours": ("ip neigh", neighbours, 5),
    "fdb": ("bridge fdb", fdb, 5),
    "conntrack": ("conntrack -L", conntrack, 1),
    "sockets": ("ss -tan", sockets, 1),
    "pods": ("kubectl get pods -o wide", pods, 10),
    "sets": ("ipset list", sets, 10),
    "bird": ("birdcl show route", bird, 5),
    "words": ("cat requests.log", words, 8),
}
"""Which command prints it, and its share of a page in hundredths."""


def page(folder: Path, counts: dict[str, int], seed: int) -> int:
    """A recorded page of so many lines of each kind; how many bytes it has."""
    sizes = []

    def recordings() -> Iterator[Recording]:
        for name, count in counts.items():
            command, lines, _ = KINDS[name]
            same, drawn = Random(name), Random(f"{name} {seed}")  # noqa: S311 no secret
            text = "".join(f"{line}\n" for line in lines(count, same, drawn))
            sizes.append(len(text))
            yield recording(name, text, command)

    write(folder, recordings())
    return sum(sizes)


_PAGE = Page("page", Path("page.md"), (), title="T", nodes=1)


def measure(counts: dict[str, int]) -> tuple[float, float, int, int]:
    """Seconds of settling and of comparing, bytes of text, and the most memory taken."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = page(folder / "old", counts, 1)
        page(folder / "new", counts, 2)
        out = folder / "page"
        out.mkdir()
        before = _memory()
        started = time.process_time()
        settle_page.settle(_PAGE, folder / "old", folder / "new", out, {})
        settled = time.process_time()
        sums.write(out)
        for path in folder.glob("old/*.txt"):
            if path.read_bytes() != (out / path.name).read_bytes():
                sys.exit(f"{path.name} did not settle: the benchmark's runs differ in noise alone")
        old = editions.page(folder / "old")
        new = editions.page(out)
        compared = time.process_time()
        for block, recording in old.blocks.items():
            list(editions.blocks(recording, _changed(new.blocks[block]), _FORMS))
        return settled - started, time.process_time() - compared, size, _memory() - before


_FORMS = mac_forms.Forms({}, {})


def _changed(one: Recording) -> Recording:
    """The recording without one of its lines."""
    lines = one.text.split("\n")
    del lines[len(lines) * 2 // 3]
    return replace(one, text="\n".join(lines))


def _memory() -> int:
    """The most memory that this process has taken, in bytes."""
    import resource  # noqa: PLC0415 Linux and macOS alone

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _alone(*args: str) -> list[float]:
    """The figures of a measurement in a process of its own, so that memory is its alone."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench_settle", *args],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [float(word) for word in run.stdout.split()]


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["page"]:
        counts = {name: share * int(sys.argv[2]) // 100 for name, (_, _, share) in KINDS.items()}
        print(*measure(counts))
        return
    if sys.argv[1:2] == ["kind"]:
        print(*measure({sys.argv[2]: int(sys.argv[3])}))
        return
    only = os.environ.get("KIND")
    for name in [only] if only else KINDS:
        settled, compared, *_ = _alone("kind", name, str(EACH))
        print(f"settle_s_per_million.{name} {settled * 1_000_000 / EACH:.1f}")
        print(f"compare_s_per_million.{name} {compared * 1_000_000 / EACH:.1f}", flush=True)
    if only:
        return
    half, whole = _alone("page", str(LINES // 2)), _alone("page", str(LINES))
    print(f"replay_s_per_million {sum(whole[:2]) * 1_000_000 / LINES:.1f}")
    print(f"growth {sum(whole[:2]) / sum(half[:2]):.2f}")
    print(f"bytes_per_byte {whole[3] / whole[2]:.1f}")


if __name__ == "__main__":
    main()
