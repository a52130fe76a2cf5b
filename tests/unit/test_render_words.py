"""Options and names with a hyphen stay in one piece; markup, entities and long words as they are."""

import pytest

from macros.site.unbroken import keep_whole, keep_whole_in_prose


def whole(word: str) -> str:
    return f'<span class="whole">{word}</span>'


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("tcpdump -nn -e", f"tcpdump {whole('-nn')} {whole('-e')}"),
        ("--publish 8080:80", f"{whole('--publish')} 8080:80"),
        ("'(tcp-syn|tcp-push) != 0'", f"{whole(chr(39) + '(tcp-syn|tcp-push)')} != 0'"),
        ("a &amp; -b&#x27;-c&#x27;", f"a &amp; {whole('-b')}&#x27;{whole('-c')}&#x27;"),
    ],
)
def test_a_word_with_a_hyphen_is_kept_whole(html: str, kept: str) -> None:
    assert keep_whole(html) == kept


@pytest.mark.parametrize(
    "html",
    [
        "ip route get 10.1.1.2",
        "wget -",
        '<a data-x="a-b">link</a>',
        '<span class="v" data-v="if:node0/:veth-red">veth-red</span>',
        "net.bridge.bridge-nf-call-iptables=1",  # may have to break on a phone
    ],
)
def test_all_else_is_left_alone(html: str) -> None:
    assert keep_whole(html) == html


def test_in_prose_only_code_is_treated() -> None:
    html = "<p>the well-known <code>-nn</code></p><pre><code>-nn</code></pre>"
    assert keep_whole_in_prose(html) == html.replace(
        "<p>the well-known <code>-nn", f"<p>the well-known <code>{whole('-nn')}"
    )
