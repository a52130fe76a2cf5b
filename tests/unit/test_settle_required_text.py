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


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r" \d+\.\d{3} ms", ((" 0",), (".000 ms",))),
        (r"^[0-9]{4}-[4-9]\d:", (("0000-00:",),)),
        (r"[0-9a-f]{4}x", (("x",),)),
        (r" (?:up|start 5)[ |]", ((" up", " start 0"),)),
        (r"a(?:b+c|de)f", (("a",), ("b", "de"), ("f",))),
        (r"a(?:b?|c)f", (("a",), ("f",))),
        (r"(?:ab){2,3}c", (("abab",), ("c",))),
        (r"(?:ab|cd){2}e", (("ab", "cd"), ("e",))),
        (r"a(?:\d:|x)b", (("a0:b", "axb"),)),
        (r"\D|[^\d]", ()),
        (r"(?<=a)b(?!c)", (("b",),)),
        (r"(?i:a)1", (("0",),)),
    ],
)
def test_shapes_are_all_that_a_match_must_have(
    expression: str, expected: tuple[required_text.Clause, ...]
) -> None:
    assert required_text.shapes(like(expression)) == expected


def test_many_ways_are_not_spelt_out() -> None:
    assert required_text.shapes(like("(?:ab|cd|ef|gh|ij)" * 2)) == (("ab", "cd", "ef", "gh", "ij"),)


def test_of_no_expression_nothing_is_known() -> None:
    assert required_text.of(any_of("a")) == ""
    assert required_text.of(re.compile("abc", re.IGNORECASE).search) == ""
    assert required_text.shapes(any_of("a")) == ()
    assert required_text.shapes(re.compile("abc", re.IGNORECASE).search) == ()


def test_what_is_declared_is_found_with_it_as_without() -> None:
    """Each search succeeds in what its own text is made of; most texts lack most of them."""
    nears = {
        pattern.near
        for pattern, _ in (*matches._NOISE, *matches._IDENTITIES)
        if pattern.near is not None and not isinstance(pattern.near, AnyOf)
    }
    assert sum(bool(required_text.of(near)) for near in nears) > len(nears) / 2
