"""What must be in a text is found in the expression, and never too much of it."""

import re

import pytest

from macros.settle import matches, required_text
from macros.settle.declaration import AnyOf, any_of, like


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r" \d+\.\d{3} ms", " ms"),
        (r"[A-Za-z][\w ]*: \d", ": "),
        (r"^(?:abc|dbc)x", "x"),  # of two ways nothing is asked
        (r"(?:tcp )?udp", "udp"),
        (r"(?:tcp )+u", "tcp "),
        (r"a(bcd)e", "bcd"),
        (r"(?i:bcd)e", "e"),
        (r"(?!never)x", "x"),
        (r"(?<=before)x", "x"),
        (r"[ab]+\d", ""),
        (r"x{0,3}", ""),
        (r"ab$", "ab"),
    ],
)
def test_it_is_the_longest_text_that_every_match_has(expression: str, expected: str) -> None:
    assert required_text.of(like(expression)) == expected


def test_of_no_expression_nothing_is_known() -> None:
    assert required_text.of(any_of("a")) == ""
    assert required_text.of(re.compile("abc", re.IGNORECASE).search) == ""


def test_what_is_declared_is_found_with_it_as_without() -> None:
    """Each search succeeds in what its own text is made of; most texts lack most of them."""
    nears = {
        pattern.near
        for pattern, _ in (*matches._NOISE, *matches._IDENTITIES)
        if pattern.near is not None and not isinstance(pattern.near, AnyOf)
    }
    assert sum(bool(required_text.of(near)) for near in nears) > len(nears) / 2
