"""A page as a whole: names across its blocks, commands as run, pages of one run, kept runs."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import settle as cli_settle
from macros.ground.model import Block
from macros.rebuild import transcripts
from macros.settle import folder as settle_page
from macros.store import form, sums
from macros.store.guide import Guide
from tests.unit import settle_support
from tests.unit.settle_support import recording, settle, write

LINK = "{index}: {veth}@if2: <BROADCAST,UP> mtu 1500 master docker0\n    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n"
OLD = LINK.format(index=6, veth="vethdd93b3d", mac="7a:c9:65:fd:ee:bb")
NEW = LINK.format(index=9, veth="veth4290bf2", mac="6e:89:03:ee:9b:da")


def test_a_bound_value_and_the_command_as_run_follow(tmp_path: Path) -> None:
    command = "ip link show $VETH"
    page = replace(
        settle_support.page(),
        blocks=(
            Block("page", "links", 1, "run", "node0", "ip link", bind={"VETH": r"re:(veth\w+)@"}),
            Block("page", "one", 2, "run", "node0", command),
        ),
    )
    sides = []
    for name, text, veth in (("old", OLD, "vethdd93b3d"), ("new", NEW, "veth4290bf2")):
        links = replace(recording("links", text, "ip link"), bound={"VETH": veth})
        renamed = replace(recording("one", text, command), ran=f"ip link show {veth}")
        sides.append(write(tmp_path / name, [links, renamed]))
    out = tmp_path / "out"
    out.mkdir()
    settle_page.settle(page, sides[0], sides[1], out, {})
    for name in ("links.txt", "one.txt"):
        assert (out / name).read_bytes() == (sides[0] / name).read_bytes()


def test_a_mac_that_differs_between_two_blocks_is_shown(tmp_path: Path) -> None:
    fdb = "{mac} dev {veth} master docker0 permanent\n"
    old = [
        recording("link", OLD, "ip link"),
        recording("fdb", fdb.format(mac="7a:c9:65:fd:ee:bb", veth="vethdd93b3d"), "bridge fdb"),
    ]
    new = [
        recording("link", NEW, "ip link"),
        recording("fdb", fdb.format(mac="6e:89:03:ee:9b:db", veth="veth4290bf2"), "bridge fdb"),
    ]
    settled = settle(tmp_path, old, new)
    assert [settled[answer.id].text == answer.text for answer in old].count(False) == 1


def test_a_new_block_takes_the_names_of_the_others(tmp_path: Path) -> None:
    new = [recording("a", NEW), recording("b", "master of veth4290bf2")]
    settled = settle(tmp_path, [recording("a", OLD)], new)
    assert settled["b"].text == "master of vethdd93b3d"


def test_a_block_with_another_command_keeps_no_noise_of_the_earlier_one(tmp_path: Path) -> None:
    text = OLD + "    RX:  bytes packets errors dropped  missed   mcast\n{}\n"
    rows = [f"    {count}       {count}      0       0       0       0" for count in (1200, 3400)]
    old = recording("links", text.format(rows[0]), "ip -s link")
    new = recording("links", text.replace(OLD, NEW).format(rows[1]), "ip -s -d link")
    settled = settle(tmp_path, [old], [new])["links"].text
    assert rows[1] in settled
    assert rows[0] not in settled
    assert "vethdd93b3d" in settled, "names are still the lab's"
    again = settle(tmp_path, [old], [replace(new, command=old.command, ran=old.ran)])["links"].text
    assert again == old.text


def test_without_an_old_recording_the_run_is_taken_as_it_is(tmp_path: Path) -> None:
    new = write(tmp_path / "new", [recording("a", NEW)])
    out = tmp_path / "out"
    out.mkdir()
    settle_page.settle(settle_support.page(), tmp_path / "none", new, out, {})
    assert form.read(out / "a.txt", "").text == NEW


def test_a_name_means_the_same_on_the_next_page_of_a_run(tmp_path: Path) -> None:
    shared: dict[tuple[str, str, str], str] = {}
    settle(tmp_path, [recording("a", OLD)], [recording("a", NEW)], shared)
    two = "7a:c9:65:fd:ee:bb is one\n02:00:00:00:00:01 is two\nlast 9a:22:33:44:55:66\n"
    mixed = "9e:22:33:44:55:66 is one\n02:00:00:00:00:01 is two\nlast 6e:89:03:ee:9b:da\n"
    settled = settle(tmp_path, [recording("b", two)], [recording("b", mixed)], shared)
    assert settled["b"].text != two, "the MAC of page a's interface is at another place here"
    alone = settle(tmp_path, [recording("b", two)], [recording("b", mixed)])
    assert alone["b"].text == two


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Guide:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    docs = tmp_path / "docs"
    docs.mkdir()
    text = '---\ntitle: T\nlab:\n  nodes: 1\n---\n{{ run("node0", "ip link", id="a") }}\n'
    (docs / "page.md").write_text(text, encoding="utf-8")
    guide = Guide(docs, tmp_path / "recordings", "now")
    monkeypatch.setattr(cli_settle, "guide_of_checkout", lambda _edition: guide)
    return guide


def _keep(guide: Guide, stamp: str, text: str) -> Path:
    block = guide.pages["page"].blocks[0]
    answer = replace(recording("a", text, "ip link"), plan=block.plan)
    return write(transcripts.transcripts(guide.recordings) / "now" / "page" / stamp, [answer])


def test_a_kept_run_is_settled_without_a_lab(checkout: Guide) -> None:
    folder = checkout.recordings / "now" / "page"
    write(
        folder,
        [replace(recording("a", OLD, "ip link"), plan=checkout.pages["page"].blocks[0].plan)],
    )
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    _keep(checkout, "1", OLD.replace("1500", "9000"))
    kept = _keep(checkout, "2", NEW)
    answers = {path.name: path.read_bytes() for path in kept.iterdir()}
    result = CliRunner().invoke(cli_settle.settle, [], catch_exceptions=False)
    assert result.output.startswith("page: settled, unchanged: the run of ")
    assert f"gives what is in {folder} now" in result.output
    assert f"git checkout HEAD -- {folder} first" in result.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    _keep(checkout, "3", NEW.replace("1500", "1400"))
    result = CliRunner().invoke(cli_settle.settle, ["page"], catch_exceptions=False)
    assert f"settled against {folder}, which it replaces" in result.output
    assert form.read(folder / "a.txt", "").text == OLD.replace("1500", "1400")
    assert not list(sums.problems(folder))
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == answers


def test_a_kept_run_of_an_older_page_is_refused(checkout: Guide) -> None:
    kept = transcripts.transcripts(checkout.recordings) / "now" / "page" / "1"
    write(kept, [recording("a", NEW, "ip link")])
    result = CliRunner().invoke(cli_settle.settle, ["page"])
    assert "older than its block a" in str(result.exception)


def test_a_kept_run_of_another_checkout_is_left_alone(checkout: Guide, tmp_path: Path) -> None:
    elsewhere = replace(checkout, recordings=tmp_path / "another" / "recordings")
    _keep(elsewhere, "1", NEW)
    result = CliRunner().invoke(cli_settle.settle, [])
    assert "no transcript is kept" in str(result.exception)
    assert not checkout.recordings.exists() or not any(checkout.recordings.iterdir())


def test_without_any_kept_run_the_error_says_how_to_make_one(checkout: Guide) -> None:
    assert checkout.pages
    result = CliRunner().invoke(cli_settle.settle, [])
    assert "no transcript is kept" in str(result.exception)
    result = CliRunner().invoke(cli_settle.settle, ["other"])
    assert "there is no page 'other'" in str(result.exception)
