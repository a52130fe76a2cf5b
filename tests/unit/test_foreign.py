"""Outputs that the guide never printed: read, settled and compared as their files say is right."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds import registry
from macros.kinds.kind import Kind
from macros.values import record_path
from tests.unit.compare_support import between
from tests.unit.settle_support import recording, settle, settle_text

FOREIGN = Path(__file__).parents[1] / "foreign"
FILES = sorted(FOREIGN.glob("*/*.yml"))


def _load(path: Path) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _recording(case: Mapping[str, Any]) -> Recording:
    return recording("a", case["text"], case["command"], case.get("twin"))


def _changed(case: Mapping[str, Any], old: str, new: str) -> Recording:
    """The case with a text replaced by another, in its JSON if it has any, else in its text."""
    recording = _recording(case)
    if recording.twin is None:
        assert old in recording.text, old
        return replace(recording, text=recording.text.replace(old, new, 1))
    twin = json.dumps(recording.twin)
    assert old in twin, old
    return replace(recording, twin=json.loads(twin.replace(old, new, 1)))


def _pairs(*keys: str) -> list[Any]:
    return [
        pytest.param(path, pair, id=f"{_name(path)}-{number}")
        for path in FILES
        for number, pair in enumerate(pair for key in keys for pair in _load(path).get(key) or ())
    ]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_it_is_of_its_kind_and_read_right(path: Path) -> None:
    case = _load(path)
    command = case["command"]
    kind = registry.kind_of(command)
    if path.parent.name in {"nft", "undeclared"}:
        assert kind is None, "text, whether or not with a twin"
        return
    assert kind is not None
    assert kind.name == path.parent.name
    if "refused" in case:
        with pytest.raises(GuideError, match=case["refused"]):
            registry.read(command, case["text"], case.get("twin"))
        return
    records = registry.read(command, case["text"], case.get("twin"))
    for where, value in (case.get("reads") or {}).items():
        if value is None:
            assert not record_path.exists(records, where), where
        else:
            there = record_path.lookup(records, where)
            assert (list(there) if isinstance(there, tuple) else there) == value, where


@pytest.mark.parametrize(("path", "pair"), _pairs("same", "compared"))
def test_comparing_says_nothing_of_noise(path: Path, pair: tuple[str, str]) -> None:
    case = _load(path)
    recording, changed = _recording(case), _changed(case, *pair)
    assert between(recording, changed) == []
    assert between(changed, recording) == []


@pytest.mark.parametrize(("path", "pair"), _pairs("same", "settled"))
def test_settling_gives_the_old_for_noise(
    path: Path, pair: tuple[str, str], tmp_path: Path
) -> None:
    case = _load(path)
    old, new = _recording(case), _changed(case, *pair)
    if old.twin is None:
        assert settle_text(tmp_path, old.text, new.text, old.command) == old.text
    else:
        settled = settle(tmp_path, [old], [new])["a"]
        assert (settled.text, settled.twin) == (old.text, old.twin)


@pytest.mark.parametrize(("path", "pair"), _pairs("differs"))
def test_a_fact_is_told(path: Path, pair: tuple[str, str, list[str]]) -> None:
    case = _load(path)
    old, new, told = pair
    recording, changed = _recording(case), _changed(case, old, new)
    assert sorted(between(recording, changed)) == sorted(told)
    assert between(changed, recording), "the way back too"


@pytest.mark.parametrize(("path", "pair"), _pairs("differs"))
def test_settling_keeps_what_is_told(
    path: Path, pair: tuple[str, str, list[str]], tmp_path: Path
) -> None:
    case = _load(path)
    old, new = _recording(case), _changed(case, pair[0], pair[1])
    settled = settle(tmp_path, [old], [new])["a"]
    assert sorted(between(old, settled)) == sorted(pair[2])


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_the_same_is_the_same(path: Path) -> None:
    recording = _recording(_load(path))
    assert between(recording, recording) == []


@pytest.mark.parametrize("kind", registry.KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_both_directions(kind: Kind[Any]) -> None:
    cases = [_load(path) for path in FILES if path.parent.name == kind.name]
    assert any(case.get("differs") for case in cases)
