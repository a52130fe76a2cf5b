"""What the front matter names is checked before anything runs: versions, and steps' nodes."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from macros.ground import version_names
from macros.ground.places import CHECKOUT
from macros.lab import rootfs
from macros.site import claims_check
from macros.store import sums
from macros.store.guide import Guide
from tests.unit.settle_support import recording, write
from tests.unit.test_all_errors import PING
from tests.unit.test_standing import problems

HEAD = """---
title: T
versions: [Linux, iproute2, tcpdmp]
lab: {nodes: 2}
setup:
  - {node: node1, run: "true"}
  - {node: node3, run: "true"}
cleanup:
  - {node: here, run: "true"}
---

"""


def test_a_misspelt_version_is_said_in_its_line(tmp_path: Path) -> None:
    head = HEAD.partition("setup:")[0] + "---\n\n"
    assert problems(tmp_path, PING, head) == [
        (3, 29, "front matter: versions: there is no 'tcpdmp'; did you mean tcpdump?")
    ]
    assert problems(tmp_path, PING, head.replace("tcpdmp", "tcpdump")) == []
    ((line, _, message),) = problems(tmp_path, PING, head.replace("tcpdmp", "Rust"))
    assert (line, "known: Debian, Linux, Docker" in message) == (3, True)


def test_errors_of_the_front_matter_come_in_its_lines_order(tmp_path: Path) -> None:
    head = HEAD.replace("tcpdmp", "tcpdump").replace("title: T", "title: T\nfacts: nope\nneeds: no")
    head = head.replace("nodes: 2", "nodes: 2, cni: no")
    lines = [line for line, _, _ in problems(tmp_path, PING, head)]
    assert lines == sorted(lines, key=lambda line: line or 0)
    assert len(lines) > 2


def test_a_step_on_a_node_that_is_not_there_is_said_in_its_line(tmp_path: Path) -> None:
    head = HEAD.replace("tcpdmp", "tcpdump")
    assert problems(tmp_path, "{{ prepared() }}\n\n" + PING, head) == [
        (7, None, "setup: no node 'node3'; the page's lab has node0, node1"),
        (9, None, "cleanup: no node 'here'; the page's lab has node0, node1"),
    ]


@pytest.mark.parametrize("call", ['only("Dokcer >= 28")', 'when("Dokcer >= 28", "a")'])
def test_a_misspelt_condition_does_not_count_as_newer(tmp_path: Path, call: str) -> None:
    body = f"{{{{ {call} }}}}\n" if "when" in call else f"{{% call {call} %}}\nx\n{{% endcall %}}\n"
    ((_, _, message),) = problems(tmp_path, body)
    assert message == "'Dokcer >= 28': there is no version of 'Dokcer'; did you mean Docker?"
    assert problems(tmp_path, body.replace("Dokcer", "Docker")) == []


def test_all_that_editions_and_labs_name_is_known() -> None:
    named = set(rootfs.SHOWN)
    for path in (CHECKOUT / "recordings").glob("*/edition.yml"):
        named |= yaml.safe_load(path.read_text(encoding="utf-8"))["versions"].keys()
    assert len(named) > 15
    assert named <= set(version_names.NAMES)


def _held(folder: Path, head: str, body: str) -> Guide:
    docs = folder / "docs"
    docs.mkdir()
    (docs / "page.md").write_text(head + body, encoding="utf-8")
    now = folder / "recordings" / "now"
    now.mkdir(parents=True)
    (now / "edition.yml").write_text("lab: uml\nversions: {Linux: '7'}\n", encoding="utf-8")
    sums.write(now)
    return Guide(docs, folder / "recordings", "now", partly=True)


def test_a_version_that_the_edition_lacks_is_one_error_in_the_front_matter(tmp_path: Path) -> None:
    head = "---\ntitle: T\nversions: [Linux, Docker]\nlab: {nodes: 1}\n---\n\n"
    guide = _held(tmp_path, head, PING + PING.replace('"ping"', '"two"'))
    page = guide.planned["page"]
    held = [replace(recording(b.id, "x\n", b.command), plan=b.plan) for b in page.blocks]
    write(tmp_path / "recordings" / "now" / "page", held)
    errors, _, _ = claims_check.page(guide, page.source)
    assert {(error.line, error.message) for error in errors} == {
        (3, "front matter: versions names Docker, which edition now does not have")
    }
    assert len({str(error) for error in errors}) == 1


def test_what_only_breaks_beside_an_error_of_the_page_is_not_said(tmp_path: Path) -> None:
    """`prepared()` of a page with a block on a node that is not there ended in a bare 'node3'."""
    head = "---\ntitle: T\nlab: {nodes: 1}\n---\n\n"
    body = "{{ prepared() }}\n\n" + PING.replace("node0", "node3")
    guide = _held(tmp_path, head, body)
    errors = claims_check.unplanned(guide, tmp_path / "docs" / "page.md")
    assert [(error.line, error.message) for error in errors] == [
        (8, "block ping: no node 'node3'; the page's lab has node0")
    ]


def test_what_breaks_alone_is_said_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "---\ntitle: T\nlab: {nodes: 1}\n---\n\n"
    guide = _held(tmp_path, head, "{{ undo() }}\n\n" + PING)

    def broken(_page: object, _call: object) -> str:
        raise KeyError("node3")

    monkeypatch.setattr("macros.site.page_macros._RENDERS", _Any(broken))
    errors, _, _ = claims_check.page(guide, tmp_path / "docs" / "page.md")
    assert [(error.line, error.message) for error in errors] == [
        (6, "undo cannot be shown: KeyError: 'node3'"),
        (8, "run cannot be shown: KeyError: 'node3'"),
    ]


class _Any(dict[object, object]):
    """The same renderer for every macro."""

    def __init__(self, made: object) -> None:
        super().__init__()
        self.made = made

    def __getitem__(self, _key: object) -> object:
        return self.made
