"""A line that fails and is followed by others: told, unless the page lets it."""

from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Answer, Block
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.plan import planner
from macros.record import failed_lines, session, tcpdump
from macros.record import known_state as state
from macros.record.kept import Kept

HEAD = "---\ntitle: T\nlab:\n  nodes: 1\n{}---\n"


def failed(lab: Lab, command: str) -> tuple[tuple[int, int], ...]:
    return ssh.run(lab, "node0", command, lines=True).failed


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("(exit 3)\necho", ((1, 3),)),
        ("echo\n\n# no\nfalse\n(exit 4)\necho", ((4, 1), (5, 4))),
        ("for i in 1 2; do\n  [ $i = 2 ]\ndone\necho", ((2, 1),)),
        ("cat <<'X' >/dev/null\nfalse\nX\nfalse \\\n  more\necho", ((5, 1),)),
        ("{ false; } >/dev/full\necho", ((1, 1),)),
        ("exec 1>&- 2>&-\nfalse\ntrue", ((2, 1),)),
        ("echo\nfalse", ((2, 1),)),
        ("set -e\nfalse\necho", ((2, 1),)),
        # As for `set -e`, these are asked for, and no failures.
        ("if false; then :; fi\nfalse || echo\nfalse && echo\n! true\nuntil true; do :; done", ()),
        ("true\ntrue", ()),
    ],
)
def test_a_shell_says_which_lines_failed(
    local_lab: Lab, command: str, lines: tuple[tuple[int, int], ...]
) -> None:
    assert failed(local_lab, command) == lines
    left = ssh.run(local_lab, "node0", "ls -A /tmp | grep '^.guide-[0-9a-f]*$'")
    assert left.output == b""


def test_what_a_command_answers_is_the_same_either_way(local_lab: Lab) -> None:
    command = "echo $LINENO $-\nfalse\necho $? $_ $LINENO; ls nothing\nnosuch\n(exit 7)"
    asked, plain = (ssh.run(local_lab, "node0", command, lines=lines) for lines in (True, False))
    assert asked.output == plain.output
    assert asked.exit == plain.exit == 7
    assert plain.failed == ()


def block(command: str, *may_fail: str) -> Block:
    return Block("page", "b", 1, "run", "node0", command, may_fail=may_fail)


THREE = "ping -c 1 one\nping -c 1 two\nping -c 1 three"


def test_the_line_that_ends_a_block_is_judged_by_its_code_alone() -> None:
    assert failed_lines.unforeseen(block(THREE), Answer(b"", 1, ((3, 1),)), THREE) == ""
    told = "line 1 of its command, `ping -c 1 one`, ended with exit code 2"
    assert failed_lines.unforeseen(block(THREE), Answer(b"", 1, ((1, 2), (3, 1))), THREE) == told
    assert failed_lines.unforeseen(block(THREE), Answer(b"", 0, ((1, 2),)), THREE) == told


def test_a_page_lets_one_line_fail_and_no_other() -> None:
    let = block(THREE, "one")
    assert failed_lines.unforeseen(let, Answer(b"", 0, ((1, 1),)), THREE) == ""
    told = failed_lines.unforeseen(let, Answer(b"", 0, ((1, 1), (2, 1))), THREE)
    assert told.startswith("line 2 of its command, `ping -c 1 two`")


def test_a_line_that_goes_on_in_the_next_is_named_where_it_begins() -> None:
    command = "echo\nping -c 1 \\\n  one\necho"
    told = failed_lines.unforeseen(block(command), Answer(b"", 0, ((3, 1),)), command)
    assert told.startswith("line 2 of its command, `ping -c 1 \\`")
    for text in ("ping", "  one"):
        assert failed_lines.unforeseen(block(command, text), Answer(b"", 0, ((3, 1),)), "") == ""


@pytest.mark.parametrize(
    ("command", "option", "message"),
    [
        ("ping one\necho", "ping two", "may_fail 'ping two' is in 0 lines, not in one"),
        ("ping one\nping two", "ping", "may_fail 'ping' is in 2 lines, not in one"),
        ("ping one", "ping", "its command has one line; expect_exit= says how it ends"),
    ],
)
def test_what_may_fail_is_one_line_of_several(
    tmp_path: Path, command: str, option: str, message: str
) -> None:
    page = tmp_path / "page.md"
    call = f'{{% call run("node0", id="a", may_fail="{option}") %}}\n{command}\n{{% endcall %}}\n'
    page.write_text(HEAD.format("") + call)
    with pytest.raises(GuideError, match=message):
        planner.plan_page(tmp_path, page)


