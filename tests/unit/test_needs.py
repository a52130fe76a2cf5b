"""A page that declares `needs:` may be unrecorded, as a whole; no other page and no part of one."""

import json
import re
import shutil
from pathlib import Path

import markdown
import pytest
from click.testing import CliRunner

from macros.cli import check as checking
from macros.ground.errors import GuideError
from macros.lab.lab import Lab
from macros.plan import frontmatter, planner
from macros.plan.templates import evaluate
from macros.rebuild import recording
from macros.record import known_state
from macros.site.page_macros import PageRenderer
from macros.store import guide, sums, writer

PLAIN = """---
title: Plain
lab:
  nodes: 1
---

# Plain

{{ run("node0", "echo 192.168.56.10 answers", id="one") }}
"""

NEEDING = """---
title: Calico
needs: calico
lab:
  nodes: 1
---

# Calico

This is Calico {{ version("Calico") }}.

{{ run("node0", "echo 10.42.135.130 answers", id="pod", explain={"answers": "A note."}) }}
{{ run("node0", "echo 1480", id="mtu", show=false) }}
{{ capture("node0", "tunl0", id="inner", during="pod", packets=1) }}
{{ observe("node0", id="state") }}

The pod has {{ value("pod", "re:^(\\\\S+)") }}, the MTU is
{{ expect("mtu", "re:(\\\\d+)", equals="1480") }}, twenty less than
{{ expect("plain:one", "re:^(\\\\S+)", equals="192.168.56.10") }} has.
{{ expect("pod", "re:(nobody)", absent=true) }}

{{ topology("state", title="A picture") }}

{{ packet("inner", 1) }}
"""


