"""Two real runs of one page on a cluster, between which nothing changed but names and times."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Recording
from macros.store import form
from tests.unit.settle_support import DATA, settle


def run(name: str) -> dict[str, Recording]:
    folder = DATA / "kubernetes" / name
    return {path.stem: form.read(path, "") for path in sorted(folder.glob("*.txt"))}


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_nothing_differs_between_two_runs(tmp_path: Path, old: str, new: str) -> None:
    before, after = run(old), run(new)
    assert sum(before[key].text != after[key].text for key in before) > 4
    assert sum(before[key].twin != after[key].twin for key in before) > 2
    settled = settle(tmp_path, before.values(), after.values())
    for key, recording in before.items():
        assert settled[key].text == recording.text, recording.command
        assert settled[key].twin == recording.twin, recording.command


def _replace(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


TEXTS = {
    "a pod's address": ("pods", _replace("10.42.1.2", "10.42.1.7")),
    "a pod's node": ("pods", _replace("node1", "node2")),
    "a pod that is not ready": ("pods", _replace("1/1", "0/1")),
    "a restart": ("pods", _replace("Running   0 ", "Running   1 ")),
    "an endpoint": ("slices", _replace("10.42.2.2", "10.42.2.9")),
    "an endpoint gone": ("slices", _replace(",10.42.2.2", "")),
    "a Service's address": ("services", _replace("10.43.0.80", "10.43.0.81")),
    "a probability": ("svc", _replace("0.33333333349", "0.25000000000")),
    "a target": (
        "rules",
        _replace("--to-destination 10.42.1.2:80", "--to-destination 10.42.1.2:81"),
    ),
    "where a rule leads": ("kube-services", _replace("-j KUBE-SVC-NPX", "-j KUBE-SVD-NPX")),
    "an MTU": ("veth", _replace("mtu 1450", "mtu 1500")),
    "a bridge": ("veth", _replace("master cni0", "master cni1")),
}


@pytest.mark.parametrize("change", TEXTS)
def test_a_change_in_text_is_shown(tmp_path: Path, change: str) -> None:
    before, after = run("a"), run("b")
    key, make = TEXTS[change]
    after[key] = replace(after[key], text=make(after[key].text))
    settled = settle(tmp_path, before.values(), after.values())
    assert [name for name in before if settled[name].text != before[name].text] == [key]


def test_rules_of_one_service_that_change_places_are_shown(tmp_path: Path) -> None:
    before, after = run("a"), run("b")
    lines = after["svc"].text.split("\n")
    index = next(index for index, line in enumerate(lines) if "0.33333333349" in line)
    lines[index], lines[index + 1] = lines[index + 1], lines[index]
    after["svc"] = replace(after["svc"], text="\n".join(lines))
    settled = settle(tmp_path, before.values(), after.values())
    assert settled["svc"].text != before["svc"].text


TWINS = {
    "readiness": ('"ready": true', '"ready": false'),
    "a node": ('"nodeName": "node1"', '"nodeName": "node2"'),
    "an address": ('"10.42.1.2"', '"10.42.1.5"'),
    "a port": ('"port": 80', '"port": 81'),
}


@pytest.mark.parametrize("change", TWINS)
def test_a_change_in_json_is_shown(tmp_path: Path, change: str) -> None:
    before, after = run("a"), run("b")
    old, new = TWINS[change]
    twin = json.loads(_replace(old, new)(json.dumps(after["slices"].twin)))
    after["slices"] = replace(after["slices"], twin=twin)
    settled = settle(tmp_path, before.values(), after.values())
    assert settled["slices"].twin != before["slices"].twin


def test_endpoints_in_another_order_are_not_shown(tmp_path: Path) -> None:
    before, after = run("a"), run("b")
    twin = json.loads(json.dumps(after["slices"].twin))
    for item in twin["items"]:
        item["endpoints"].reverse()
    assert twin != after["slices"].twin
    after["slices"] = replace(after["slices"], twin=twin)
    settled = settle(tmp_path, before.values(), after.values())
    assert settled["slices"].twin == before["slices"].twin


def test_one_uid_for_two_objects_is_shown(tmp_path: Path) -> None:
    before, after = run("a"), run("b")
    uids = [item["metadata"]["uid"] for item in after["pods"].twin["items"]]
    text = json.dumps(after["pods"].twin)
    after["pods"] = replace(after["pods"], twin=json.loads(text.replace(uids[0], uids[1])))
    settled = settle(tmp_path, before.values(), after.values())
    assert (settled["pods"].twin, settled["slices"].twin) != (
        before["pods"].twin,
        before["slices"].twin,
    )


def test_a_pod_that_changed_keeps_its_names_but_not_what_changed(tmp_path: Path) -> None:
    before, after = run("a"), run("b")
    twin = json.loads(json.dumps(after["pods"].twin))
    wanted = json.loads(json.dumps(before["pods"].twin))
    for item in (*twin["items"], *wanted["items"]):
        if item["metadata"]["name"] == "hello-1":
            item["status"]["containerStatuses"][0]["imageID"] = "sha256:0b5e5ed0"
    assert wanted != before["pods"].twin
    after["pods"] = replace(after["pods"], twin=twin)
    assert settle(tmp_path, before.values(), after.values())["pods"].twin == wanted