class Recorder:
    """A page of one folder, recorded on this machine."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder, self.lab = folder, lab
        self.source = folder / "page.md"

    def record(self, body: str, head: str = "") -> Kept:
        self.source.write_text(HEAD.format(head) + body)
        page = planner.plan_page(self.folder, self.source)
        out = self.folder / "out"
        out.mkdir(exist_ok=True)
        session.record(self.lab, page, out, lambda _block: None, tcpdump.silent)
        return Kept(out)


@pytest.fixture
def recorder(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr(state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(state, "leave", lambda _lab, _page, _before: None)
    return Recorder(tmp_path, local_lab)


BLOCK = '{{% call run("node0", id="a"{}) %}}\necho begins\nls /nowhere\n{}\n{{% endcall %}}\n'


def test_a_block_whose_middle_fails_is_no_recording(recorder: Recorder) -> None:
    with pytest.raises(GuideError) as caught:
        recorder.record(BLOCK.format("", "echo ends"))
    told = "block a: line 2 of its command, `ls /nowhere`, ended with exit code 2: begins"
    assert caught.value.message.startswith(told)
    assert "may_fail=" in str(caught.value.fix)
    assert caught.value.line == 6
    recorder.record(BLOCK.format(', may_fail="ls /nowhere"', "echo ends"))
    recorder.record(BLOCK.format("", "echo ends").replace("ls /nowhere", "ls /nowhere || true"))


def test_a_block_that_fails_at_its_end_names_what_failed_before(recorder: Recorder) -> None:
    with pytest.raises(GuideError) as caught:
        recorder.record(BLOCK.format("", "(exit 3)"))
    told = "expected 0 (before that, line 2 of its command, `ls /nowhere`, ended with exit code 2)"
    assert told in caught.value.message
    # That its end fails as the page says does not hide what failed before.
    with pytest.raises(GuideError, match="line 2 of its command"):
        recorder.record(BLOCK.format(", expect_exit=3", "(exit 3)"))
    recorder.record(BLOCK.format(', expect_exit=3, may_fail="ls"', "(exit 3)"))


def test_what_is_waited_for_is_waited_for_until_no_line_fails(recorder: Recorder) -> None:
    mark = recorder.folder / "mark"
    late = f"[ -e {mark} ]\ntouch {mark}\necho yes"
    recorder.record(f'{{% call run("node0", id="a", until="yes") %}}\n{late}\n{{% endcall %}}\n')
    never = late.replace("touch", "ls -d")
    mark.unlink()
    with pytest.raises(GuideError, match=r"every line to succeed \(line 1 of its command"):
        recorder.record(
            f'{{% call run("node0", id="a", until="yes", timeout=0.5) %}}\n{never}\n{{% endcall %}}\n'
        )


STEP = "{}:\n  - node: node0\n    run: |\n      echo begins\n      ls /nowhere\n      {}\n"


@pytest.mark.parametrize("ends", ["echo ends", "exit 4"])
def test_a_setup_step_names_its_line_that_failed(recorder: Recorder, ends: str) -> None:
    told = "setup failed: line 2 of its command, `ls /nowhere`, ended with exit code 2"
    with pytest.raises(GuideError, match=told) as caught:
        recorder.record('{{ run("node0", "true", id="a") }}\n', STEP.format("setup", ends))
    assert caught.value.line == 6


def test_a_cleanup_takes_away_what_may_not_be_there(recorder: Recorder) -> None:
    block = '{{ run("node0", "true", id="a") }}\n'
    recorder.record(block, STEP.format("cleanup", "echo ends"))
    told = "cleanup failed: line 3 of its command, `\\(exit 4\\)`, ended with exit code 4"
    with pytest.raises(GuideError, match=told):
        recorder.record(block, STEP.format("cleanup", "(exit 4)"))
