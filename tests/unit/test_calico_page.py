"""Chapter 6 against the real outputs that there are: every until, bind, claim, note and drawing.

The page is rendered with samples in the place of recordings (tests/data/calico/README.md), as a
build would render it, so a claim that does not hold on them fails here. What no sample covers is
listed in docs/tested.md, and nothing else may be.
"""

import hashlib
import json
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import markdown
import pytest

from macros.figures.topology import observation, topology_figure
from macros.ground.bindings import substitute
from macros.ground.model import Block, Edition, PageRecording, Recording
from macros.packets import conversations, dissector
from macros.packets.packet import Packet
from macros.packets.pcap import records
from macros.plan import frontmatter, planner
from macros.plan.signatures import Calls
from macros.record import session as recorder
from macros.record.bind import extract
from macros.site.page_macros import PageRenderer
from macros.store.guide import ROOT, Guide

DATA = ROOT / "tests" / "data"
SAMPLES = DATA / "calico"
PAGE = planner.plan_page(ROOT / "docs", ROOT / "docs" / "calico.md")

# What the samples' pods were called, and what the page calls those in their places.
NAMES = {
    "client": "tools",
    "hello-5b84569dcd-7w28v": "hello-1",
    "hello-5b84569dcd-p76f8": "hello-2",
    "hello-5b84569dcd-dmwkr": "hello-0",
}


def sample(name: str) -> str:
    """What a sample's command printed."""
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[2]


def renamed(name: str) -> str:
    text = sample(name)
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def interface(name: str, interface: str, *, addresses: bool = True) -> str:
    """The lines of one interface in a sample of `ip -d addr`; `ip -d link` prints the first two."""
    lines = sample(name).splitlines(keepends=True)
    found: list[str] = []
    inside = False
    for line in lines:
        if not line[0].isspace():
            inside = line.split(": ")[1].partition("@")[0] == interface
        if inside and (addresses or not re.match(r"\s+(inet|valid_lft)", line)):
            found.append(line)
    return "".join(found)


def protocols(only: str = "") -> str:
    """`show protocols`, from a sample of `show protocols all`: the same without the details."""
    lines = sample("bird-protocols-node0").splitlines(keepends=True)
    if only:
        text = sample("bird-protocols-node0")
        return "".join(lines[:2]) + text[text.index(only) :].partition("\n\n")[0] + "\n"
    return "".join(line for line in lines if line.strip() and not line[0].isspace())


TEXTS: dict[str, Callable[[], str]] = {
    "pods": lambda: renamed("pods"),
    "pod-addr": lambda: sample("pod-addr"),
    "pod-route": lambda: sample("pod-route"),
    "outer": lambda: interface("ip-addr-node0", "calia7a3e029a7b").splitlines(keepends=True)[0],
    "cali": lambda: interface("ip-addr-node0", "calia7a3e029a7b", addresses=False),
    "no-bridge": lambda: sample("bridge-node0").partition("33:33")[0],
    # The samples' pod was called client.
    "name": lambda: hashlib.sha1(b"default.client").hexdigest() + "  -\n",  # noqa: S324 Calico's
    "routes": lambda: sample("ip-route-node0"),
    "routes1": lambda: sample("ip-route-node1"),
    # `ip route show ADDRESS` prints the line that `ip route` has for it.
    "to-hello": lambda: next(
        line + "\n" for line in sample("ip-route-node1").splitlines() if "10.42.166.129" in line
    ),
    "cali1": lambda: interface("ip-addr-node1", "cali7bc571812d4", addresses=False),
    "pool": lambda: sample("calicoctl-ippool"),
    "blocks": lambda: sample("calicoctl-ipam-blocks"),
    "affinities": lambda: sample("blockaffinities").partition("\n\n")[0] + "\n",
    "tunnel": lambda: interface("ip-addr-node0", "tunl0"),
    "too-big": lambda: sample("ping-mtu-1472").replace("[exit 1]\n", ""),
    "sessions": protocols,
    "session": lambda: protocols("Mesh_192_168_56_11"),
    "table": lambda: sample("bird-route-node0"),
    "again": protocols,
}


def _arp(packet: Packet) -> bool:
    arp = packet.first("ARP")
    return arp is not None and "169.254.1.1" in (arp["sender_ip"].shown, arp["target_ip"].shown)


def _pushed(packet: Packet) -> bool:
    segment = packet.first("TCP")
    return segment is not None and "PSH" in segment["flags"].shown


def _from_node2(packet: Packet) -> bool:
    return conversations.ends(packet)[0].startswith("192.168.56.12:") and packet.number > 15


