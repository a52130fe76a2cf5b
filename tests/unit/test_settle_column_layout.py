"""The columns of a table of which some rows are new: `kubectl get nodes` of two releases.

The heads were printed with the rows below them: kubectl's columns are three spaces apart.
"""

from pathlib import Path

import pytest

from macros.settle import column_layout
from tests.unit.settle_support import settle_text

OLD = """\
NAME    STATUS   ROLES           AGE     VERSION
node0   Ready    control-plane   3m19s   v1.36.3
node1   Ready    <none>          3m19s   v1.36.3

NAME      TYPE        CLUSTER-IP   AGE
kubernetes   ClusterIP   10.43.0.1    3m19s
"""
AGED = """\
NAME    STATUS   ROLES           AGE   VERSION
node0   Ready    control-plane   52s   v1.36.3
node1   Ready    <none>          52s   v1.36.3

NAME      TYPE        CLUSTER-IP   AGE
kubernetes   ClusterIP   10.43.0.1    52s
"""
COMMAND = "kubectl get nodes"


def test_a_head_stands_over_its_rows_where_one_of_them_is_new(tmp_path: Path) -> None:
    new = AGED.replace("v1.36.3", "v1.37.2", 1)
    table, other = settle_text(tmp_path, OLD, new, COMMAND).split("\n\n")
    assert table == new.split("\n\n")[0]
    assert other == OLD.split("\n\n")[1], "the other table has nothing new"


def test_ages_of_another_width_are_no_reason(tmp_path: Path) -> None:
    assert settle_text(tmp_path, OLD, AGED, COMMAND) == OLD


def test_rows_of_the_same_columns_stay_as_they_were(tmp_path: Path) -> None:
    new = OLD.replace("3m19s", "4m20s").replace("v1.36.3", "v1.37.2", 1)
    settled = settle_text(tmp_path, OLD, new, COMMAND).splitlines()
    assert settled[1] == "node0   Ready    control-plane   4m20s   v1.37.2"
    assert settled[2] == OLD.splitlines()[2]


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("a    b", "a   b", True),
        ("    9  ACCEPT", "  100  ACCEPT", False),
        ("a   9s   v", "a   8s   v", False),
        ("a b c", "a b d", False),
        ("a   b", "a   b   c", True),
        ("  a b", "    a b", False),
    ],
)
def test_a_cell_has_moved_if_neither_end_is_where_it_was(old: str, new: str, moved: bool) -> None:
    assert column_layout.moved(old, new) is moved
