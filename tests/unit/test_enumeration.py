"""So many of something, in a sentence."""

import pytest

from macros.ground.enumeration import counted
from macros.kinds.registry import KINDS


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "blocks", "1 block"),
        (2, "blocks", "2 blocks"),
        (0, "pages", "0 pages"),
        (1, "rules of routing", "1 rule of routing"),
        (1, "forwarding entries", "1 forwarding entry"),
        (1, "addresses", "1 address"),
        (1, "queues", "1 queue"),
        (1, "containers and networks of Docker", "1 container and network of Docker"),
        (1, "VRFs", "1 VRF"),
        (1, "runs of ping", "1 run of ping"),
    ],
)
def test_one_is_one(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


def test_every_kind_of_several_has_one() -> None:
    same = [kind.what for kind in KINDS if counted(1, kind.what) == f"1 {kind.what}"]
    assert not same
