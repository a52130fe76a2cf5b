"""Outputs that the guide never printed: read, settled and compared as their files say is right."""

import json
from collections.abc import Iterator, Mapping
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
    one = _recording(case)
    if one.twin is None:
        assert old in one.text, old
        return replace(one, text=one.text.replace(old, new, 1))
    twin = json.dumps(one.twin)
    assert old in twin, old
    return replace(one, twin=json.loads(twin.replace(old, new, 1)))


def _pairs(*keys: str) -> Iterator[Any]:
    for path in FILES:
        case = _load(path)
        for number, pair in enumerate(pair for key in keys for pair in case.get(key) or ()):
            yield pytest.param(path, pair, id=f"{_name(path)}-{number}")


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_it_is_of_its_kind_and_read_right(path: Path) -> None:
    case = _load(path)
    command = case["command"]
    kind = registry.kind_of(command)
    if path.parent.name == "nft":
        assert kind is None, "text, with a twin"
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
    one, other = _recording(case), _changed(case, *pair)
    assert between(one, other) == []
    assert between(other, one) == []


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
    one, other = _recording(case), _changed(case, old, new)
    assert sorted(between(one, other)) == sorted(told)
    assert between(other, one), "the way back too"


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
    one = _recording(_load(path))
    assert between(one, one) == []


@pytest.mark.parametrize("kind", registry.KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_both_directions(kind: Kind[Any]) -> None:
    cases = [_load(path) for path in FILES if path.parent.name == kind.name]
    assert any(case.get("differs") for case in cases)
