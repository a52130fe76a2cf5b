"""A kind is one object: what reads, compares, settles and shows outputs knows none by its name."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from macros.ground.commandline import Call
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT as ROOT
from macros.kinds import registry
from macros.kinds.fields import by_name, unreadable
from macros.kinds.kind import Entry, Facts, Kind, Mac, always, in_any_order
from macros.settle import free_order
from macros.values import lookup
from tests.unit.compare_support import between
from tests.unit.settle_support import recording, settle_text

_OLD = "wlan0 at 2412 MHz\nwlan1 at 5180 MHz\n"


def _read(text: str, _twin: Any, _call: Call | None) -> Mapping[str, str]:
    words = [line.split() for line in text.splitlines()]
    for number, line in enumerate(words, 1):
        if line[1:2] != ["at"]:
            raise unreadable("radios", " ".join(line), number)
    return by_name("radios", ((line[0], line[2]) for line in words))


def _entries(radios: Mapping[str, str]) -> Iterator[Entry]:
    for name, frequency in radios.items():
        yield Entry(name, name, "radio", Facts({"frequency": frequency}))


def _macs(_radios: Mapping[str, str]) -> Iterator[Mac]:
    yield from ()


RADIOS = Kind(
    name="radios",
    what="radios",
    asked=lambda call: call.tool == "iw",
    read=_read,
    twin=lambda command, _call: f"{command} --json",
    entries=_entries,
    free=in_any_order,
    wraps=always,
    macs=_macs,
)


@pytest.fixture
def radios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "KINDS", (*registry.KINDS, RADIOS))


@pytest.mark.usefixtures("radios")
def test_a_kind_that_only_the_list_names_is_read_compared_settled_and_shown(tmp_path: Path) -> None:
    old = recording("a", _OLD, "iw dev")
    new = recording("a", _OLD.replace("5180", "5200"), "iw dev")
    assert registry.twin("iw dev") == "iw dev --json"
    assert registry.read("iw dev", _OLD) == {"wlan0": "2412", "wlan1": "5180"}
    assert between(old, new) == ["frequency of wlan1 5180 -> 5200"]
    assert between(old, recording("a", _OLD.partition("\n")[0], "iw dev")) == ["radio wlan1 gone"]
    turned = "".join(reversed(_OLD.splitlines(keepends=True)))
    assert between(old, recording("a", turned, "iw dev")) == []
    assert settle_text(tmp_path, _OLD, turned, "iw dev") == _OLD
    assert lookup.wraps(old)


def test_without_it_the_same_output_is_text() -> None:
    old = recording("a", _OLD, "iw dev")
    assert registry.kind_of("iw dev") is None
    assert between(old, recording("a", _OLD.replace("5180", "5200"), "iw dev")) == [
        "line changed: wlan1 at 5180 MHz -> wlan1 at 5200 MHz"
    ]


@pytest.mark.usefixtures("radios")
def test_what_does_not_read_is_compared_as_text() -> None:
    old = recording("a", "no such device\n", "iw dev")
    assert between(old, recording("a", "no such radio\n", "iw dev")) == [
        "line changed: no such device -> no such radio"
    ]


def test_a_name_that_comes_twice_is_refused_not_lost() -> None:
    twice = "wlan0 at 2412 MHz\nwlan0 at 5180 MHz\n"
    with pytest.raises(GuideError, match="two radios in the output are named wlan0"):
        _read(twice, None, None)


@pytest.fixture(scope="module")
def strings() -> Mapping[str, frozenset[str]]:
    """The string constants of each file that reads outputs of whatever kind."""
    return {
        str(path.relative_to(ROOT)): frozenset(
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        for room in ("compare", "settle", "site", "values")
        for path in (ROOT / "macros" / room).rglob("*.py")
    }


@pytest.mark.parametrize("kind", registry.KINDS, ids=lambda kind: kind.name)
def test_no_other_file_has_the_name_of_a_kind_in_a_string(
    kind: Kind[Any], strings: Mapping[str, frozenset[str]]
) -> None:
    named = [path for path, words in strings.items() if kind.name in words]
    assert [path for path in named if not _means_another(path, kind.name)] == []


def _means_another(path: str, name: str) -> bool:
    """Whether it is a word of Docker's, the API's or the observer's JSON, or the tool's own name."""
    return (path, name) in {
        ("macros/compare/observations.py", "docker"),
        ("macros/compare/mac_forms.py", "docker"),
        ("macros/site/commands_index.py", "docker"),
        ("macros/settle/tree.py", "addresses"),
        ("macros/settle/tree.py", "links"),
    }


def test_names_of_kinds_are_unique() -> None:
    names = [kind.name for kind in registry.KINDS]
    assert len(set(names)) == len(names)
    assert free_order.TABLE.what.split(", ") == [
        kind.what for kind in registry.KINDS if kind.free is in_any_order
    ]
