"""A shell that stays open: one script after the other, each with its own end."""

import pytest

from macros.ground.errors import GuideError
from macros.tracer.kept_shell import LOOP, KeptShell


def shell() -> KeptShell:
    return KeptShell("node0", ["bash", "-c", LOOP])


def test_each_script_has_its_output_and_its_exit_code() -> None:
    one = shell()
    assert one.run("echo hé; echo no >&2; exit 3", 5).text == "hé\nno\n"
    assert one.run("exit 3", 5).exit == 3
    assert one.run("printf 'no end of line'", 5).text == "no end of line"
    assert one.run("cat", 5).text == ""
    one.end()


def test_much_output_comes_whole() -> None:
    one = shell()
    assert len(one.run("seq 200000", 20).text.splitlines()) == 200000
    one.end()


def test_a_script_that_hangs_is_given_up_and_said_so() -> None:
    one = shell()
    with pytest.raises(GuideError, match="node0 did not answer within"):
        one.run("sleep 60", 0.3)
    with pytest.raises(GuideError, match="does not answer any more"):
        one.run("true", 5)


def test_a_connection_that_ends_is_said_so() -> None:
    one = KeptShell("node0", ["false"])
    with pytest.raises(GuideError, match="does not answer any more"):
        one.run("true", 5)
