"""A name that is no block's: what it may mean is said, not thirty others."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.site import recorded_traces
from macros.store import naming, sums
from macros.store.guide import Guide
from tests.unit.settle_support import recording, write
from tests.unit.test_plan import HEAD, page_of

BODY = "".join(
    [
        *(f'{{{{ observe("node0", id="state-{number}") }}}}\n\n' for number in range(20)),
        '{{ observe("node1", id="server") }}\n\n',
        '{{ run("node0", "ip rule", id="rule") }}\n\n',
        '{{ run("node1", "ip rule list", id="policy") }}\n\n',
        '{{ run("node0", "ping -c 1 10.0.0.2", id="ping") }}\n\n',
        '{{ trace(["node0/eth1", "node1/eth1"], id="way", during="ping", packets=2, title="T") }}\n',
    ]
)


@pytest.fixture(name="guide")
def _guide(tmp_path: Path) -> Guide:
    page_of(tmp_path, BODY)
    folder = tmp_path / "recordings" / "now"
    was = replace(recording("rules", "0: x\n", "ip rule list"), node="node1")
    write(folder / "page", [was])
    (folder / "edition.yml").write_text("lab: uml\nversions: {}\n", encoding="utf-8")
    sums.write(folder)
    return Guide(tmp_path / "docs", tmp_path / "recordings", "now")


def said(guide: Guide, name: str) -> str:
    with pytest.raises(GuideError) as caught:
        guide.find(name, "page")
    return caught.value.message


def test_one_that_is_misspelt_is_named_and_no_others(guide: Guide) -> None:
    assert said(guide, "srever") == "page page has no block 'srever'; did you mean server?"


def test_one_that_was_renamed_is_known_by_what_was_recorded(guide: Guide) -> None:
    """It is nearer by its letters to another block, which it never was."""
    assert said(guide, "rules") == (
        "page page has no block 'rules'; `ip rule list`, which was recorded as rules, is policy now"
    )
    assert said(guide, "rulse") == "page page has no block 'rulse'; did you mean rule?"


def test_a_trace_names_its_taps(guide: Guide) -> None:
    assert said(guide, "way") == (
        "way is a trace; take one of its taps: way-node0-eth1, way-node1-eth1"
    )


def test_where_nothing_is_near_a_long_list_is_cut(guide: Guide) -> None:
    message = said(guide, "xyzzy")
    assert message.startswith("page page has no block 'xyzzy'; it has state-0, state-1,")
    assert message.endswith("state-11 and 14 more; guide paths page lists them")


def test_a_trace_that_there_is_not(guide: Guide) -> None:
    for name, words in {
        "wya": "has no trace 'wya'; did you mean way?",
        "ping": "has no trace 'ping'; that is the id of `ping -c 1 10.0.0.2`",
        "way-node0-eth1": "that is a tap of the trace way",
        "none": "has no trace 'none'; it has way",
    }.items():
        with pytest.raises(GuideError, match=words):
            recorded_traces.taps(guide, name, "page")
    assert "there is no page" not in naming.no_trace("page", "x", None).message


def test_a_capture_names_the_command_that_it_may_listen_during(tmp_path: Path) -> None:
    body = BODY.replace('during="ping"', 'during="pnig"')
    with pytest.raises(GuideError, match="not a command of this page; did you mean ping"):
        page_of(tmp_path, body, HEAD)
