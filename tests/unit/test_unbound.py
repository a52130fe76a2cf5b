"""A name that nothing binds is refused before anything runs, and none that the shell knows."""

from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.plan import planner
from macros.plan.unbound import unbound

BOUND = ("WG0", "VETH", "POD")


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("ip -br link show $WGX", ["WGX"]),
        ("ip link show ${VETHS}", ["VETHS"]),
        ('echo "peer: $PEER"', ["PEER"]),
        ('x=$(ip link show "$WGX"); echo $x', ["WGX"]),
        ("cat <<EOF\nname $WGX\nEOF", ["WGX"]),
        ("ip link show $wg0", ["wg0"]),  # near to one that is bound
        ("echo \"$(awk '{print $COL}' f) $PEER\"", ["PEER"]),
        ("echo ${#PEER} ${PEER%%/*}", ["PEER"]),
        ('[ "$A" == x ] && echo $B', ["A", "B"]),
    ],
)
def test_what_nothing_binds_is_found(command: str, names: list[str]) -> None:
    assert [found.name for found in unbound(command, BOUND)] == names


@pytest.mark.parametrize(
    "command",
    [
        "ip link show $WG0 ${VETH}",
        "for N in 1 2; do echo $N; done",
        "N=3; echo $N; M=(a b); echo ${M[0]}",
        "echo x | while read -r A B; do echo $A $B; done",
        "f() { local KEY=$1 VALUE; VALUE=$2; echo $KEY $VALUE; }; f a b",
        "K=$(wg genkey) && echo $K",
        "echo ${MTU:-1500} ${MTU-1} ${MTU:+x}",
        "awk '{print $NF, $WGX}' /etc/hosts",
        "printf -v OUT %s x; echo $OUT",
        "echo $HOME $PATH $RANDOM $PPID $SSH_CONNECTION $BASH_VERSION $$ $? $1 $@",
        "cat <<'EOF'\n$WGX\nEOF",
        'cat >f <<"EOF"\n$WGX\nEOF\necho done',
        "echo \\$WGX # and $WGX is its name",
        "eval $(ipcalc -n 10.0.0.1); echo $NETWORK",
        ". /etc/os-release; echo $ID_LIKE $VERSION_ID",
        "source /etc/os-release; echo $VERSION_ID",
        "echo \"$(awk '{print $COL}' f)\"",
        "echo $other",  # in small letters, and near to none
        "systemd-run -G sh -c 'echo $REMOTE_ADDR'",
        "echo $((COUNT=3)) $COUNT",
    ],
)
def test_what_has_a_value_is_not(command: str) -> None:
    assert list(unbound(command, BOUND)) == []


PAGE = """\
---
title: T
lab:
  nodes: 1
setup:
  - node: node0
    run: |
      true
      echo {setup}
---

Words, and $WGX in them.

{{{{ run("node0", "ip -br link", id="links", bind={{"WG0": "re:(wg\\\\d)"}}) }}}}

{{% call run("node0", id="one") %}}
true
  ip -br link show {use}
{{% endcall %}}
"""


def _plan(folder: Path, setup: str = "x", use: str = "$WG0") -> None:
    (folder / "page.md").write_text(PAGE.format(setup=setup, use=use))
    planner.plan_page(folder, folder / "page.md")


def test_the_error_says_where_and_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(GuideError) as caught:
        _plan(tmp_path, use="$WGX")
    error = caught.value
    assert error.message == "nothing binds $WGX; did you mean $WG0?"
    assert (error.line, error.column) == (18, 20)
    _plan(tmp_path)


def test_a_setup_step_has_no_value_of_a_block(tmp_path: Path) -> None:
    with pytest.raises(GuideError) as caught:
        _plan(tmp_path, setup="$WG0 $PEER")
    messages = [(error.message, error.line, error.column) for error in caught.value.all]
    assert messages == [
        ("$WG0 has no value here: block links binds it later", 9, 12),
        ("nothing binds $PEER", 9, 17),
    ]


def test_no_page_of_the_guide_is_refused() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert planner.plannable(docs).wrong == {}
