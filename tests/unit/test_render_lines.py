import pytest

from macros.ground.errors import GuideError
from macros.site import line_choice

OUTPUT = [
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536",
    "    inet 127.0.0.1/8 scope host lo",
    "       valid_lft forever preferred_lft forever",
    "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500",
    "    inet 10.0.2.15/24 scope global eth0",
    "       valid_lft forever preferred_lft forever",
]


def test_lines_are_chosen_by_text_and_ranges_by_their_ends() -> None:
    assert line_choice.choose(OUTPUT, ["1: lo"], "lines") == {0}
    assert line_choice.choose(OUTPUT, [("2: eth0", "valid_lft")], "lines") == {3, 4, 5}


@pytest.mark.parametrize(("text", "count"), [("valid_lft", "in 2 lines"), ("eth7", "in no line")])
def test_text_that_is_not_in_exactly_one_line_is_an_error(text: str, count: str) -> None:
    with pytest.raises(GuideError, match=f"{text}' is {count}"):
        line_choice.choose(OUTPUT, [text], "lines")


def test_a_range_without_an_end_is_an_error() -> None:
    with pytest.raises(GuideError, match="in no line after"):
        line_choice.choose(OUTPUT, [("2: eth0", "127.0.0.1")], "lines")
