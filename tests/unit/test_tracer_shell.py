"""A shell that stays open: one script after the other, each with its own end."""

import pytest

from macros.ground.errors import GuideError
from macros.tracer.kept_shell import LOOP, KeptShell


def shell() -> KeptShell:
    return KeptShell("node0", ["bash", "-c", LOOP])


def test_each_script_has_its_output_and_its_exit_code() -> None:
    kept_shell = shell()
    assert kept_shell.run("echo hé; echo no >&2; exit 3", 5).text == "hé\nno\n"
    assert kept_shell.run("exit 3", 5).exit == 3
    assert kept_shell.run("printf 'no end of line'", 5).text == "no end of line"
    assert kept_shell.run("cat", 5).text == ""
    kept_shell.end()


def test_much_output_comes_whole() -> None:
    kept_shell = shell()
    assert len(kept_shell.run("seq 200000", 20).text.splitlines()) == 200000
    kept_shell.end()


def test_a_script_that_hangs_is_given_up_and_said_so() -> None:
    kept_shell = shell()
    with pytest.raises(GuideError, match="node0 did not answer within"):
        kept_shell.run("sleep 60", 0.3)
    with pytest.raises(GuideError, match="does not answer any more"):
        kept_shell.run("true", 5)


def test_a_connection_that_ends_is_said_so() -> None:
    kept_shell = KeptShell("node0", ["false"])
    with pytest.raises(GuideError, match="does not answer any more"):
        kept_shell.run("true", 5)


def test_a_right_that_is_missing_is_named() -> None:
    forbidden = (
        'Error from server (Forbidden): pods "node0" is forbidden: User "me" cannot create '
        'resource "pods/exec" in API group "" in the namespace "guide-trace-1"'
    )
    kept_shell = KeptShell("node0", ["sh", "-c", f"echo '{forbidden}' >&2"])
    with pytest.raises(GuideError, match="you may not create pods/exec") as raised:
        kept_shell.run("true", 5)
    assert 'verbs: ["create"]' in str(raised.value.fix)
