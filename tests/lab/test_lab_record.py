"""A page recorded on a real node, and a lab that is lost in the middle of it."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Block, Page
from macros.lab import providers
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import recording
from macros.rebuild import transcripts as settled
from macros.store import guide as guides
from tests.lab.conftest import family, guide, known

HEAD = "---\ntitle: T\nlab:\n  nodes: {nodes}\n{more}---\n"
PAGE = """
{{ run("node0", "ip -br link show eth1", id="link") }}

{{ run("node0", "ping -c 1 192.168.56.11", id="ping") }}

{{ capture("node1", "eth1", id="wire", during="ping", filter="icmp", packets=2) }}
"""


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.docs = folder / "docs"
        self.docs.mkdir()
        self.recordings = folder / "recordings"

    def write(self, body: str, nodes: int = 1, more: str = "") -> None:
        text = HEAD.format(nodes=nodes, more=more) + body
        (self.docs / "page.md").write_text(text, encoding="utf-8")

    def record(self, lab: Lab, at: str = "", then: object = None) -> None:
        """Record; when block `at` begins, do `then`."""

        def on_block(_page: Page, block: Block) -> None:
            if block.id == at and callable(then):
                then()

        recording.record(
            lab,
            planner.plan_pages(self.docs),
            self.recordings,
            "now",
            everything=True,
            on_block=on_block,
            on_page=lambda _page, _changed: None,
        )

    def blocks(self) -> dict[str, str]:
        recorded = guides.Guide(self.docs, self.recordings, "now").recorded("page")
        return {name: recording.text for name, recording in recorded.blocks.items()}

    def bytes(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(self.recordings.rglob("*")) if p.is_file()}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def _transcripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not among those of the person's own recordings."""
    monkeypatch.setattr(settled, "transcripts", lambda _recordings: tmp_path / "transcripts")


pytestmark = pytest.mark.usefixtures("_transcripts")


def test_a_page_with_a_capture_is_recorded(two: Lab, checkout: Checkout) -> None:
    checkout.write(PAGE, nodes=2)
    checkout.record(two)
    blocks = checkout.blocks()
    assert "02:00:c0:a8:38:10" in blocks["link"]
    assert "1 packets transmitted, 1 received" in blocks["ping"]
    assert "192.168.56.10 > 192.168.56.11: ICMP echo request" in blocks["wire"]
    assert "192.168.56.11 > 192.168.56.10: ICMP echo reply" in blocks["wire"]
    (pcap,) = checkout.recordings.rglob("*.pcap")
    assert pcap.name == "wire.node1.eth1.pcap"


def test_a_page_with_docker_is_recorded_and_leaves_a_plain_node(
    own: Lab, checkout: Checkout
) -> None:
    checkout.write(
        '{{ run("node0", "docker run --rm hello:1 hostname -i", id="address") }}\n',
        more="  profile: docker\n",
    )
    checkout.record(own)
    assert checkout.blocks()["address"] == "172.17.0.2\n"
    checkout.write('{{ run("node0", "ip -br link | wc -l", id="links") }}\n')
    checkout.record(own)
    assert checkout.blocks()["links"] == "3\n"


def test_a_page_that_leaves_something_is_named(own: Lab, checkout: Checkout) -> None:
    checkout.write('{{ run("node0", "ip netns add red", id="made") }}\n')
    with pytest.raises(GuideError, match=r"leaves node0 changed: \+ netns red"):
        checkout.record(own)
    with pytest.raises(GuideError, match="not in a known state"):
        checkout.record(own)


@pytest.mark.parametrize("victim", ["node0", "node0's NAT", "everything"])
def test_a_lab_killed_in_the_middle_leaves_recordings_untouched(
    own: Lab, checkout: Checkout, victim: str
) -> None:
    checkout.write('{{ run("node0", "echo one", id="one") }}\n')
    checkout.record(own)
    before = checkout.bytes()
    checkout.write(
        '{{ run("node0", "echo two", id="one") }}\n\n'
        '{{ run("node0", "sleep 60", id="long", timeout=70) }}\n'
    )

    def kill() -> None:
        lab_state = known(own.name)
        pids = [
            process.pid for process in lab_state.processes if victim in (process.what, "everything")
        ]
        for pid in pids if victim != "everything" else family(lab_state):
            with contextlib.suppress(ProcessLookupError):  # ended with its parent
                os.kill(pid, signal.SIGKILL)

    started = time.monotonic()
    with pytest.raises(GuideError, match=r"node0 of lab .* no longer answers") as caught:
        checkout.record(own, "long", lambda: threading.Timer(1, kill).start())
    assert time.monotonic() - started < 20, "sooner than ssh gives a node up"
    assert caught.value.page is not None
    assert caught.value.page.endswith("page.md")
    assert caught.value.line is not None
    assert caught.value.command == "sleep 60"
    assert checkout.bytes() == before
    assert guide("lab", "up", "--name", own.name).returncode == 0
    checkout.write('{{ run("node0", "echo three", id="one") }}\n')
    checkout.record(providers.find(own.name))
    assert checkout.blocks()["one"] == "three\n"
