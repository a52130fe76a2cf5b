"""A new edition: started, and settled against its base."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import macros.cli.edition as command
from macros.ground.errors import GuideError
from macros.rebuild import transcripts
from macros.store import reader, sums
from macros.store.guide import Guide
from tests.unit import settle_support as support

LINK = """\
4: docker0: <UP> mtu {mtu} state UP
    link/ether {mac} brd ff:ff:ff:ff:ff:ff
"""
OLD, NEW = "86:06:61:aa:b2:10", "06:fd:11:2c:d0:2c"


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guide:
    """A guide with the edition `base`, in which one page is recorded."""
    checkout = Guide(tmp_path / "docs", tmp_path / "recordings", "base")
    folder = checkout.recordings / "base"
    answer = support.recording("link", LINK.format(mtu=1500, mac=OLD), "ip link show docker0")
    support.write(folder / "page", [answer])
    (folder / "edition.yml").write_text("lab: uml\nbase: ''\nversions: {Docker: 28.5.2}\n")
    sums.write(folder)
    monkeypatch.setattr(command, "guide_of_checkout", lambda: checkout)
    return checkout


def new(*words: str) -> str:
    done = CliRunner().invoke(command.edition, ["new", *words])
    if isinstance(done.exception, GuideError):
        raise done.exception
    return done.output


def test_it_is_empty_and_says_against_what_it_settles(guide: Guide) -> None:
    assert "older is empty, and settles against base" in new("older")
    older = reader.edition(guide.recordings, "older")
    assert (older.base, older.versions) == ("base", {})
    assert list(guide.of_edition("older").pages) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("base",), "edition base exists already"),
        (("older", "--base", "none"), "there is no edition 'none'"),
        (("Older Edition",), "is not a name for an edition"),
    ],
)
def test_what_cannot_be_started_is_said(guide: Guide, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(GuideError, match=said):
        new(*words)
    assert [path.name for path in guide.recordings.iterdir()] == ["base"]


def test_a_page_that_is_new_in_it_takes_the_names_of_the_base_and_keeps_its_facts(
    guide: Guide, tmp_path: Path
) -> None:
    new("older")
    answer = support.recording("link", LINK.format(mtu=1400, mac=NEW), "ip link show docker0")
    transcript = support.write(tmp_path / "transcript", [answer])
    assert transcripts.publish(support.page(), transcript, guide.recordings / "older", {})
    text = (guide.recordings / "older" / "page" / "link.txt").read_text(encoding="utf-8")
    assert LINK.format(mtu=1400, mac=OLD) in text
    assert LINK.format(mtu=1500, mac=OLD) in (
        guide.recordings / "base" / "page" / "link.txt"
    ).read_text(encoding="utf-8"), "the base is left alone"


def test_once_recorded_it_settles_against_itself(guide: Guide, tmp_path: Path) -> None:
    new("older")
    folder = guide.recordings / "older"
    for number, mac in enumerate((NEW, OLD)):
        answer = support.recording("link", LINK.format(mtu=1400, mac=mac), "ip link show docker0")
        transcript = support.write(tmp_path / f"transcript{number}", [answer])
        changed = transcripts.publish(support.page(), transcript, folder, {})
        assert changed is (number == 0)
