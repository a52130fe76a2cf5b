"""All errors of all pages in one go, whatever is wrong first; and none that only follows."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from macros.cli import check
from macros.plan import planner
from macros.site import build_state, claims_check, hooks
from macros.site.build_state import Build
from macros.store import sums
from macros.store.guide import Guide
from tests.unit.settle_support import recording, write

HEAD = "---\ntitle: T\nlab: {nodes: 1}\n---\n\n"
PING = '{{ run("node0", "ping -c 1 10.0.0.2", id="ping") }}\n'


def _errors(tmp_path: Path, body: str, head: str = HEAD) -> list[tuple[int | None, str]]:
    source = tmp_path / "page.md"
    source.write_text(head + body, encoding="utf-8")
    _, errors = planner.attempt(tmp_path, source)
    return [(error.line, error.message) for error in errors]


def test_what_comes_after_an_unknown_macro_is_said_too(tmp_path: Path) -> None:
    body = (
        '{{ rnu("node0", "true", id="a") }}\n'
        '{{ run("node0", "true", id="B") }}\n'
        '{{ run("node7", "true", id="c", untill="x") }}\n'
        '{{ run("node7", "true", id="d") }}\n'
    )
    problems = _errors(tmp_path, body)
    assert [line for line, _ in problems] == [6, 7, 8, 9]
    assert "did you mean run?" in problems[0][1]
    assert "untill=; did you mean until=?" in problems[2][1]
    assert "no node 'node7'" in problems[3][1]


def test_what_stands_in_the_body_of_an_unknown_macro_is_said_too(tmp_path: Path) -> None:
    body = '{% call onyl("Docker >= 28") %}\n{{ run("node0", id="a") }}\n{% endcall %}\n'
    assert [line for line, _ in _errors(tmp_path, body)] == [6, 7]


def test_what_comes_beside_a_capture_during_nothing_is_said_too(tmp_path: Path) -> None:
    body = (
        '{{ capture("node0", "eth1", id="one", during="pnig", packets=1) }}\n'
        '{{ capture("node0", "eth1", id="two", during="ping") }}\n' + PING
    )
    problems = _errors(tmp_path, body)
    assert [line for line, _ in problems] == [6, 7]
    assert "listens during 'pnig', which is not a command of this page" in problems[0][1]


def test_a_capture_during_a_block_with_an_error_of_its_own_is_right(tmp_path: Path) -> None:
    capture = '{{ capture("node0", "eth1", id="one", during="ping", packets=1) }}\n'
    bad = PING.replace("id=", "tiemout=3, id=")
    assert [line for line, _ in _errors(tmp_path, capture + bad)] == [7]


def test_a_page_s_text_is_checked_though_its_front_matter_is_wrong(tmp_path: Path) -> None:
    head = "---\ntitle: T\nlab: {nodes: 1}\nclenup: []\n---\n\n"
    problems = _errors(tmp_path, PING + '{{ rnu("node0", "true", id="a") }}\n', head)
    assert [line for line, _ in problems] == [4, 8]
    broken = "---\ntitle: [T\nlab: {nodes: 1}\n---\n\n"
    assert [line for line, _ in _errors(tmp_path, PING + "{{ rnu() }}\n", broken)][-1] == 7


def test_a_value_that_is_misspelt_is_named(tmp_path: Path) -> None:
    body = PING.replace("id=", "show=flase, id=")
    assert _errors(tmp_path, body) == [(6, "'flase' is undefined; did you mean false?")]
    assert _errors(tmp_path, body.replace("flase", "xyz")) == [(6, "'xyz' is undefined")]
    assert _errors(tmp_path, body.replace("flase", "false")) == []


def test_the_pages_that_are_right_are_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(HEAD + PING, encoding="utf-8")
    page, errors = planner.attempt(tmp_path, tmp_path / "page.md")
    assert errors == []
    assert page == planner.plan_page(tmp_path, tmp_path / "page.md")


def test_check_finds_a_wrong_claim_beside_an_error_of_the_plan(tmp_path: Path) -> None:
    """What only follows from the error is not said."""
    docs = tmp_path / "docs"
    docs.mkdir()
    claims = (
        '{{ expect("ping", "received", equals=2) }}\n'
        '{{ expect("nothing", "received", equals=2) }}\n'
        '{{ expect("late", "received", equals=2) }}\n'
        '{{ expect("ping", "received", same_as=("ping", "received"), less=1) }}\n'
    )
    late = '{{ run("node0", "ping -c 1 10.0.0.2", id="late", tiemout=3) }}\n'
    (docs / "page.md").write_text(HEAD + PING + late + claims, encoding="utf-8")
    page, _ = planner.attempt(docs, docs / "page.md")
    assert page is not None
    text = "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n\n1 packets transmitted, 1 received\n"
    folder = tmp_path / "recordings" / "now"
    (folder / "page").mkdir(parents=True)
    (folder / "edition.yml").write_text("lab: uml\nversions: {}\n", encoding="utf-8")
    sums.write(folder)
    answer = replace(recording("ping", text, "ping -c 1 10.0.0.2"), plan=page.blocks[0].plan)
    write(folder / "page", [answer])
    problems = check.problems([Guide(docs, tmp_path / "recordings", "now", partly=True)])
    assert [(error.line, error.message) for error in problems] == [
        (7, "run has no option tiemout=; did you mean timeout=?"),
        (8, "the page claims that 1 equals 2, which is not so: received of block ping"),
        (9, "page page has no block 'nothing'; it has ping"),
        (
            11,
            (
                "the page claims that 1 is the same as 0, which is not so: received of block ping,"
                " and received of block ping less 1"
            ),
        ),
    ]


def test_check_finds_what_is_stale_beside_an_error_of_the_plan(tmp_path: Path) -> None:
    """What stands behind the wrong call, and rests on it only, is not said to be stale."""
    docs = tmp_path / "docs"
    docs.mkdir()
    names = ("one", "two", "three", "four")
    body = [f'{{{{ run("node0", "echo {name}", id="{name}") }}}}\n' for name in names]
    (docs / "page.md").write_text(HEAD + "\n".join(body), encoding="utf-8")
    page = planner.plan_page(docs, docs / "page.md")
    folder = tmp_path / "recordings" / "now"
    (folder / "page").mkdir(parents=True)
    (folder / "edition.yml").write_text("lab: uml\nversions: {}\n", encoding="utf-8")
    sums.write(folder)
    answers = [replace(recording(b.id, "x\n", b.command), plan=b.plan) for b in page.blocks]
    write(folder / "page", [replace(answer, node="node0") for answer in answers])

    def said(head: str, *edits: tuple[str, str]) -> list[str]:
        text = "\n".join(body)
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (docs / "page.md").write_text(head + text, encoding="utf-8")
        problems = check.problems([Guide(docs, tmp_path / "recordings", "now", partly=True)])
        return [error.message for error in problems]

    misspelt = ('id="two"', 'tiemout=9, id="two"')
    wrong = "run has no option tiemout=; did you mean timeout=?"
    assert said(HEAD) == []
    assert said(HEAD, misspelt) == [wrong]
    assert said(HEAD, misspelt, ("echo four", "echo 4")) == [
        wrong,
        "the recording of block four is stale: it was recorded for `echo four`",
    ]
    option = ('id="three"', 'timeout=9, id="three"')
    assert [m.partition(" (")[0] for m in said(HEAD, misspelt, option)] == [
        wrong,
        "the recording of block three is stale: one of its options has changed",
    ]
    assert len(said(HEAD.replace("nodes: 1", "nodes: 2"), misspelt)) == 2, "the start, too"
    wrong_head = said(HEAD.replace("nodes: 1", "noeds: 1"), ("echo four", "echo 4"))
    assert "the recording of block four is stale: it was recorded for `echo four`" in wrong_head
    assert not [m for m in wrong_head if "one of its options" in m], "nothing is known of the start"


def test_the_browser_shows_a_page_s_wrong_references_beside_what_planning_refuses(
    tmp_path: Path,
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    body = f'{PING}Text.\n\n{{{{ value("nothing", "received") }}}}\n'
    (docs / "page.md").write_text(HEAD + body, encoding="utf-8")
    guide = Guide(docs, tmp_path / "recordings", "now", partly=True)
    build_state.begin(Build(guide, serving=True, use_directory_urls=True))
    file = SimpleNamespace(abs_src_path=str(docs / "page.md"), name="page")
    html = hooks.on_page_read_source(SimpleNamespace(file=file), None)  # type: ignore[arg-type]
    assert html is not None
    assert "page.md:6:4" in html
    assert "in the middle of a sentence" in html
    assert "page.md:9:4" in html
    assert "has no block" in html


def test_a_trace_with_a_wrong_tap_is_said_once(tmp_path: Path) -> None:
    """What draws a packet of that trace only follows."""
    docs = tmp_path / "docs"
    docs.mkdir()
    trace = '{{ trace(["node0/eth1", "node0"], id="way", during="ping", packets=1, title="T") }}\n'
    drawn = '\n{{ traced("way", "icmp echo request", title="T") }}\n'
    (docs / "page.md").write_text(HEAD + PING + trace + drawn, encoding="utf-8")
    guide = Guide(docs, tmp_path / "recordings", "now", partly=True)
    messages = [error.message for error in claims_check.unplanned(guide, docs / "page.md")]
    assert len(messages) == 1, messages
    assert messages[0].startswith("trace way: ")
    (docs / "page.md").write_text(HEAD + PING + trace + drawn.replace("way", "away"), "utf-8")
    guide = Guide(docs, tmp_path / "recordings", "now", partly=True)
    messages = [error.message for error in claims_check.unplanned(guide, docs / "page.md")]
    assert "page page has no trace 'away'; it has none" in messages