# Which capture, and which of its packets the page's filter lets through.
PCAPS: dict[str, tuple[Path, Callable[[Packet], bool]]] = {
    "arp": (DATA / "packets/calico-cali.pcap", _arp),
    # Nothing was captured inside the pods: the cable's other end stands in.
    "way-node0-toolsns-eth0": (
        SAMPLES / "pcap/trace-node0-calia7a3e029a7b.pcap",
        lambda packet: packet.first("TCP") is not None,
    ),
    "way-node0-toolsif": (
        SAMPLES / "pcap/trace-node0-calia7a3e029a7b.pcap",
        lambda packet: packet.first("TCP") is not None,
    ),
    "way-node0-tunl0": (SAMPLES / "pcap/trace-node0-tunl0.pcap", lambda _: True),
    "way-node0-eth1": (SAMPLES / "pcap/trace-node0-eth1.pcap", lambda _: True),
    "way-node1-eth1": (SAMPLES / "pcap/trace-node1-eth1.pcap", lambda _: True),
    "way-node1-tunl0": (SAMPLES / "pcap/trace-node1-tunl0.pcap", lambda _: True),
    "way-node1-helloif": (
        SAMPLES / "pcap/trace-node1-cali7bc571812d4.pcap",
        lambda packet: packet.first("TCP") is not None,
    ),
    "way-node1-hellons-eth0": (
        SAMPLES / "pcap/trace-node1-cali7bc571812d4.pcap",
        lambda packet: packet.first("TCP") is not None,
    ),
    "speech": (DATA / "packets/calico-bgp.pcap", _pushed),
    # A block that comes was not captured: the first one that node2 announces stands in.
    "announced": (DATA / "packets/calico-bgp.pcap", _from_node2),
}


