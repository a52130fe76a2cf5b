"""Each kind's own examples: what is the same, and what must be told apart."""

from pathlib import Path

import pytest

from macros.settle import free_order, identities, noise
from macros.settle.declaration import Identity, Noise, Order
from tests.unit.settle_support import settle_text

KINDS: tuple[Identity | Noise | Order, ...] = (*identities.ALL, *noise.ALL, *free_order.ALL)
SAME = [(kind, old, new) for kind in KINDS for old, new in kind.same]
DIFFER = [(kind, old, new) for kind in KINDS for old, new in kind.differ]


def _settled(tmp_path: Path, kind: Identity | Noise | Order, old: str, new: str) -> str:
    return settle_text(tmp_path, old, new, kind.command if isinstance(kind, Order) else "true")


@pytest.mark.parametrize(("kind", "old", "new"), SAME, ids=lambda one: getattr(one, "name", ""))
def test_a_new_run_takes_the_old_words(
    tmp_path: Path, kind: Identity | Noise | Order, old: str, new: str
) -> None:
    assert old != new, kind.name
    assert _settled(tmp_path, kind, old, new) == old
    assert _settled(tmp_path, kind, new, old) == new


@pytest.mark.parametrize(("kind", "old", "new"), DIFFER, ids=lambda one: getattr(one, "name", ""))
def test_a_change_is_shown(
    tmp_path: Path, kind: Identity | Noise | Order, old: str, new: str
) -> None:
    assert _settled(tmp_path, kind, old, new) != old, kind.name
    assert _settled(tmp_path, kind, new, old) != new, kind.name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_examples_of_both_sorts(kind: Identity | Noise | Order) -> None:
    assert kind.same
    assert kind.differ
    assert kind.what
