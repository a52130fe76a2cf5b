from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.plan import planner
from macros.site import commands_index

HEAD = """---
title: A page
lab:
  nodes: 2
---

# A page

"""


def page_of(tmp_path: Path, body: str, head: str = HEAD) -> Page:
    docs = tmp_path / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "page.md").write_text(head + body, encoding="utf-8")
    return planner.plan_page(docs, docs / "page.md")


def test_blocks_come_in_the_order_of_the_page_with_their_lines(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        'Text.\n\n{{ run("node0", "ip addr", id="one") }}\n\n{{ run("node1", "ip route", id="two") }}\n',
    )
    assert [(b.id, b.node, b.command, b.line) for b in page.blocks] == [
        ("one", "node0", "ip addr", 11),
        ("two", "node1", "ip route", 13),
    ]


def test_a_call_takes_several_lines_and_braces(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        '{% call run("node0", id="many") %}\nfor x in 1 2; do\n  echo $x\ndone\n'
        "{% raw %}docker ps --format '{{.Names}}'{% endraw %}\n{% endcall %}\n",
    )
    assert page.blocks[0].command == (
        "for x in 1 2; do\n  echo $x\ndone\ndocker ps --format '{{.Names}}'"
    )


def test_only_blocks_that_a_page_shows_are_in_the_index_of_commands(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        '{{ run("node0", "ip addr", id="seen") }}{{ run("node0", "ip route", id="quoted", '
        'show=false) }}{{ capture("node0", "eth1", id="wire", during="seen", packets=1, '
        "show=false) }}",
    )
    uses = commands_index.uses([page], lambda source: source.name)
    assert uses == {"ip addr": {"ip addr": [("A page", "page.md#b-seen")]}}


def test_what_a_block_defines_and_what_it_tells_apart_are_no_tools(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        '{% call run("node0", id="types") %}\nmake() { ip link add "$@"; }\n'
        "case $x in\n  gre | sit) make t0 ;;\n  *) ping $x ;;\nesac\n{% endcall %}\n",
    )
    uses = commands_index.uses([page], lambda source: source.name)
    assert list(uses) == ["ip link", "ping"]


def test_a_capture_becomes_the_command_that_a_reader_types(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        '{{ run("node0", "ping -c 1 10.0.0.1", id="ping") }}\n'
        '{{ capture("node0", "eth0", id="cap", during="ping", filter="icmp", packets=2,'
        ' netns="red") }}\n',
    )
    assert page.blocks[1].command == "ip netns exec red tcpdump -nn -e -i eth0 -c 2 icmp"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{{ run("node0", "a", id="x") }}\n{{ run("node0", "b", id="x") }}', "'x' is used twice, first in line 9"),
        ('{{ run("node7", "a", id="x") }}', "no node 'node7'; the page's lab has node0, node1"),
        ('{{ run("node0", "a", id="X y") }}', "small letters, digits and single dashes"),
        ('{{ run("node0", id="x") }}', "block x has no command"),
        ('{{ run("node0", "a") }}', "run needs id="),
        ('{{ rnu("node0", "a", id="x") }}', "there is no macro 'rnu'; did you mean run?"),
        ('{{ run("node0", "a", id="x" }}', "macro syntax"),
        ('{{ run("node0", "a", id="x", bind={"veth": "y"}) }}', "capitals, digits and _ only"),
        ('{{ capture("node0", "e", id="x", during="no", packets=1) }}', "during 'no', which is not a command"),
        ('{{ capture("node0", "e", id="x", during="no") }}', "exactly one of packets=N"),
        (
            ('{{ run("node0", "ls", id="no") }}{{ capture("node0", "e", id="x", during="no",'
            ' packets=1, until="arp") }}'),
            "closed=true and until=",
        ),
    ],
)  # fmt: skip
def test_a_wrong_call_names_page_and_line(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(GuideError) as caught:
        page_of(tmp_path, body)
    assert message in caught.value.message
    assert caught.value.page is not None
    assert caught.value.page.endswith("page.md")
    assert caught.value.line == 9 + body.count("\n")


def test_front_matter_that_is_wrong_is_named(tmp_path: Path) -> None:
    for head, message in [
        ("---\nlab: [1\n---\n", "not YAML"),
        ("---\nlab: {knodes: 1}\n---\n", "lab has no key knodes:; did you mean nodes:"),
        ("---\nneeds: magic\n---\n", "needs 'magic'"),
        ("---\nsetup:\n  - run: x\n---\n", "a step needs node:"),
        ("---\ntitle: x\n", "not closed"),
    ]:
        with pytest.raises(GuideError, match=message):
            page_of(tmp_path, "text", head)


def plans(page: Page) -> dict[str, str]:
    return {block.id: block.plan for block in page.blocks}


TWO = '{{ run("node0", "one", id="one") }}\n\n{{ run("node0", "two", id="two") }}\n'


def test_prose_and_looks_make_nothing_stale(tmp_path: Path) -> None:
    before = plans(page_of(tmp_path, TWO))
    restyled = TWO.replace(
        'id="two"', 'id="two", highlight=["x"], explain={"x": "note"}, show=false'
    )
    assert plans(page_of(tmp_path, "More prose.\n\n" + restyled)) == before


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ('"one", id="one"', '"won", id="one"', {"one", "two"}),
        ('"two", id="two"', '"too", id="two"', {"two"}),
        ('id="two"', 'id="two", expect_exit=1', {"two"}),
        ('id="two"', 'id="two", until="x"', {"two"}),
        ('id="one"', 'id="one", bind={"A": "re:(a)"}', {"one", "two"}),
        ('run("node0", "two"', 'run("node1", "two"', {"two"}),
    ],
)
def test_a_change_makes_a_block_and_all_after_it_stale(
    tmp_path: Path, old: str, new: str, stale: set[str]
) -> None:
    before = plans(page_of(tmp_path, TWO))
    assert old in TWO
    after = plans(page_of(tmp_path, TWO.replace(old, new)))
    assert {name for name in before if before[name] != after[name]} == stale


def test_a_changed_setup_makes_everything_stale(tmp_path: Path) -> None:
    before = plans(page_of(tmp_path, TWO))
    head = HEAD.replace("  nodes: 2\n", "  nodes: 2\nsetup:\n  - {node: node0, run: x}\n")
    after = plans(page_of(tmp_path, TWO, head))
    assert all(before[name] != after[name] for name in before)
