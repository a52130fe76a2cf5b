"""Which lines of two texts are the same, in linear time."""

import time

import pytest

from macros.ground.alignment import align


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abc", "axc", [(0, 0), (2, 2)]),
        ("abc", "abxc", [(0, 0), (1, 1), (2, 3)]),
        ("abbc", "abc", [(0, 0), (1, 1), (3, 2)]),
        ("", "abc", []),
        ("abc", "", []),
        ("xaybz", "uavbw", [(1, 1), (3, 3)]),
    ],
)
def test_equal_lines_are_joined_in_order(old: str, new: str, pairs: list[tuple[int, int]]) -> None:
    assert align(list(old), list(new)) == pairs


def test_a_line_that_moved_is_not_joined() -> None:
    pairs = align(list("abcdef"), list("acdebf"))
    assert (1, 4) not in pairs
    assert [was for was, _ in pairs] == sorted(was for was, _ in pairs)
    assert [other for _, other in pairs] == sorted(other for _, other in pairs)


def test_twice_the_lines_take_about_twice_the_time() -> None:
    def seconds(count: int) -> float:
        old = [f"{index % 97} {index % 89}" for index in range(count)]
        new = [f"{index % 97} {index % 83}" for index in range(count)]
        started = time.process_time()
        align(old, new)
        return time.process_time() - started

    def least(count: int) -> float:
        # A collection of the whole process's garbage falls into one of them.
        return min(seconds(count) for _ in range(3))

    seconds(10_000)
    assert least(80_000) < 8 * max(least(20_000), 0.02)
