"""Terms of the glossary in a page's prose."""

from pathlib import Path

from macros.site import glossary

TERMS = glossary.terms(
    (Path(__file__).parents[2] / "docs/reference/glossary.md").read_text(encoding="utf-8")
)


def linked(html: str, title: str = "T") -> str:
    return glossary.linked(html, TERMS, "g.html", title)


def test_every_term_is_read_with_its_sentence() -> None:
    by_id = {term.id: term for term in TERMS}
    assert by_id["fdb"].term == "forwarding database"
    assert by_id["arp"].meaning.startswith("The question ")
    for term in TERMS:
        assert term.meaning.endswith("."), term
        assert not set("[]`*") & set(term.meaning), term


def test_the_first_of_a_term_is_explained_and_no_other() -> None:
    html = linked("<p>Two veth pairs. A veth pair; Network namespaces.</p>")
    assert html.count('href="g.html#veth-pair"') == 1
    assert ">veth pairs</a>. A veth pair;" in html
    assert ">Network namespaces</a>." in html


def test_commands_links_and_headings_are_left_as_they_are() -> None:
    for html in (
        "<h2>NAT</h2>",
        '<p><a href="x">on NAT</a></p>',
        "<pre><code>NAT</code></pre>",
        "<details><summary>What <b>NAT</b> does</summary></details>",
        '<img alt="NAT">',
        "<p>IPv6-NAT64, NATO, natOutgoings-x</p>",
    ):
        assert linked(html) == html


def test_an_everyday_word_is_no_term() -> None:
    html = "<p>The table has a port for each block.</p>"
    assert linked(html) == html


def test_a_page_does_not_explain_its_own_subject() -> None:
    assert "#calico" not in linked("<p>Calico</p>", title="Calico")
    assert "#calico" in linked("<p>Calico</p>", title="Flannel")
