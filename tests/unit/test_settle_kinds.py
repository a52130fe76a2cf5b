"""Each kind's own examples: what is the same, and what must be told apart."""

from pathlib import Path

import pytest

from macros.settle import identities, noise
from tests.unit.settle_support import settle_text

KINDS = (*identities.ALL, *noise.ALL)
SAME = [(kind.name, old, new) for kind in KINDS for old, new in kind.same]
DIFFER = [(kind.name, old, new) for kind in KINDS for old, new in kind.differ]


@pytest.mark.parametrize(("kind", "old", "new"), SAME)
def test_a_new_run_takes_the_old_words(tmp_path: Path, kind: str, old: str, new: str) -> None:
    assert old != new, kind
    assert settle_text(tmp_path, old, new) == old
    assert settle_text(tmp_path, new, old) == new


@pytest.mark.parametrize(("kind", "old", "new"), DIFFER)
def test_a_change_is_shown(tmp_path: Path, kind: str, old: str, new: str) -> None:
    assert settle_text(tmp_path, old, new) != old, kind
    assert settle_text(tmp_path, new, old) != new, kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_examples_of_both_sorts(kind: identities.Identity | noise.Noise) -> None:
    assert kind.same
    assert kind.differ
    assert kind.what
