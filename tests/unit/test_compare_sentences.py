"""The sentence around a quote is prose of the page, and whole."""

from pathlib import Path

from macros.compare import sentences

# The end of an author's page about a machine with two uplinks.
MARK = r"""---
title: T
---
{% call run("node0", id="mark") %}
ip -n box rule add fwmark 2 lookup 200 pref 200
ip -n box route get 203.0.113.7 mark 2
{% endcall %}

Without the mark the answer is red. With it, it is {{ expect("mark", "re:dev (\\w+)", equals="blue") }}, and the source is chosen to fit:
{{ expect("mark", "re:src (\\S+)", equals="10.9.2.2") }}.
"""


def told(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    """The line and the sentence of each quote, in the order of the lines."""
    source = tmp_path / "page.md"
    source.write_text(text, encoding="utf-8")
    found = sorted(sentences.quotes(source, "page"), key=lambda quote: quote.line)
    return [(quote.line, quote.sentence) for quote in found]


def test_a_value_alone_behind_a_colon_belongs_to_what_leads_to_it(tmp_path: Path) -> None:
    whole = (
        r"With it, it is <mark re:dev (\w+)>, and the source is chosen to fit: <mark re:src (\S+)>."
    )
    assert told(tmp_path, MARK) == [(9, whole), (10, whole)]


def test_two_sentences_with_words_of_their_own_stay_two(tmp_path: Path) -> None:
    text = MARK.replace("chosen to fit:\n{{", "chosen to fit.\nThe address is {{")
    assert [sentence for _, sentence in told(tmp_path, text)] == [
        r"With it, it is <mark re:dev (\w+)>, and the source is chosen to fit.",
        r"The address is <mark re:src (\S+)>.",
    ]


def test_commands_and_fences_are_no_prose(tmp_path: Path) -> None:
    front, call, rest = MARK.partition('{% call run("node0", id="mark") %}')
    body = rest.partition("{% endcall %}")[0]
    fence = "```bash\nip rule del pref 100\n```"
    for code in (f"{call}{body}{{% endcall %}}", fence, f"{call}\nip a\n\nip b\n{{% endcall %}}"):
        text = f'{front}The rule is new.\n\n{code}\n{{{{ expect("mark", "re:(blue)", show=false) }}}}\n'
        assert [sentence for _, sentence in told(tmp_path, text)] == ["The rule is new."]


def test_what_stands_in_a_part_for_some_versions_is_prose(tmp_path: Path) -> None:
    text = """---
title: T
---
{% call only("Docker >= 28") %}
The bridge has {{ value("links", "docker0.mtu") }}.
{% endcall %}
"""
    assert told(tmp_path, text) == [(5, "The bridge has <links docker0.mtu>.")]
