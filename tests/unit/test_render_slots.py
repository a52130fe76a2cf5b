import markdown
import pytest

from macros.ground.errors import GuideError
from macros.site.slots import Slot, Slots, Written


def block(slots: Slots, name: str) -> str:
    return slots.add(Slot(f"<figure>{name}</figure>", f"<p><code>{name}</code></p>", inline=False))


def finished(slots: Slots, text: str) -> tuple[str, str]:
    early = slots.after_markdown(markdown.markdown(text))
    return early, slots.finish(early, lambda html: html)


def test_search_sees_the_command_and_the_reader_the_block() -> None:
    slots = Slots()
    early, late = finished(slots, f"Before.\n\n{block(slots, 'one')}\n\nAfter.")
    assert "<code>one</code>" in early
    assert "<figure>" not in early
    assert late == "<p>Before.</p>\n<figure>one</figure>\n<p>After.</p>"


def test_blocks_in_adjacent_lines_are_blocks_all_the_same() -> None:
    slots = Slots()
    early, late = finished(slots, f"{block(slots, 'one')}\n{block(slots, 'two')}")
    assert "<figure>" not in early
    assert late == "<figure>one</figure><figure>two</figure>"


def test_a_block_in_a_list_is_not_lost() -> None:
    slots = Slots()
    _, late = finished(slots, f"1. First:\n\n    {block(slots, 'one')}\n\n2. Second.")
    assert "<figure>one</figure>" in late


def test_a_value_goes_into_its_sentence_and_into_code() -> None:
    slots = Slots()
    word = slots.add(Slot("<b>*1450*</b>", "", inline=True))
    early, _ = finished(slots, f"The MTU is {word}, *really*.")
    assert early == "<p>The MTU is <b>*1450*</b>, <em>really</em>.</p>"


def test_what_was_put_in_is_not_read_again() -> None:
    slots = Slots()
    slots.add(Slot("secret", "", inline=True))
    word = slots.add(Slot("xguideslot0x {{ 7*7 }} **bold**", "", inline=True))
    early, late = finished(slots, f"It says {word}.")
    assert late == "<p>It says xguideslot0x {{ 7*7 }} **bold**.</p>"
    assert early == late


def test_a_block_within_a_sentence_is_refused() -> None:
    slots = Slots()
    with pytest.raises(GuideError, match="in the middle of a sentence"):
        finished(slots, f"See {block(slots, 'one')} here.")


def test_a_value_in_a_heading_is_refused() -> None:
    slots = Slots()
    word = slots.add(Slot("1450", "", inline=True))
    html = markdown.markdown(f"## MTU {word}", extensions=["toc"])
    with pytest.raises(GuideError, match="heading holds a value"):
        slots.after_markdown(html)


def test_all_that_stand_astray_are_said_with_their_lines() -> None:
    slots = Slots()
    slots.written = Written("run 'one'", 12, 4)
    one = slots.add(Slot("1", "", inline=False, written=slots.written))
    two = slots.add(Slot("2", "", inline=False, written=Written("undo()", 20, 4)))
    mtu = slots.add(Slot("1450", "", inline=True))
    with pytest.raises(GuideError) as caught:
        finished(slots, f"{one} here.\n\nThe MTU is {mtu}:\n{two}")
    assert [(error.line, error.message) for error in caught.value.all] == [
        (12, "run 'one' stands in the middle of a sentence: beside 'here.'"),
        (20, "undo() stands in the middle of a sentence: beside 'The MTU is …:'"),
    ]
