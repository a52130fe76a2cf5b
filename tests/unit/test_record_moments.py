"""Text and JSON of two moments are asked again; the routes are real (tests/data/records/README.md)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Answer, Block
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.record import moments, session, tcpdump
from macros.store import form
from tests.unit.compare_support import EDITION

DATA = Path(__file__).parent.parent / "data" / "records"
ROUTES = "ip route show root 10.44.0.0/16"
UNTIL = r"re:\A10\.44\.0\.\d+/29[^\n]*\n10\.44\.0\.\d+/29[^\n]*\n\Z"


def text(name: str) -> str:
    return (DATA / "moments" / f"{name}.txt").read_text()


def twin(name: str) -> Any:
    return json.loads((DATA / "moments" / f"{name}.json").read_text())


def test_a_route_that_was_there_for_a_moment_is_told() -> None:
    recorded = form.read(DATA / "moments" / "two-blocks.txt", "")
    assert moments.differ(ROUTES, recorded.text, recorded.twin) == ""
    pod = "10.44.0.176"  # iproute2 leaves /32 out
    assert moments.differ(ROUTES, recorded.text, twin("before")) == f"{pod} is in the JSON only"
    assert moments.differ(ROUTES, text("before"), recorded.twin) == f"{pod} is in the text only"


def test_a_next_hop_that_changed_in_between_is_told() -> None:
    assert "10.44.0.176/29 differs" in moments.differ(ROUTES, text("after"), twin("elsewhere"))
    assert "10.44.0.176/29 differs" in moments.differ(ROUTES, text("elsewhere"), twin("after"))


def test_all_recorded_twins_are_of_the_moment_of_their_text() -> None:
    seen = 0
    for path in sorted(EDITION.parent.rglob("*/*/*.txt")):
        recording = form.read(path, "")
        if recording.twin is not None and recording.command != "observe":
            assert moments.differ(recording.ran, recording.text, recording.twin) == "", path
            seen += 1
    assert seen > 100


NEIGHBOUR = "192.168.56.11 dev eth1 lladdr 02:00:c0:a8:38:11 {}\n"


def test_what_changes_while_one_looks_is_no_other_moment() -> None:
    asked = [
        {"dst": "192.168.56.11", "dev": "eth1", "lladdr": "02:00:c0:a8:38:11", "state": ["STALE"]}
    ]
    printed = NEIGHBOUR.format("REACHABLE")
    assert moments.differ("ip neigh", printed, asked) == ""
    other = printed.replace("a8:38:11", "a8:38:12")
    assert "differs" in moments.differ("ip neigh", other, asked)
    assert "differs" in moments.differ("ip neigh", printed.replace("eth1", "eth0"), asked)


def test_the_state_of_a_link_is_a_fact() -> None:
    printed, asked = (DATA / "link.txt").read_text(), json.loads((DATA / "link.json").read_text())
    assert moments.differ("ip link", printed, asked) == ""
    assert "differs" in moments.differ("ip link", printed.replace("state UP", "state DOWN"), asked)


def test_what_is_no_record_is_of_no_moment() -> None:
    assert moments.differ("nft list table ip nat", "table ip nat {", {"nftables": []}) == ""
    assert moments.differ("ip route", "RTNETLINK answers: No such file", []) == ""
    assert moments.differ("ip route", text("after"), [{"no": "route"}]) == ""
    assert moments.differ("ip route", text("after"), "text") == ""


class Answers:
    """A node that answers one pair after the other, and then the last for ever."""

    def __init__(self, *names: tuple[str, str]) -> None:
        self.left = list(names)
        self.asked = 0

    def run_pair(self, *_: Any, **__: Any) -> ssh.Pair:
        self.asked += 1
        name, other = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return ssh.Pair(Answer(text(name).encode(), 0), Answer(json.dumps(twin(other)).encode(), 0))


BLOCK = Block("calico", "two-blocks", 1, "run", "node0", ROUTES, until=UNTIL, timeout=1.0)


def asked(monkeypatch: pytest.MonkeyPatch, answers: Answers, block: Block = BLOCK) -> Any:
    monkeypatch.setattr(ssh, "run_pair", answers.run_pair)
    lab: Any = None
    recording, _ = session._awaited(lab, block, [], {}, tcpdump.silent)
    return recording


def test_both_are_asked_again_until_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(
        ("before", "before"), ("after", "before"), ("before", "after"), ("after", "after")
    )
    recording = asked(monkeypatch, answers)
    assert answers.asked == 4
    assert recording.text == text("after")
    assert recording.twin == twin("after")


def test_it_ends_with_the_blocks_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GuideError, match="waited 1 s for text and JSON that agree") as error:
        asked(monkeypatch, Answers(("after", "before")), replace(BLOCK, until=None))
    assert "is in the JSON only" in error.value.message
    assert error.value.command == ROUTES


def test_a_real_machine_answers_both_at_once(local_lab: Lab) -> None:
    block = Block("page", "links", 1, "run", "node0", "ip link", timeout=10)
    recording, _ = session._awaited(local_lab, block, [], {}, tcpdump.silent)
    assert recording.twin
    assert moments.differ("ip link", recording.text, recording.twin) == ""
