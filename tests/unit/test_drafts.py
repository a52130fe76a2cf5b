"""A page on a lab that stays up: what is edited is run again, and shown as a draft."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from macros.cli import watch
from macros.cli.record import _chosen
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page
from macros.lab.lab import Lab
from macros.plan import planner
from macros.record import known_state
from macros.record.draft_run import DraftRun, _with_captures, touched
from macros.store import drafts, form, sums
from macros.store.guide import Guide
from tests.unit.settle_support import recording

HEAD = "---\ntitle: T\nlab:\n  nodes: 1\ncleanup:\n  - {{node: node0, run: rm -f {mark}}}\n---\n"
BODY = """\
{{{{ run("node0", "touch {mark}; echo one >>{log}; echo made", id="one", bind={{"NAME": "re:(made)"}}) }}}}
{{{{ run("node0", "echo two >>{log}; echo two $NAME", id="two") }}}}
{{{{ run("node0", "echo three >>{log}; echo three", id="three") }}}}
"""


class Writing:
    """A page in a folder of its own, as an author edits it."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.docs, self.log, self.mark = folder / "docs", folder / "log", folder / "mark"
        self.docs.mkdir()
        self.source = self.docs / "page.md"
        self.text = (HEAD + BODY).format(log=self.log, mark=self.mark)
        self.source.write_text(self.text, encoding="utf-8")
        self.folder = drafts.folder(folder / "recordings", "now", "page")
        self.seen: list[str] = []
        self.said: list[str] = []
        self.run = DraftRun(lab, self.page(), self.folder, self._hear, says=self.said.append)

    def _hear(self, block: Block) -> None:
        self.seen.append(block.id)

    def page(self) -> Page:
        return planner.plan_page(self.docs, self.source)

    def edit(self, old: str, new: str) -> list[str]:
        """The blocks that an edit runs."""
        assert old in self.text
        self.text = self.text.replace(old, new)
        self.source.write_text(self.text, encoding="utf-8")
        self.seen.clear()
        self.run.follow(self.page())
        return self.seen

    def drafted(self) -> dict[str, str]:
        return {
            name: recording.text
            for name, recording in drafts.read(self.folder, self.page()).items()
        }


