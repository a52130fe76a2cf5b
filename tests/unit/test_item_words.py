"""An item of a review in one line: both of its values are seen, and it is no command of its own."""

from dataclasses import replace

from macros.compare import lines
from macros.compare.change import Change, joined, said
from macros.review.item_words import words
from macros.review.items import item_of


def line_of(change: Change) -> str:
    return words(item_of("page", change.what, [change]))


def test_of_two_long_values_neither_cuts_off_the_other() -> None:
    old, new = "a" * 1452, "b" * 1452
    line = line_of(said("packets", "x", f"data of x: {old} -> {new}", old, new))
    assert line.startswith("data of x: aaa")
    assert " -> bbb" in line
    assert len(line) <= 400
    short = line_of(said("packets", "x", "data of x: aa -> bb", "aa", "bb"))
    assert short == "data of x: aa -> bb"


def test_a_script_that_is_gone_is_not_said_as_one_command() -> None:
    script = "systemctl stop guide-rules\nrm /run/guide-rules"
    change = replace(said("block", "off", f"block off gone: {script}", "out"), block="off")
    assert line_of(change) == "block off gone: systemctl stop guide-rules … (2 lines)"
    change = replace(said("block", "raw", "block raw gone: iptables -S", "out"), block="raw")
    assert line_of(change) == "block raw gone: iptables -S"


def test_an_empty_line_that_moved_is_said_to_be_one() -> None:
    moved = [change.what for change in lines.compare("a\n\nb\nc\n", "a\nb\nc\n\nd\n")]
    assert "line moved: (empty)" in moved


def test_a_value_that_names_what_it_is_of_is_said_once() -> None:
    target = said("ping", "ping of a", "target of ping of a a -> b", "a", "b")
    other = said("ping", "ping of a", "size of ping of a 56 -> 64", "56", "64")
    assert [change.what for change in joined([target, other])] == [
        "target of ping a -> b",
        "size of ping of a 56 -> 64",
    ]