class Checkout:
    """Two pages, one of which declares what it needs."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.docs = folder / "docs"
        self.docs.mkdir()
        self.recordings = folder / "recordings"
        self.lab = lab
        (self.docs / "plain.md").write_text(PLAIN, encoding="utf-8")
        self.needing = self.docs / "calico.md"
        self.needing.write_text(NEEDING, encoding="utf-8")

    def guide(self) -> guide.Guide:
        return guide.Guide(self.docs, self.recordings, "now")

    def record(self, *keys: str) -> None:
        recording.record(
            self.lab,
            [page for page in planner.plan_pages(self.docs) if page.key in keys],
            self.recordings,
            "now",
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )

    def problems(self) -> list[str]:
        return [error.message for error in self.guide().problems()]

    def html(self, name: str) -> str:
        """The page as MkDocs would have it, without MkDocs."""
        source = self.docs / name
        front = frontmatter.of_file(source)
        renderer = PageRenderer(
            self.guide(),
            source,
            front.body_line - 1,
            lambda path: path.name,
            lambda path: path.name,
        )
        text = evaluate(source, front, renderer.call)
        html = renderer.slots.after_markdown(markdown.markdown(text))
        html = html.replace("</h1>", f"</h1>{renderer.notice()}", 1)
        return renderer.slots.finish(html, lambda finished: finished)


@pytest.fixture
def checkout(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "mkdocs.yml").write_text("extra: {edition: now}\n", encoding="utf-8")
    made = Checkout(tmp_path, local_lab)
    made.record("plain")
    return made


def test_a_page_that_declares_it_may_be_unrecorded(checkout: Checkout) -> None:
    assert checkout.problems() == []


def test_a_page_that_does_not_declare_it_may_not(checkout: Checkout) -> None:
    checkout.needing.write_text(NEEDING.replace("needs: calico\n", ""), encoding="utf-8")
    assert any("have no recording" in message for message in checkout.problems())


def test_every_block_shows_its_command_and_says_that_no_recording_exists(
    checkout: Checkout,
) -> None:
    html = checkout.html("calico.md")
    for command in ("echo 10.42.135.130 answers", "tcpdump -nn -e -i tunl0 -c 1"):
        assert f'data-copy="{command}"' in html
    assert html.count("Edition now holds no answer to this; it needs Calico.") == 2
    assert 'class="out' not in html
    assert "A note." not in html


def test_no_value_and_no_drawing_stands_where_nothing_was_recorded(checkout: Checkout) -> None:
    html = checkout.html("calico.md")
    says = '<span class="absent-value">[not recorded yet]</span>'
    assert f"This is Calico {says}." in html
    assert f"The pod has {says}, the MTU is\n{says}, twenty less" in html
    assert "<svg" not in html
    # The version, the value and the claim; what claims an absence shows nothing, as ever.
    assert html.count(says) == 3 + 1  # and the notice, which says how such a place looks
    assert "packet" not in html.replace("a packet of inner: not drawn, as inner", "")
    assert "A picture: not drawn, as state is not recorded." in html


def test_what_another_page_recorded_is_still_quoted_and_checked(checkout: Checkout) -> None:
    html = checkout.html("calico.md")
    assert re.search(r'<code class="value">(<[^>]*>)?192\.168\.56\.10(<[^>]*>)*\s+has\.', html)
    checkout.needing.write_text(
        NEEDING.replace('equals="192.168.56.10"', 'equals="192.168.56.11"'), encoding="utf-8"
    )
    with pytest.raises(GuideError, match=r"192\.168\.56\.11"):
        checkout.html("calico.md")


def test_the_page_says_it_once_below_its_heading(checkout: Checkout) -> None:
    html = checkout.html("calico.md")
    assert html.startswith('<h1>Calico</h1><div class="admonition warning not-recorded">')
    assert html.count("guide record calico") == 1
    assert "not-recorded" not in checkout.html("plain.md")


def test_a_recorded_page_says_nothing_of_the_sort(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_packets(checkout, monkeypatch)
    html = checkout.html("calico.md")
    assert "not recorded" not in html.lower()
    assert "This is Calico" not in html
    assert "The pod has <code" in html


def test_a_page_recorded_in_part_is_an_error(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_packets(checkout, monkeypatch)
    assert checkout.problems() == []
    folder = checkout.recordings / "now" / "calico"
    (folder / "mtu.txt").unlink()
    assert any("mtu.txt" in message for message in checkout.problems())
    (folder / "SHA256SUMS").unlink()
    sums.write(folder)
    assert any("block mtu has no recording" in message for message in checkout.problems())
    with pytest.raises(GuideError, match="block mtu"):
        checkout.html("calico.md")


def test_a_page_whose_command_changed_is_stale_and_no_longer_unrecorded(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_packets(checkout, monkeypatch)
    text = checkout.needing.read_text(encoding="utf-8")
    checkout.needing.write_text(text.replace("echo 1480", "echo 1450"), encoding="utf-8")
    assert any("block mtu is stale" in message for message in checkout.problems())
    with pytest.raises(GuideError, match="no fresh recording"):
        checkout.html("calico.md")


def test_an_edition_that_names_its_version_has_it_recorded(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_packets(checkout, monkeypatch)
    edition = checkout.recordings / "now"
    versions = {"Linux": "7.2", "Calico": "v3.32.1"}
    writer.write_edition(edition, lab="uml", base="", versions=versions)
    assert checkout.problems() == []
    shutil.rmtree(edition / "calico")
    assert any("have no recording" in message for message in checkout.problems())


def test_a_page_that_declares_nothing_does_not_rest_on_one_that_may_be_unrecorded(
    checkout: Checkout,
) -> None:
    other = checkout.docs / "plain.md"
    other.write_text(PLAIN + '\n{{ value("calico:mtu", "re:(.*)") }}\n', encoding="utf-8")
    with pytest.raises(GuideError, match="rests on block mtu of page calico") as caught:
        checkout.html("plain.md")
    assert caught.value.fix is not None
    assert "needs: calico" in caught.value.fix


def test_check_lists_what_is_not_recorded(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "guide_of_checkout", lambda _edition: checkout.guide())
    done = CliRunner().invoke(checking.check, [])
    assert done.exit_code == 0, done.output
    printed = done.output.partition("1 page,")[0]
    assert "blocks not recorded yet, as the page declares (needs: calico): " in printed
    listed = printed.partition("(needs: calico): ")[2].replace("\n ", "").strip().split(", ")
    assert {"pod", "mtu", "inner", "state"} <= {*listed}
    as_json = CliRunner().invoke(checking.check, ["--json"])
    assert "calico#mtu (needs calico)" in json.loads(as_json.output)["unrecorded"]
    assert "1 page, 1 block: all recorded" in done.output


def test_a_need_that_nobody_knows_is_an_error(checkout: Checkout) -> None:
    checkout.needing.write_text(NEEDING.replace("needs: calico", "needs: luck"), encoding="utf-8")
    with pytest.raises(GuideError, match="needs 'luck', known: calico"):
        planner.plan_pages(checkout.docs)


def _without_packets(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record the page as this machine can: without a capture, a picture or a version."""
    monkeypatch.chdir(checkout.docs.parent)
    gone = ("capture(", "observe(", "topology(", "packet(", "version(")
    kept = [line for line in NEEDING.splitlines(True) if not any(name in line for name in gone)]
    checkout.needing.write_text("".join(kept), encoding="utf-8")
    checkout.record("plain", "calico")
