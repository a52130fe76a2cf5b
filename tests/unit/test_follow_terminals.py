"""Terminals: what a shell behind a pseudo terminal printed, and nothing that was typed."""

from collections.abc import Iterator

import pytest

from macros.follow.terminals import ClosedError, SilentError, Terminal

BASH = ("setsid", "-wc", "bash", "--norc", "--noprofile")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal(BASH)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("paste", "text", "code"),
    [
        ("echo one\nfalse", "one\n", 1),
        ("for n in 1 2; do\n  echo $n\ndone", "1\n2\n", 0),
        ("cat <<'X'\n#!/bin/sh\nhello $x!\nX", "#!/bin/sh\nhello $x!\n", 0),
        ("true", "", 0),
        ("# nothing", "", 0),
        ("echo B; (exit 7)", "B\n", 7),
        ("printf 'no newline'", "no newline", 0),
        ("printf 'ünï\\n'", "ünï\n", 0),
        ("printf '\\033[1mbold\\033[0m\\n'", "bold\n", 0),
        ("printf '10%%\\r100%%\\ndone\\n'", "100%\ndone\n", 0),
        ("printf 'a\\n\\033[1A\\033[2K\\rb\\n'", "b\n", 0),
        # rich's spinner, as it is drawn and at its end
        ("printf '\\033[?25l- a\\r\\033[2K* a\\n\\033[?25h\\r\\033[1A\\033[2Kb\\n'", "b\n", 0),
    ],
)
def test_what_was_printed_is_told_from_what_was_typed(
    terminal: Terminal, paste: str, text: str, code: int
) -> None:
    output = terminal.run(paste, 10)
    assert (output.text, output.exit) == (text, code)


def test_one_paste_after_the_other(terminal: Terminal) -> None:
    assert [terminal.run(f"echo {n}", 10).text for n in range(5)] == [f"{n}\n" for n in range(5)]


def test_a_long_paste_arrives_whole(terminal: Terminal) -> None:
    lines = "".join(f"line {n}\n" for n in range(1500))
    assert terminal.run(f"wc -l <<'X'\n{lines}X", 30).text == "1500\n"


def test_a_capture_is_waited_for_and_ended_by_a_key(terminal: Terminal) -> None:
    terminal.paste("echo listening on; cat >/dev/null; echo never")
    terminal.wait_for("listening on", 10)
    assert terminal.interrupt(10).text.startswith("listening on\n")
    assert terminal.run("echo again", 10).text == "again\n"


def test_what_does_not_start_to_listen_is_told_at_once(terminal: Terminal) -> None:
    terminal.paste("echo no such device; false")
    with pytest.raises(SilentError, match="no such device"):
        terminal.wait_for("listening on", 10)


def test_what_does_not_end_is_told_with_what_it_printed(terminal: Terminal) -> None:
    with pytest.raises(SilentError, match="before"):
        terminal.run("echo before; sleep 20", 1)


def test_a_shell_that_ends_is_told(terminal: Terminal) -> None:
    with pytest.raises(ClosedError):
        terminal.run("exit", 10)
