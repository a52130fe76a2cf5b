"""The first objects of a store: when the controllers have written all that follows from them.

tests/data/lab/first-objects*.json is what a store's own API answered while it was bootstrapped, at
the first look and at the one that ended the wait (`kubectl get -A -o json`, the fields that count).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from macros.lab.kubernetes import first

DATA = Path(__file__).parent.parent / "data" / "lab"

Things = list[dict[str, Any]]


def _things(name: str) -> Things:
    things: Things = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["items"]
    return things


def _one(things: Things, kind: str, name: str) -> dict[str, Any]:
    (thing,) = [it for it in things if (it["kind"], it["metadata"]["name"]) == (kind, name)]
    return thing


def test_when_the_controllers_begin_all_is_lacking() -> None:
    spaces = ("default", "kube-node-lease", "kube-public", "kube-system")
    matching = [
        (f"ServiceAccount default of {it}", f"ConfigMap kube-root-ca.crt of {it}") for it in spaces
    ]
    assert first.unwritten(_things("first-objects-before")) == [
        *(word for pair in matching for word in pair),
        "rights of admin", "rights of edit", "rights of view", "ReplicaSets of coredns",
    ]  # fmt: skip


def test_when_they_are_through_nothing_is() -> None:
    assert first.unwritten(_things("first-objects")) == []


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("Pod", ["Pods of coredns-"]),
        ("ReplicaSet", ["ReplicaSets of coredns"]),
        ("Namespace", ["Namespace default", "Namespace kube-node-lease"]),
        ("ConfigMap", ["ConfigMap kube-root-ca.crt of default"]),
    ],
)
def test_without_one_kind_it_is_not_whole(kind: str, lacking: list[str]) -> None:
    things = [it for it in _things("first-objects") if it["kind"] != kind]
    unwritten = first.unwritten(things)
    assert unwritten
    for words, begins in zip(unwritten, lacking, strict=False):
        assert words.startswith(begins)


def test_a_role_that_sums_up_others_needs_each_right_of_them() -> None:
    """There being some says nothing: `admin` sums up `edit`, and `edit` sums up `view`."""
    things = _things("first-objects")
    edit = _one(things, "ClusterRole", "edit")
    edit["rules"] = edit["rules"][:-1]
    assert "rights of edit" in first.unwritten(things)
    things = _things("first-objects")
    more = _one(things, "ClusterRole", "system:aggregate-to-view")
    more["rules"].append({"apiGroups": ["x"], "resources": ["y"], "verbs": ["get"]})
    assert first.unwritten(things) == ["rights of view"]


@pytest.mark.parametrize(("kind", "below"), [("Deployment", "ReplicaSets"), ("ReplicaSet", "Pods")])
@pytest.mark.parametrize("change", [{"replicas": 0}, {"observedGeneration": 0}])
def test_a_status_that_does_not_count_yet_is_waited_for(
    kind: str, below: str, change: dict[str, int]
) -> None:
    things = _things("first-objects")
    (owner,) = [it for it in things if it["kind"] == kind]
    owner["status"] |= change
    assert first.unwritten(things) == [f"{below} of {owner['metadata']['name']}"]