@pytest.fixture
def writing(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Writing:
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Writing(tmp_path, local_lab)


def test_an_edited_block_is_run_again_with_those_that_use_its_value(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    assert writing.drafted() == {"one": "made\n", "two": "two made\n", "three": "three\n"}
    assert writing.edit('echo three"', 'echo drei"') == ["three"]
    assert writing.drafted()["three"] == "drei\n"
    assert writing.edit("echo made", "echo made anew") == ["one", "two"]
    assert writing.drafted() == {"one": "made anew\n", "two": "two made\n", "three": "drei\n"}
    assert writing.log.read_text().split() == ["one", "two", "three", "three", "one", "two"]
    assert writing.edit("---\n{{", "---\nProse.\n\n{{") == [], "prose runs nothing"
    assert set(writing.drafted()) == {"one", "two", "three"}, "and makes no draft stale"


def test_from_saving_to_a_draft_is_soon(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    began = time.monotonic()
    assert writing.edit('echo three"', 'sleep 1; echo drei"') == ["three"]
    assert time.monotonic() - began < 3.5  # of 5 s; the browser takes less than 2


def test_what_cannot_be_run_twice_is_run_from_the_clean_up_on(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    assert writing.edit("touch ", "set -e -o noclobber; >") == ["one", "one", "two", "three"]
    assert writing.drafted()["one"] == "made\n"
    assert writing.edit("nodes: 1\n", "nodes: 1\nsetup:\n  - {node: node0, run: 'true'}\n") == [
        "one",
        "two",
        "three",
    ]


def test_a_failure_is_said_and_the_next_edit_runs_all_of_it(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    with pytest.raises(GuideError, match="exit code 3"):
        writing.edit('echo three"', 'exit 3"')
    assert writing.edit('exit 3"', 'echo good"') == ["one", "two", "three"]
    assert writing.drafted()["three"] == "good\n"
    assert writing.run.end() == []
    assert not writing.mark.exists(), "the clean-up has run"


def test_a_new_block_that_fails_is_tried_again_alone(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    ran = writing.log.read_text()
    new = 'three", id="three") }}'
    assert new in writing.text
    with pytest.raises(GuideError, match="exit code 4"):
        writing.edit(new, new + '\n{{ run("node0", "exit 4", id="four") }}')
    assert writing.log.read_text() == ran, "no other block is run again"
    assert set(writing.drafted()) == {"one", "two", "three"}
    assert writing.edit('"exit 4"', '"echo four"') == ["four"]
    assert writing.drafted()["four"] == "four\n"
    assert writing.log.read_text() == ran
    with pytest.raises(GuideError, match="exit code 5"):
        writing.edit('"echo four"', '"exit 5"')
    assert writing.log.read_text() != ran, "an edited one may have needed the clean-up"


def test_it_is_said_why_the_page_runs_again(writing: Writing) -> None:
    writing.run.enter()
    writing.run.begin()
    writing.edit('echo three"', 'echo drei"')
    assert writing.said == [], "one block is no page"
    writing.edit("touch ", "set -e -o noclobber; >")
    (said,) = writing.said
    assert said.startswith("the page runs again, from its clean-up on: block one cannot be run a")
    writing.edit("nodes: 1\n", "nodes: 1\nsetup:\n  - {node: node0, run: 'true'}\n")
    assert writing.said[1].endswith(": its lab, setup or cleanup was edited")
    with pytest.raises(GuideError):
        writing.edit('echo drei"', 'exit 3"')
    writing.edit('exit 3"', 'echo good"')
    assert writing.said[-1].endswith(": the last run of it failed")
    writing.run.anew()
    assert writing.said[-1].endswith(": as asked")


def test_a_page_whose_clean_up_leaves_something_does_not_run_on_it(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run would add to it, and only `guide record` would say so."""

    def read(_lab: Lab, nodes: object, **_: object) -> known_state.State:
        assert list(nodes) == ["node0"]  # type: ignore[call-overload]
        return {"node0": ("file left",) if writing.mark.exists() else ()}

    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {"node0": ()})
    monkeypatch.setattr(known_state, "_read", read)
    mend = f"rm -f {writing.mark}"
    writing.text = writing.text.replace(mend, "test -d /")
    writing.source.write_text(writing.text, encoding="utf-8")
    run = DraftRun(writing.run._lab, writing.page(), writing.folder, writing._hear)
    writing.run = run
    run.enter()
    run.begin()
    writing.seen.clear()
    with pytest.raises(GuideError, match=r"leaves node0 changed: \+ file left") as caught:
        run.anew()
    assert f"guide lab reset --name {run._lab.name}" in str(caught.value.fix)
    assert writing.seen == [], "nothing has run"
    assert writing.edit("run: test -d /", f"run: {mend}") == ["one", "two", "three"], "it is mended"


def test_sigterm_ends_a_watch_as_ctrl_c_does(
    writing: Writing, local_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        return False

    monkeypatch.setattr(watch, "_enter", ended)
    (tmp_path / "recordings").mkdir()
    with pytest.raises(SystemExit):
        watch.watch(Guide(writing.docs, tmp_path / "recordings", "now"), local_lab, writing.page())
    assert not writing.mark.exists(), "the clean-up has run"


def test_drafts_are_shown_to_an_author_alone_and_never_in_an_edition(
    writing: Writing, tmp_path: Path
) -> None:
    writing.run.enter()
    writing.run.begin()
    shown = Guide(writing.docs, tmp_path / "recordings", "now", drafts=True)
    assert shown.recorded("page").blocks["two"].draft
    built = Guide(writing.docs, tmp_path / "recordings", "now")
    assert built.recorded("page").blocks == {}
    assert [error.message for error in built.problems()] != []
    assert not (tmp_path / "recordings").exists()
    writing.text = writing.text.replace('echo three"', 'echo 3"')
    writing.source.write_text(writing.text, encoding="utf-8")
    again = Guide(writing.docs, tmp_path / "recordings", "now", drafts=True)
    assert set(again.recorded("page").blocks) == {"one", "two"}, "another command is no draft"


def test_a_draft_that_serve_shows_leaves_the_stale_recording_behind_it_stale(
    writing: Writing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`guide check` and `guide record --stale` look after `make serve` found nothing wrong."""
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "seals"))
    recorded = Path(tmp_path / "recordings" / "now" / "page")
    recorded.mkdir(parents=True)
    for block in writing.page().blocks:
        was = replace(recording(block.id, "x\n", block.command), node="node0", plan=block.plan)
        form.write(recorded, was)
    (recorded / "page.yml").write_text("recorded: then\nlab: uml\nnodes: [node0]\n")
    (recorded.parent / "edition.yml").write_text("lab: uml\nversions: {}\n")
    sums.write(recorded)
    sums.write(recorded.parent)

    def said(*, serving: bool) -> list[str]:
        guide = Guide(writing.docs, tmp_path / "recordings", "now", drafts=serving)
        return [error.message for error in guide.problems()]

    assert said(serving=False) == []
    writing.text = writing.text.replace('id="two"', 'expect_exit=0, timeout=9, id="two"')
    writing.source.write_text(writing.text, encoding="utf-8")
    writing.run = DraftRun(writing.run._lab, writing.page(), writing.folder, writing._hear)
    writing.run.enter()
    writing.run.begin()
    assert said(serving=True) == [], "all that is stale has a draft"
    (message,) = said(serving=False)
    assert "block two is stale" in message
    assert [p.key for p in _chosen(_guide(writing), [], stale=True)] == ["page"]


def _guide(writing: Writing) -> Guide:
    return Guide(writing.docs, writing.docs.parent / "recordings", "now")


def test_a_capture_that_differs_is_taken_while_its_command_runs_again(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    head = "---\nlab: {nodes: 1}\n---\n"
    body = (
        '{{ run("node0", "a", id="a", bind={"X": "re:(a)"}) }}{{ run("node0", "b", id="b") }}'
        '{{ capture("node0", "eth0", id="c", during="b", packets=1) }}{{ run("node0", "c", id="d") }}'
    )

    def page(text: str) -> Page:
        (docs / "p.md").write_text(head + text, encoding="utf-8")
        return planner.plan_page(docs, docs / "p.md")

    def ids(new: str) -> list[str]:
        return [block.id for block in touched(page(body), page(new))]

    assert ids(body) == []
    assert ids(body.replace("packets=1", "packets=2")) == ["b"]
    assert ids(body.replace('"eth0"', '"$X"')) == ["b"]
    run = touched(page(body), page(body.replace("packets=1", "packets=2")))
    assert [block.id for block in _with_captures(page(body), run)] == ["b", "c"], "what is drafted"
    used = body.replace('"eth0"', '"$X"')
    old, new = page(used), page(used.replace('"a", id="a"', '"aa", id="a"'))
    assert [block.id for block in touched(old, new)] == ["a", "b"]
    assert ids(body + '{{ run("node0", "e", id="e") }}') == ["e"]


def test_watching_drafts_what_is_saved_until_ctrl_c_and_cleans_up(
    writing: Writing,
    local_lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edits = [('echo three"', 'echo drei"'), ("id=", "ID="), ("ID=", "id=")]

    def enter() -> bool:
        """An author who saves, and then ends it."""
        if not edits:
            raise KeyboardInterrupt
        writing.text = writing.text.replace(*edits.pop(0))
        writing.source.write_text(writing.text, encoding="utf-8")
        return False

    monkeypatch.setattr(watch, "_enter", enter)
    (tmp_path / "recordings").mkdir()
    watch.watch(Guide(writing.docs, tmp_path / "recordings", "now"), local_lab, writing.page())
    printed = capsys.readouterr()
    assert "drafts of 3 blocks in" in printed.out
    assert "drafts of 1 block in" in printed.out
    assert "run has no option ID=; did you mean id=?" in printed.err
    assert printed.out.endswith("next: guide record --lab test page\n")
    assert writing.drafted()["three"] == "drei\n"
    assert not writing.mark.exists()
    assert list((tmp_path / "recordings").glob("*/*")) == []


def test_a_claim_that_an_edit_breaks_is_said_where_the_page_is_watched(
    writing: Writing, capsys: pytest.CaptureFixture[str]
) -> None:
    writing.run.enter()
    writing.run.begin()
    recordings = writing.docs.parent / "recordings"
    (recordings / "now").mkdir(parents=True)
    (recordings / "now" / "edition.yml").write_text("lab: uml\nversions: {}\n")
    sums.write(recordings / "now")
    guide = Guide(writing.docs, recordings, "now")
    claim = '\n{{ expect("three", "re:(.+)", equals="three") }}\n'
    writing.source.write_text(writing.text + claim)
    watch._wrong(guide, writing.page())
    assert capsys.readouterr().out == ""
    writing.source.write_text(writing.text + claim.replace('="three"', '="four"'))
    watch._wrong(guide, writing.page())
    said = capsys.readouterr().out
    assert said.startswith("claims that do not hold (1):\n")
    assert "page.md:12:4: the page claims that 'three' equals 'four', which is not so" in said
