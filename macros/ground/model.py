"""The words of the project as frozen data: page, block, answer, recording, edition.

Nothing here runs, reads or draws. `macros.plan` makes pages and blocks, `macros.record` answers,
`macros.store` recordings; the rest reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

BlockKind = Literal["run", "capture", "observe"]


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a page's setup or clean-up: it is run, but has no output on the page.

    `why` is what readers are told of it.
    """

    node: str
    command: str
    until: str | None = None
    timeout: float = 60.0
    line: int = 1
    why: str = ""


@dataclass(frozen=True, slots=True)
class CaptureOf:
    """Where and how long a capture listens.

    `during` is the id of the block whose packets it sees. It ends after `packets` packets that
    the filter lets through, or, with `closed`, when a TCP conversation has been closed by both
    sides (or reset), or with the first packet by which `until` matches one. `within` names the
    network namespace or the container it listens in.
    `trace` is the id of the trace whose tap it is, or nothing.
    """

    interface: str
    during: str
    filter: str
    packets: int | None
    closed: bool
    netns: str
    container: str
    trace: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One command on a page.

    `command` is as written; `$NAME` in it stands for a value that an earlier block binds.
    `bind` maps a name to where its value is found in this block's answer: a path into its
    record, or `re:` and a regular expression with one group. `plan` is the hash over all that
    decides what a machine answers here: this block, those before it, and the page's setup.
    `script` is what runs where the command only names it: the observer's. `shown` says whether
    the page shows the answer, or only quotes it, `label` what it calls the namespace of a trace's
    tap. `only` is the condition on versions under which it is run at all (`conditions`). `choice`
    finds in the answer what may come one way or another, `facts` are kinds of noise that are facts
    here, `keep` says in words what a capture is for: they decide how an answer is settled, not
    what it is. `may_fail` has texts of the lines that the page lets fail. Times are seconds.
    """

    page: str
    id: str
    line: int
    kind: BlockKind
    node: str
    command: str
    expect_exit: int = 0
    until: str | None = None
    timeout: float = 30.0
    bind: Mapping[str, str] = field(default_factory=dict)
    capture: CaptureOf | None = None
    netns: str = ""
    script: str = ""
    shown: bool = True
    label: str = ""
    only: str = ""
    choice: str = ""
    facts: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    keep: str = ""
    plan: str = ""
    source: Path = Path()
    column: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """The Kubernetes that a page needs: its network between pods, and how Services are done."""

    cni: str
    """One of `CNIS`; "none" is a cluster whose pods have no network."""
    proxy: str
    """One of `PROXIES`."""


def machines(nodes: int, *, outside: bool) -> tuple[str, ...]:
    """The names of a lab's machines: its nodes in order, then "client", if it has one."""
    return (*(f"node{number}" for number in range(nodes)), *(("client",) if outside else ()))


HERE = "here"
"""In place of a node: the machine that records, or a reader's own. It runs `guide trace` alone."""

CNIS = ("none", "flannel", "flannel-host-gw", "flannel-dual", "calico")
"""`flannel-dual` is Flannel's VXLAN with IPv4 and IPv6, as are the cluster's nodes and Services."""
PROXIES = ("iptables", "nftables")

CLUSTER_NODES = 3
"""So many nodes are a cluster unless it is said otherwise: the chapters without one need two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """What a page's front matter says of the page and of the lab.

    `profile` is what the lab starts for it, `needs` what this lab may not be able to offer.
    `cluster` is None for plain machines; `outside` says whether there is a machine that is no node.
    `manifests` are files that node0 has while the page is recorded, each with its text.
    """

    title: str
    nodes: int
    profile: str = ""
    needs: str = ""
    versions: tuple[str, ...] = ()
    setup: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = ()
    cluster: Cluster | None = None
    outside: bool = False
    manifests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page(PageHead):
    """A Markdown file under docs/ that has blocks, with what its front matter says of the lab.

    `key` names its folder in an edition: the path under docs/ without `.md`, `/` as `-`.
    `start` is the hash over all that comes before its first block.
    """

    key: str
    source: Path
    blocks: tuple[Block, ...]
    start: str = ""

    @property
    def machines(self) -> tuple[str, ...]:
        """Where its commands can run: "node0", "node1", and "client", the one outside."""
        return machines(self.nodes, outside=self.outside)

    @property
    def lab_options(self) -> str:
        """What `guide lab up` needs for it, " --nodes 2"; what it does anyway is not said."""
        words = f" --nodes {self.nodes}"
        if self.cluster:
            words += f" --cni {self.cluster.cni}"
            words += " --proxy nftables" if self.cluster.proxy == "nftables" else ""
        elif self.nodes >= CLUSTER_NODES:
            words += " --plain"
        return words + (" --outside" if self.outside else "")

    def block(self, block_id: str) -> Block | None:
        """The block with this id, or None."""
        return next((block for block in self.blocks if block.id == block_id), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node answered to one command: bytes in the order written, and the exit code.

    `failed` has, where that was asked for, the number of each line that failed, and its exit code.
    """

    output: bytes
    exit: int
    failed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What an edition holds of one block.

    `command` is as written, `ran` as run (bound names replaced). `text` is the output as printed,
    bytes that are no UTF-8 escaped. `twin` is the tool's own JSON, `pcap` a capture's packets.
    `digest` is of the files that text and twin were read from; "" where it was not read. A `draft`
    is in no edition: its page is being written.
    """

    id: str
    node: str
    command: str
    ran: str
    exit: int
    plan: str
    bound: Mapping[str, str]
    text: str
    twin: Any = None
    pcap: Path | None = None
    digest: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class PageRecording:
    """All recordings of one page: from one lab instance, replaced as a whole or not at all.

    `start` has the hash of all that came before its first block, as "all", and one for each part
    of the front matter; it is empty where the page was recorded before these were kept.
    """

    key: str
    folder: Path
    recorded: str
    lab: str
    nodes: tuple[str, ...]
    blocks: Mapping[str, Recording]
    start: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edition:
    """The recordings of one set of versions. `base` is the edition that it was settled against."""

    name: str
    folder: Path
    lab: str
    base: str
    versions: Mapping[str, str]
