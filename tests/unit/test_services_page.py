"""Chapter 4 stands on its recorded rules: with any others it does not build."""

import shutil
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.places import CHECKOUT as ROOT
from macros.plan import frontmatter
from macros.plan.templates import evaluate
from macros.site.page_macros import PageRenderer
from macros.store import sums
from macros.store.guide import Guide

EDITION = ROOT / "recordings" / "2026-11"
SOURCE = ROOT / "docs" / "services.md"
HALF = "--probability 0.50000000000 -j KUBE-SEP-UQOB44FT3ETTQ756"

pytestmark = pytest.mark.skipif(
    not (EDITION / "services").is_dir(), reason="the page is not recorded"
)


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A copy of the edition in which one page may be changed."""
    copy = tmp_path / "recordings" / EDITION.name
    copy.mkdir(parents=True)
    for path in EDITION.iterdir():
        if path.name == "services":
            shutil.copytree(path, copy / path.name)
        else:
            (copy / path.name).symlink_to(path)
    return copy


def build(edition: Path) -> None:
    """Evaluate all macros of the page, as a build does."""
    front = frontmatter.of_file(SOURCE)
    guide = Guide(ROOT / "docs", edition.parent, edition.name)
    made = PageRenderer(guide, SOURCE, front.body_line - 1, str, str)
    evaluate(SOURCE, front, made.call)


def change(edition: Path, file: str, old: str, new: str) -> None:
    """Another text in a recording, its checksum made right: as if it had been recorded so."""
    path = edition / "services" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    sums.write(path.parent)


def test_it_builds_with_what_was_recorded(edition: Path) -> None:
    build(edition)


def test_it_does_not_where_the_rules_are_unfair(edition: Path) -> None:
    change(edition, "rules.txt", HALF, HALF.replace("0.50000000000", "0.40000000000"))
    with pytest.raises(GuideError, match="'1/3, 4/15, 2/5' equals '1/3, 1/3, 1/3'") as caught:
        build(edition)
    assert caught.value.page is not None
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    assert "shares:10.43.0.80:80" in lines[(caught.value.line or 0) - 1]


def test_it_does_not_where_an_endpoint_has_no_rule(edition: Path) -> None:
    text = (edition / "services" / "rules.txt").read_text(encoding="utf-8")
    (line,) = (text_line for text_line in text.splitlines(keepends=True) if HALF in text_line)
    change(edition, "rules.txt", line, "")
    with pytest.raises(GuideError, match="'1/3, 2/3' equals '1/3, 1/3, 1/3'"):
        build(edition)


def test_it_does_not_where_the_trace_tells_of_another_rule(edition: Path) -> None:
    change(
        edition,
        "met.txt",
        "-j DNAT --to-destination 10.42.1.2:80",
        "-j DNAT --to-destination 10.42.1.2:81",
    )
    with pytest.raises(GuideError, match="no path through the prerouting hook"):
        build(edition)
