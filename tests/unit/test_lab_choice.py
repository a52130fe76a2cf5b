"""Which lab a command means: the one named, the usual one, or the only one that is up."""

from collections.abc import Sequence

import pytest

from macros.cli import lab_choice
from macros.ground.errors import GuideError
from macros.lab import providers, state


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def find(name: str, *, kept: bool = False) -> str:
        names.append(name)
        if name not in state.names():
            raise GuideError(f"the lab {name!r} is not up", fix="guide lab up")
        return f"{name}{' kept' if kept else ''}"

    monkeypatch.setattr(providers, "find", find)
    return names


@pytest.mark.parametrize(
    ("up", "name", "found"),
    [
        (["guide"], None, "guide"),
        (["guide", "other"], None, "guide"),
        (["mine"], None, "mine"),
        (["mine", "other"], "other", "other"),
    ],
)
def test_the_lab_that_is_meant(
    monkeypatch: pytest.MonkeyPatch,
    asked: list[str],
    up: Sequence[str],
    name: str | None,
    found: str,
) -> None:
    monkeypatch.setattr(state, "names", lambda: up)
    assert str(lab_choice.find(name)) == found
    assert asked == [found]


@pytest.mark.parametrize(
    ("up", "name", "fix"),
    [
        ([], None, "guide lab up"),
        (["new"], "guide", "guide lab up; or --lab new, which is up"),
        (["new", "old"], "guide", "guide lab up; or --lab NAME: new and old are up"),
        (["new", "old"], None, "say which one: --lab new"),
    ],
)
def test_where_it_is_not_up_those_that_are_up_are_named(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], up: Sequence[str], name: str | None, fix: str
) -> None:
    monkeypatch.setattr(state, "names", lambda: up)
    with pytest.raises(GuideError) as caught:
        lab_choice.find(name, spelled="--lab")
    assert caught.value.fix == fix
    assert len(asked) <= 1
