"""Pictures of who gives an address, and files given to Kubernetes: text in order, nothing injected."""

import re

from macros.figures.markup import safe
from macros.site import block, handover
from macros.site.handover import Step

ROWS = [
    ("A node's address", [Step("you", "eth1", safe("<code>192.168.56.10</code>"))]),
    (
        "A pod's address",
        [
            Step("controller-manager", "--cluster-cidr", safe("<code>a</code>")),
            Step("Pod", "<b>", safe("x")),
        ],
    ),
]


def test_a_handover_reads_in_order_without_its_style() -> None:
    html = handover.figure(ROWS, id="givers", title="Who gives & takes")
    words = re.sub(r"<[^>]+>", " ", html).split()
    assert words.index("192.168.56.10") < words.index("controller-manager") < words.index("Pod")
    assert html.count("<ol ") == 2
    assert "Who gives &amp; takes" in html
    assert "&lt;b&gt;" in html


def test_each_row_is_named_by_its_heading() -> None:
    html = handover.figure(ROWS, id="givers", title="t")
    named = re.findall(r'aria-labelledby="([^"]+)"', html)
    assert named == ["givers-1", "givers-2"]
    assert all(f'id="{mark}"' in html for mark in named)


def test_an_id_and_a_value_that_no_code_has_escaped_are_text() -> None:
    rows = [("a", [Step("b", "c", "<i>d</i>")])]  # type: ignore[arg-type] # as a mistake would
    html = handover.figure(rows, id='"><script>', title="t")
    assert "<script>" not in html
    assert "&lt;i&gt;d&lt;/i&gt;" in html


def test_a_manifest_is_copied_as_it_is_and_shown_escaped() -> None:
    html = block.manifest("a.yaml", 'kind: Pod\nname: "<x>"\n')
    assert 'data-copy="kind: Pod\nname: &quot;&lt;x&gt;&quot;\n"' in html
    assert "<summary>2 lines</summary>" in html
    assert "<x>" not in html
