"""A packet that a capture does not hold: its end is named as the cause, and slips as slips."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.packets import dissector, selection
from macros.site import claims_check
from macros.store import sums
from macros.store.guide import Guide
from tests.unit.settle_support import recording, write
from tests.unit.test_plan import HEAD, page_of

PINGS = Path(__file__).parent.parent / "data" / "packets" / "trouble-red.pcap"
BODY = """\
{{ run("node0", "ping -c 1 10.0.0.2", id="ping") }}

{{ capture("node0", "eth1", id="lan", during="ping", packets=13) }}

"""


def errors(folder: Path, prose: str, body: str = BODY) -> list[tuple[int | None, str, str]]:
    page = page_of(folder, body + prose)
    now = folder / "recordings" / "now"
    held = [
        replace(
            recording(block.id, "x\n", block.command, pcap=PINGS if block.capture else None),
            plan=block.plan,
        )
        for block in page.blocks
    ]
    write(now / "page", held)
    (now / "edition.yml").write_text("lab: uml\nversions: {}\n", encoding="utf-8")
    sums.write(now)
    guide = Guide(folder / "docs", folder / "recordings", "now")
    found, _, _ = claims_check.page(guide, folder / "docs" / "page.md")
    return [
        (error.line and error.line - HEAD.count("\n"), error.message, error.fix or "")
        for error in found
    ]


@pytest.mark.parametrize(
    "call",
    [
        'value("lan", "[14].ip.ttl")',
        'expect("lan", "[14].ip.ttl", equals=63)',
        'expect("lan", "[1].ip.ttl", same_as=("lan", "[14].ip.ttl"))',
        'packet("lan", "arp", title="T")',
        'packet("lan", 14, title="T")',
        'compare("lan", "lan", match="icmp #50", title="T")',
    ],
)
def test_the_end_of_the_capture_is_named_with_its_line(tmp_path: Path, call: str) -> None:
    ((line, message, fix),) = errors(tmp_path, f"{{{{ {call} }}}}\n")
    assert line == 5
    assert message.startswith("capture lan ended after packets=13 (line 11): ")
    assert "more packets=" in fix


def test_what_is_only_misspelt_is_not_put_down_to_the_capture_s_end(tmp_path: Path) -> None:
    prose = (
        '{{ packet("lan", "icmp echo replay", title="T") }}\n\n{{ value("lan", "[1].ip.tll") }}\n'
    )
    (_, match, _), (_, path, _) = errors(tmp_path, prose)
    assert match.startswith("no packet matches 'icmp echo replay' (did you mean icmp echo reply?)")
    assert "nearest: ttl" in path


def test_a_capture_that_ends_otherwise_is_not_told_to_take_more(tmp_path: Path) -> None:
    body = BODY.replace("packets=13", "closed=true")
    ((_, message, _),) = errors(tmp_path, '{{ value("lan", "[14].ip.ttl") }}\n', body)
    assert message == "'[14].ip.ttl': there is no [14] (of 13 entries)"


def test_what_is_proposed_is_not_what_was_written() -> None:
    packets = dissector.packets(PINGS)[:1]
    with pytest.raises(GuideError) as caught:
        selection.select(packets, "icmp echo reply")
    assert caught.value.fix is not None
    assert "icmp echo reply" not in caught.value.fix
    assert "tcp syn" in caught.value.fix


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("imcp", "icmp"),
        ("tcp sny #2", "tcp syn #2"),
        ("from 10.1.1.2 utp", "from 10.1.1.2 udp"),
        ("icmp tiem exceeded #9", "icmp time exceeded #9"),
    ],
)
def test_a_misspelt_word_is_put_right(written: str, meant: str) -> None:
    with pytest.raises(GuideError, match=r"did you mean") as caught:
        selection.select(dissector.packets(PINGS), written)
    assert f"(did you mean {meant}?)" in caught.value.message


def test_words_of_a_packet_that_is_not_there_are_not_put_right() -> None:
    for written in ("arp", "bgp update", "icmp 'hello'", "10.9.9.9", "port 81"):
        with pytest.raises(GuideError) as caught:
            selection.select(dissector.packets(PINGS), written)
        assert "did you mean" not in caught.value.message
