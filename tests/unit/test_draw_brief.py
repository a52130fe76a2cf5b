"""Two nodes side by side fit the page's column: the guide's own states, as they were recorded."""

import copy
import json
from typing import Any

import pytest

from macros.figures.topology.observation import read
from macros.figures.topology.topology_figure import _COLUMN, topology
from macros.ground.places import CHECKOUT as ROOT
from macros.store.guide import Guide
from tests.unit.draw_support import svg_of, texts, words

SHOWN = Guide(ROOT / "docs", ROOT / "recordings", "2026-11")


def observed(page: str, node: str) -> Any:
    edition = SHOWN.holder(page).edition.folder
    return json.loads((edition / page / f"state{node[-1]}.json").read_bytes())


def figure(*states: Any, brief: bool = True) -> str:
    return topology(
        [read(state) for state in states], id="x", title="Two", leave_out=["eth0"], brief=brief
    )


@pytest.mark.parametrize("page", ["calico", "flannel"])
def test_two_nodes_are_not_wider_than_the_column(page: str) -> None:
    drawn = svg_of(figure(observed(page, "node0"), observed(page, "node1")))
    # A little more is shrunk to fit: see topology.css, .is-near.
    assert float(drawn.get("width", "")) <= _COLUMN * 1.1


def test_what_a_deployment_adds_to_a_name_stands_below_it() -> None:
    drawn = texts(figure(observed("calico", "node0")))
    full = next(name for name in pods("calico") if name.startswith("coredns-"))
    offset = drawn.index("coredns-")
    assert "".join(drawn[offset : offset + 2]) == full
    assert drawn[offset + 2] == "pod in kube-system"
    assert "IP in IP" in drawn
    # Where there is room, and in the text, it is one word.
    assert full in texts(figure(observed("calico", "node0"), brief=False))
    assert full in words(figure(observed("calico", "node0")))


@pytest.mark.parametrize(
    "name",
    [
        "hello-0",  # a StatefulSet's number
        "calico-node-tggns",  # a DaemonSet's five letters
        "coredns-56b57d8975-abcde",  # a and e are no letters of Kubernetes' making
        "my-database-master",
    ],
)
def test_a_name_that_was_given_is_never_cut(name: str) -> None:
    state = copy.deepcopy(observed("calico", "node0"))
    pod = next(namespace["pod"] for namespace in state["namespaces"] if namespace.get("pod"))
    pod["name"] = name
    assert name in texts(figure(state))


def pods(page: str) -> list[str]:
    state = observed(page, "node0")
    return [namespace["pod"]["name"] for namespace in state["namespaces"] if namespace.get("pod")]