def _pcap(of: tuple[Path, Callable[[Packet], bool]], out: Path) -> Path:
    source, wanted = of
    data = source.read_bytes()
    _, found = records(data)
    kept = [
        one for one, packet in zip(found, dissector.packets(data), strict=True) if wanted(packet)
    ]
    body = b"".join(
        struct.pack("<IIII", one.time // 10**9, one.time % 10**9 // 1000, len(one.data), one.wire)
        + one.data
        for one in kept
    )
    out.write_bytes(data[:24] + body)
    return out


def _described(pcap: Path) -> str:
    """A line for each packet, in the place of tcpdump's."""
    return "".join(f"{conversations.summary(packet)}\n" for packet in dissector.packets(pcap))


class Sampled:
    """The page's blocks answered from samples, in the page's order, as the recorder would."""

    def __init__(self, folder: Path, texts: Mapping[str, Callable[[], str]] = TEXTS) -> None:
        self.bound: dict[str, str] = {}
        self.blocks: dict[str, Recording] = {}
        self.held: list[str] = []
        for block in PAGE.blocks:
            if block.id in texts:
                self._answer(block, texts[block.id]())
            elif block.id in PCAPS:
                interface = substitute(block.capture.interface, self.bound) if block.capture else ""
                pcap = _pcap(PCAPS[block.id], folder / f"{block.id}.node0.{interface}.pcap")
                self._keep(block, _described(pcap), pcap)

    def _answer(self, block: Block, text: str) -> None:
        if block.until is not None:
            assert recorder._holds(substitute(block.until, self.bound), text), block.id
            self.held.append(block.id)
        self._keep(block, text, None)

    def _keep(self, block: Block, text: str, pcap: Path | None) -> None:
        recording = Recording(
            id=block.id,
            node=block.node,
            command=block.command,
            ran=substitute(block.command, self.bound),
            exit=block.expect_exit,
            plan=block.plan,
            bound={},
            text=text,
            pcap=pcap,
        )
        found = extract(block, recording)
        self.bound |= found
        self.blocks[block.id] = Recording(
            **{name: getattr(recording, name) for name in Recording.__slots__} | {"bound": found}
        )


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Sampled:
    return Sampled(tmp_path_factory.mktemp("pcaps"))


@pytest.fixture(scope="module")
def html(sampled: Sampled) -> str:
    return rendered(sampled)


def rendered(sampled: Sampled) -> str:
    """The page as it would be with these answers; what has no sample is shown as missing."""
    guide = Guide(ROOT / "docs", ROOT / "recordings", "sampled")
    # What it quotes of other pages is theirs to check.
    other = planner.plan_page(ROOT / "docs", ROOT / "docs" / "flannel.md")
    guide.__dict__["pages"] = {"calico": PAGE, "flannel": other}
    versions = {"Calico": "v3.32.1", "Kubernetes": "v1.36.3", "Linux": "7.2.13"}
    guide.__dict__["edition"] = Edition("sampled", Path(), "uml", "", versions)
    guide._pages["calico"] = PageRecording(
        "calico", Path(), "2026-11-23T03:20:40Z", "uml", ("node0", "node1", "node2"), sampled.blocks
    )
    front = frontmatter.read(PAGE.source, PAGE.source.read_text(encoding="utf-8"))
    renderer = PageRenderer(
        guide,
        PAGE.source,
        front.body_line - 1,
        lambda path: path.name,
        lambda path: path.name,
        lenient=True,
    )
    macros = {name: getattr(renderer, name) for name in Calls.names()}
    text = planner.template(front.body, macros).render(page={"title": front.title})
    made = markdown.markdown(text, extensions=["tables", "attr_list", "pymdownx.details"])
    return renderer.slots.finish(renderer.slots.after_markdown(made), lambda done: done)


def test_what_is_bound_is_what_the_samples_have(sampled: Sampled) -> None:
    assert sampled.bound == {
        "TOOLSIP": "10.42.135.130",
        "HELLO1": "10.42.166.129",
        "HELLO2": "10.42.104.1",
        "OUTER": "6",
        "TOOLSIF": "calia7a3e029a7b",
        "TOOLSNS": "cni-fe6fb3c3-dd21-3eab-87e8-ae61944097d1",
        "BLOCK0": "10.42.135.128/26",
        "BLOCK1": "10.42.166.128/26",
        "BLOCK2": "10.42.104.0/26",
        "HELLOIF": "cali7bc571812d4",
        "HELLONS": "cni-d13e6188-c82a-7b05-6b01-886f045881a8",
    }
    assert sampled.held == ["again"]


def test_every_claim_that_a_sample_covers_holds(html: str) -> None:
    # Rendering has checked them: a claim that does not hold is an error.
    assert "10.42.135.130" in html
    assert '<code class="value"' in html
    assert "proto" in html


def test_the_trace_is_drawn_over_all_its_interfaces(html: str) -> None:
    figure = html[html.index('id="t-way"') if 'id="t-way"' in html else html.index("tr-way") :]
    for lane in ("calia7a3e029a7b", "tunl0", "eth1", "cali7bc571812d4"):
        assert lane in figure
    assert "<svg" in figure


def test_the_packet_in_a_packet_is_drawn_in_nested_boxes(html: str) -> None:
    figure = html[html.index("A packet in a packet") - 2000 :]
    assert "IPv4, outer" in figure
    assert "IPv4, inner" in figure
    assert "GET / HTTP/1.1" in figure


def test_the_bgp_session_is_listed_and_its_messages_are_drawn(html: str) -> None:
    for message in ("NOTIFICATION", "OPEN", "KEEPALIVE", "UPDATE", "End-of-RIB"):
        assert message in html
    assert "10.42.104.0/26" in html
    assert html.count('aria-label="BGP header') > 12


def test_the_table_of_blocks_is_shown_and_read(html: str) -> None:
    assert "| Block    | <" in html or "Block    | 10.42.104.0/26" in re.sub(r"<[^>]+>", "", html)
    assert "blocks of" in html


@pytest.mark.parametrize("owner", ["bird", "80"])
def test_the_page_reads_the_same_whoever_writes_the_routes(owner: str, tmp_path: Path) -> None:
    """The manifest of 3.32 has BIRD write them, the samples Felix."""
    texts = dict(TEXTS)
    for block, name in (("routes", "ip-route-node0"), ("routes1", "ip-route-node1")):
        texts[block] = lambda name=name: sample(name).replace("proto 80", f"proto {owner}")  # type: ignore[misc]
    html = rendered(Sampled(tmp_path, texts))
    assert f'here it is\n<code class="value">{owner}</code>' in html


def test_clean_up_waits_for_what_the_samples_show_of_a_clean_cluster() -> None:
    waits = [step for step in PAGE.cleanup if step.command == "ip route"]
    assert [step.node for step in waits] == ["node0", "node2"]
    for step in waits:
        assert step.until is not None
        clean = sample(f"ip-route-{step.node}")
        assert recorder._holds(step.until, clean)
        assert recorder._holds(step.until, clean.replace("proto 80", "proto bird"))
        left = clean + "10.44.0.8/29 via 192.168.56.12 dev tunl0 proto bird onlink \n"
        assert not recorder._holds(step.until, left)
        assert not recorder._holds(step.until, clean.replace("dev tunl0", "dev eth1"))


def test_what_no_sample_covers_is_listed_where_readers_look() -> None:
    uncovered = {block.id for block in PAGE.blocks} - TEXTS.keys() - PCAPS.keys()
    text = (ROOT / "docs" / "tested.md").read_text(encoding="utf-8")
    section = text[text.index("<!-- calico: no sample -->") :].partition("<!-- end -->")[0]
    assert set(re.findall(r"`([a-z0-9-]+)`", section)) == uncovered


def test_a_node_in_calico_s_form_is_drawn_with_its_cables_and_its_tunnel() -> None:
    """The page's drawing has no sample: links and routes of that form on a real kernel stand in."""
    observed = json.loads((DATA / "draw" / "calico-like.json").read_text(encoding="utf-8"))
    html = topology_figure.topology(
        [observation.read(observed)], id="like", title="Cables and routes"
    )
    drawn, _, text = html.partition("</svg>")
    for name in ("cali0a1b2c3d4e5", "tunl0", "10.99.0.1/32"):
        assert name in drawn
    assert "tunl0" in text
