"""Chapter 6 stands on what Calico answered: all of it is shown, and with other answers it fails."""

import re
import shutil
from html import escape
from pathlib import Path

import markdown
import pytest

from macros.ground import awaited
from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT as ROOT
from macros.plan import frontmatter, planner
from macros.plan.templates import evaluate
from macros.site.page_macros import PageRenderer
from macros.store import sums
from macros.store.guide import Guide

EDITION = ROOT / "recordings" / "2026-11-kubernetes-1.36"
SOURCE = ROOT / "docs" / "calico.md"
PAGE = planner.plan_page(ROOT / "docs", SOURCE)


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A copy of the edition in which this page may be changed."""
    copy = tmp_path / "recordings" / EDITION.name
    copy.mkdir(parents=True)
    (tmp_path / "recordings" / "2026-11").symlink_to(ROOT / "recordings" / "2026-11")
    for path in EDITION.iterdir():
        if path.name == "calico":
            shutil.copytree(path, copy / path.name)
        else:
            (copy / path.name).symlink_to(path)
    return copy


def rendered(edition: Path, source: Path = SOURCE) -> str:
    """A page as a build makes it, without MkDocs."""
    front = frontmatter.of_file(source)
    guide = Guide(ROOT / "docs", edition.parent, edition.name)
    renderer = PageRenderer(
        guide, source, front.body_line - 1, lambda path: path.name, lambda path: path.name
    )
    text = evaluate(source, front, renderer.call)
    made = markdown.markdown(text, extensions=["tables", "attr_list", "pymdownx.details"])
    html = renderer.slots.after_markdown(made) + renderer.notice()
    return renderer.slots.finish(html, lambda done: done)


@pytest.fixture(scope="module")
def html() -> str:
    return rendered(EDITION)


def change(edition: Path, file: str, old: str, new: str) -> None:
    """Another text in a recording, its checksum made right: as if it had been recorded so."""
    path = edition / "calico" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    sums.write(path.parent)


def figure(html: str, title: str) -> str:
    """A drawing of the page, by its title."""
    match = re.search(
        rf"<figure(?:(?!</figure>).)*?{re.escape(escape(title))}.*?</figure>", html, re.DOTALL
    )
    assert match is not None, title
    return match[0]


def test_every_command_has_its_output_and_nothing_is_called_missing(html: str) -> None:
    shown = [block for block in PAGE.blocks if block.shown and block.kind == "run"]
    assert len(shown) > 60
    for block in shown:
        assert f'id="b-{block.id}"' in html
    assert "not recorded" not in html.lower()
    assert "absent" not in re.findall(r'class="([^"]*)"', html)


def test_the_trace_is_drawn_over_its_eight_interfaces(html: str) -> None:
    drawn = figure(html, "One request from pod to pod, at eight interfaces")
    for lane in ("cali06ffdd1e6df", "tunl0", "eth1", "caliba77f79951e"):
        assert lane in drawn
    assert "<svg" in drawn


def test_the_packet_in_a_packet_is_drawn_in_nested_boxes(html: str) -> None:
    drawn = figure(html, "A packet in a packet")
    assert drawn.index("IPv4, outer") < drawn.index("IPv4, inner") < drawn.index("GET / HTTP/1.1")


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("node2's OPEN", ("64512", "120 seconds", "receives and sends")),
        ("node2's first UPDATE", ("10.42.104.0/26", "2147482623", "path id")),
        ("node2 has another block", ("10.44.0.176/29", "192.168.56.12")),
        ("node2 gives it back", ("withdrawn", "10.44.0.176/29")),
    ],
)
def test_a_bgp_message_is_drawn_field_by_field(html: str, title: str, says: tuple[str]) -> None:
    drawn = figure(html, title)
    for word in (*says, "BGP"):
        assert word in drawn


def test_an_empty_field_of_a_message_has_no_place(html: str) -> None:
    # AS_PATH stands between two bytes, and was said to be at 62 to 61.
    assert "62\N{EN DASH}61" not in figure(html, "node2's first UPDATE")


def test_a_drawing_names_the_interface_and_not_the_variable(html: str) -> None:
    drawn = figure(html, "A pod's packet leaves the cluster")
    assert "cali06ffdd1e6df" in drawn
    assert "$TOOLSIF" not in drawn


@pytest.mark.parametrize(
    ("file", "old", "new", "claim"),
    [
        # The pod's own address answered for, by somebody else.
        ("pod-neighbours.txt", "lladdr ee:ee:ee:ee:ee:ee", "lladdr ee:ee:ee:ee:ee:ef", "equals"),
        ("befriended.txt", "\n10.42.135.130", "\n10.42.135.131", "is in no line"),
        ("friends.txt", "Members:\n", "Members:\n10.42.135.130\n", "has no"),
        ("proxy.txt", "proxy_arp = 1", "proxy_arp = 0", "equals"),
        ("nobody.txt", "---\n", "---\n    inet 169.254.1.1/32 scope link lo\n", "has no"),
        ("session.txt", "Import withdraws:            1", "Import withdraws:            0", "1"),
    ],
)
def test_it_does_not_build_with_another_answer(
    edition: Path, file: str, old: str, new: str, claim: str
) -> None:
    change(edition, file, old, new)
    with pytest.raises(GuideError, match=claim) as caught:
        rendered(edition)
    assert caught.value.page is not None


def test_the_fault_of_chapter_7_stands_on_this_chapter_s_answers(edition: Path) -> None:
    assert "only-friends" in rendered(edition, ROOT / "docs" / "faults.md")
    change(edition, "friends.txt", "Number of entries: 0", "Number of entries: 1")
    with pytest.raises(GuideError, match="equals"):
        rendered(edition, ROOT / "docs" / "faults.md")


def test_clean_up_waits_for_the_routes_of_a_clean_cluster() -> None:
    waits = [step for step in PAGE.cleanup if step.command == "ip route"]
    assert [step.node for step in waits] == ["node0", "node2"]
    blocks = Guide(ROOT / "docs", ROOT / "recordings", EDITION.name).recorded("calico").blocks
    # node2's table was not recorded: node1's stands in, with the two neighbours of node2.
    near = {"192.168.56.10": "192.168.56.11", "192.168.56.12": "192.168.56.10"}
    third = re.sub(r"(?<=via )\S+", lambda at: near.get(at[0], at[0]), blocks["routes1"].text)
    for step, clean in zip(waits, (blocks["routes"].text, third), strict=True):
        assert step.until is not None
        assert awaited.came(step.until, clean)
        left = clean + "10.44.0.8/29 via 192.168.56.12 dev tunl0 proto bird onlink \n"
        assert not awaited.came(step.until, left)
        assert not awaited.came(step.until, clean.replace("dev tunl0", "dev eth1"))
    assert waits[0].until is not None
    assert not awaited.came(waits[0].until, blocks["mixed"].text)


def test_every_id_is_there_once(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
