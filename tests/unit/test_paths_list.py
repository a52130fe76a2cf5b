"""`guide paths`: every path that a recorded block offers works where it is pasted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli.path_table import paths as command
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT
from macros.lab.lab import Lab
from macros.rebuild import advice
from macros.store import drafts, form, sums
from macros.values import lookup, path_list
from tests.unit.settle_support import recording


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)


def test_every_path_of_every_block_of_a_page_is_one_that_value_takes() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    listed = 0
    for answer in guide.recorded("docker").blocks.values():
        try:
            record = lookup.record(answer)
        except GuideError:
            continue
        for path, value in path_list.paths(record):
            listed += 1
            assert lookup.text(answer, path) == value, (answer.id, path)
    assert listed > 500


def test_what_pages_quote_is_among_them() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    blocks = guide.recorded("docker").blocks
    offered = dict(path_list.paths(lookup.record(blocks["started-addresses"])))
    assert offered["docker0.cidr"] == "172.17.0.1/16"
    assert "lo.interface.mac" not in offered, "the short path says the same"
    assert offered["lo.mac"] == "00:00:00:00:00:00"


def test_the_key_of_an_entry_is_named_once() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    blocks = guide.recorded("flannel").blocks
    offered = dict(path_list.paths(lookup.record(blocks["neighbours"])))
    macs = [path for path in offered if path.endswith(".mac")]
    assert "[10.42.1.0].mac" in macs
    assert len(macs) == len(set(lookup.record(blocks["neighbours"])))
    assert not [path for path in offered if path.count("10.42.1.0") > 1]


def test_they_are_printed_ready_to_paste_and_chosen_by_words() -> None:
    done = CliRunner().invoke(command, ["docker", "started-addresses", "docker0.cidr"])
    assert done.exit_code == 0
    (line,) = done.output.splitlines()
    assert line.split() == [
        "{{",
        'value("started-addresses",',
        '"docker0.cidr")',
        "}}",
        "172.17.0.1/16",
    ]
    done = CliRunner().invoke(command, ["docs/docker.md", "talk", "ttl", "--json"])
    assert set(json.loads(done.output).values()) <= {"64", "63"}
    assert "[3].ip.ttl" in json.loads(done.output)
    assert "started-addresses " in CliRunner().invoke(command, ["docker"]).output


def test_an_observation_offers_what_its_namespaces_have() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    block = next(block for block in guide.pages["by-hand"].blocks if block.kind == "observe")
    done = CliRunner().invoke(command, ["by-hand", block.id, "node0.addresses.eth1.cidr"])
    (line,) = done.output.splitlines()
    assert line.split()[1:3] == [f'value("{block.id}",', '"node0.addresses.eth1.cidr")']
    answer = guide.recorded("by-hand").blocks[block.id]
    assert lookup.text(answer, "node0.addresses.eth1.cidr") == line.split()[-1]


def test_a_trace_offers_what_its_taps_do() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    page = next(
        page for page in guide.pages.values()
        if any(block.capture and block.capture.trace for block in page.blocks)
    )  # fmt: skip
    taps = [block for block in page.blocks if block.capture and block.capture.trace]
    trace = taps[0].capture.trace if taps[0].capture else ""
    mine = [block.id for block in taps if block.capture and block.capture.trace == trace]
    result = json.loads(CliRunner().invoke(command, [page.key, trace, "--json"]).output)
    assert list(result) == mine
    assert all("[1].eth.src" in paths or paths for paths in result.values())
    alone = json.loads(CliRunner().invoke(command, [page.key, mine[0], "--json"]).output)
    assert result[mine[0]] == alone
    printed = CliRunner().invoke(command, [page.key, trace, "[1].ip.ttl"]).output
    assert f'{{{{ value("{mine[0]}", "[1].ip.ttl") }}}}' in printed


def test_what_is_misspelt_or_has_no_record_is_said_with_what_to_do() -> None:
    done = CliRunner().invoke(command, ["dokcer"])
    assert "did you mean docker?" in str(done.exception)
    done = CliRunner().invoke(command, ["docker", "started-adresses"])
    assert "did you mean started-addresses?" in str(done.exception)
    guide = guide_of_checkout(root=CHECKOUT)
    without = next(
        block.id for block in guide.pages["docker"].blocks if block.command.startswith("docker run")
    )
    done = CliRunner().invoke(command, ["docker", without])
    assert "offers no paths" in str(done.exception)
    assert "a pattern with one group" in str(done.exception)


def test_words_that_nothing_has_are_said() -> None:
    done = CliRunner().invoke(command, ["docker", "started-addresses", "docker0", "crid"])
    assert done.exit_code == 1
    assert "paths of started-addresses has 'crid'; did you mean cidr?" in str(done.exception)
    done = CliRunner().invoke(command, ["docker", "started-addresses", "172.17.0.1/16", "lo.mac"])
    assert "has '172.17.0.1/16' and 'lo.mac'" in str(done.exception)


def test_what_is_drafted_is_offered_and_said_to_be_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    guide = guide_of_checkout(root=CHECKOUT)
    was = guide.recorded("docker").blocks["started-addresses"]
    folder = drafts.folder(guide.recordings, guide.edition_name, "docker")
    folder.mkdir(parents=True)
    text = was.text.replace("172.17.0.1/16", "172.18.0.1/16")
    form.write(folder, replace(was, text=text, twin=None))
    done = CliRunner().invoke(command, ["docker", "started-addresses", "docker0.cidr"])
    assert "172.18.0.1/16" in done.stdout
    assert done.stderr == "from drafts of guide record --watch: started-addresses\n"
    form.write(folder, replace(was, text=text, twin=None, plan="of an earlier edit"))
    done = CliRunner().invoke(command, ["docker", "started-addresses", "docker0.cidr"])
    assert "172.17.0.1/16" in done.stdout
    assert done.stderr == ""


def test_where_a_block_is_not_recorded_the_lab_that_is_up_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text('extra: {edition: "now"}\n', encoding="utf-8")
    text = '---\nlab: {nodes: 2}\n---\n\n{{ run("node0", "ip rule", id="rules") }}\n'
    (tmp_path / "docs" / "mine.md").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    labs = [Lab(name, "uml", ("node0", "node1"), Path(), "i", {}) for name in ("a", "b")]
    monkeypatch.setattr(advice, "_up", lambda: labs)
    done = CliRunner().invoke(command, ["mine", "rules"])
    assert isinstance(done.exception, GuideError)
    assert done.exception.fix == "guide record --lab a mine"
    labs.clear()
    done = CliRunner().invoke(command, ["mine", "rules"])
    assert "guide lab up --nodes 2, then guide record mine" in str(done.exception)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one recorded page: a rule is added, and listed. Its recordings' folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text('extra: {edition: "now"}\n', encoding="utf-8")
    text = (
        '---\nlab: {nodes: 2}\n---\n\n{{ run("node0", "ip rule add pref 9 lookup 7", id="add") }}\n\n'
        '{{ run("node0", "ip route", id="routes") }}\n\n{{ run("node0", "ip rule", id="rules") }}\n'
    )
    (tmp_path / "docs" / "mine.md").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "recordings" / "now" / "mine"
    folder.mkdir(parents=True)
    printed = {"add": "", "routes": "", "rules": "9:\tfrom all lookup 7\n"}
    for block in guide_of_checkout().planned["mine"].blocks:
        was = recording(block.id, printed[block.id], block.command)
        form.write(folder, replace(was, node="node0", plan=block.plan))
    (folder / "page.yml").write_text("recorded: then\nlab: uml\nnodes: [node0, node1]\n")
    (folder.parent / "edition.yml").write_text("lab: uml\nversions: {}\n")
    sums.write(folder.parent)
    sums.write(folder)
    return folder


@pytest.mark.parametrize("block", ["add", "routes"])
def test_a_block_that_printed_nothing_says_so(mine: Path, block: str) -> None:
    assert mine.is_dir()
    done = CliRunner().invoke(command, ["mine", block])
    assert f"block {block} offers no paths: it printed nothing" in str(done.exception)
    assert "free text" not in str(done.exception)
    assert "quote its text" not in str(done.exception)


def test_what_is_stale_or_edited_by_hand_is_offered_with_a_warning(mine: Path) -> None:
    shown = CliRunner().invoke(command, ["mine", "rules"])
    assert shown.stderr == ""
    assert '"9.table"' in shown.stdout
    path = mine / "rules.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("lookup 7", "lookup 8"))
    done = CliRunner().invoke(command, ["mine", "rules"])
    assert (
        done.stderr == "warning: recording recordings/now/mine/rules.txt was changed by hand:"
        " its checksum differs\n"
    )
    assert done.stdout != shown.stdout, "it is offered"
    assert CliRunner().invoke(command, ["mine", "add"]).stderr == "", "it is of another block"
    sums.write(mine)
    page = Path("docs/mine.md")
    page.write_text(page.read_text(encoding="utf-8").replace('id="rules"', 'timeout=9, id="rules"'))
    done = CliRunner().invoke(command, ["mine", "rules"])
    assert done.stderr == "warning: the recording of block rules is stale; guide check says why\n"
