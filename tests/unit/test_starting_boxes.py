"""What the boxes at both ends of a page say to type: taken as it is, for every page and edition."""

import html
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import lab_choice, lab_commands, vagrant_lab
from macros.cli.lab_prepare import prepare
from macros.follow import following, lab_in_use
from macros.ground import suites
from macros.ground.errors import GuideError
from macros.ground.model import Page, machines
from macros.ground.places import CHECKOUT
from macros.lab.lab import Lab
from macros.lab.wanted import Wanted
from macros.plan.signatures import Prepared, Undo
from macros.site import starting
from macros.site.page_context import PageContext
from macros.store.guide import Guide

SHOWN, DEBIAN, K3S, OLD = (
    "2026-11",
    "2026-11-debian-13",
    "2026-11-kubernetes-1.36",
    "2026-11-kubernetes-1.34",
)
GUIDE = Guide(CHECKOUT / "docs", CHECKOUT / "recordings", SHOWN)
PAGES = [
    (name, path.name)
    for name in (SHOWN, DEBIAN, K3S, OLD)
    for path in sorted((GUIDE.recordings / name).iterdir())
    if path.is_dir() and path.name not in {"index", "reference-node"}  # they have no boxes
]


@cache
def box(edition: str, key: str) -> str:
    """Both boxes of a page as text, commands a line each."""
    guide = GUIDE.beside(edition)
    page = PageContext(guide, guide.pages[key].source, str, address, lenient=False)
    starting.prepared(page, Prepared())
    starting.undo(page, Undo())
    made = "\n".join(slot.html for slot in page.slots)
    return html.unescape(re.sub(r"<(?!a )[^>]+>", "", re.sub(r"</?pre[^>]*>", "\n", made)))


def address(source: Path, edition: str = "") -> str:
    return f"{edition}/{source.name}"


def lines(edition: str, key: str, begin: str) -> list[list[str]]:
    """The words of the box's lines that begin so, without that beginning."""
    found = re.findall(rf"^{begin}(?: .*)?$", box(edition, key), re.MULTILINE)
    return [shlex.split(line.removeprefix(begin)) for line in found]


def lab_of(edition: str, asked: Wanted, folder: Path) -> Lab:
    """The lab that these options give, with the versions that were recorded on its like."""
    versions = dict(GUIDE.beside(edition).edition.versions)
    versions["Debian"] = suites.SUITES[asked.suite]
    if asked.cluster:
        versions["Kubernetes"] = (asked.kubernetes or suites.KUBERNETES).removeprefix("v")
    nodes = machines(asked.nodes, outside=asked.outside)
    return Lab("guide", "uml", nodes, folder, "first", versions, asked.cluster)


@pytest.mark.parametrize(("edition", "key"), PAGES)
def test_every_line_is_accepted(
    edition: str, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(vagrant_lab, "wanted", lambda _name, _kind: False)
    labs: list[Lab] = []

    def start(_name: str, asked: Wanted, _keep: bool) -> Lab:
        labs.append(lab_of(edition, asked, tmp_path))
        assert asked.suite == ("trixie" if edition == DEBIAN else "sid")
        return labs[0]

    monkeypatch.setattr(lab_commands, "_start", start)
    (options,) = lines(edition, key, "guide lab up")
    done = CliRunner().invoke(lab_commands.up, options)
    assert done.exit_code == 0, done.output
    monkeypatch.setattr(lab_choice, "find", lambda _name: labs[0])
    prepared: list[Page] = []

    def done_so(_lab: Lab, page: Page) -> bool:
        prepared.append(page)
        return True

    for way in ("prepare", "undo"):
        monkeypatch.setattr(following, way, done_so)
    commands = lines(edition, key, "guide lab prepare")
    for words in commands:
        done = CliRunner().invoke(prepare, words)
        assert done.exit_code == 0, done.exception
        assert done.stderr == "", "its versions are the page's"
    assert all(page == GUIDE.beside(edition).pages[key] for page in prepared)
    assert [words[-1] == "--undo" for words in commands] in ([], [False, True])


@pytest.mark.parametrize(
    ("edition", "key", "words"),
    [
        (SHOWN, "docker", ["docker"]),
        (DEBIAN, "docker", ["docker", "--edition", DEBIAN]),
        (OLD, "ips", ["ips", "--edition", OLD]),
        (K3S, "calico", ["calico"]),  # shown from there: taken without being told
    ],
)
def test_the_edition_is_said_where_it_is_not_the_one_taken(
    edition: str, key: str, words: list[str]
) -> None:
    assert lines(edition, key, "guide lab prepare") == [words, [*words, "--undo"]]


def test_without_the_edition_the_lab_would_be_refused(tmp_path: Path) -> None:
    lab = lab_of(DEBIAN, Wanted(nodes=2, suite="trixie"), tmp_path)
    with pytest.raises(GuideError, match=r"has Docker 26\.1\.5"):
        lab_in_use.check(lab, GUIDE.pages["docker"], GUIDE.edition.versions)


@pytest.mark.parametrize(
    ("edition", "key", "said"),
    [
        (SHOWN, "docker", "With Vagrant: KUBERNETES=0 NODES=2 vagrant up; on a node"),
        (
            DEBIAN,
            "docker",
            "With Vagrant, in virtual machines: SUITE=trixie KUBERNETES=0 NODES=2 vagrant up;",
        ),
        (K3S, "ips", "With Vagrant: vagrant up;"),
        (K3S, "services-nftables", "With Vagrant: PROXY=nftables vagrant up;"),
        (K3S, "calico", "With Vagrant: CNI=calico vagrant up;"),
        (SHOWN, "ips", f'Kubernetes 1.36.3: for that one, take <a href="{K3S}/ips.md">this page'),
        (OLD, "ips", f'Kubernetes 1.36.3: for that one, take <a href="{K3S}/ips.md">this page'),
        (SHOWN, "services", "The Vagrantfile has no such lab."),
        (K3S, "dual-stack", "The Vagrantfile has no such lab."),
    ],
)
def test_vagrant_is_named_where_it_has_the_pages_versions(
    edition: str, key: str, said: str
) -> None:
    assert said in box(edition, key)


def test_its_kubernetes_is_that_of_the_lock_and_its_suites_those_of_the_file() -> None:
    lock = (CHECKOUT / "scripts" / "vagrant" / "k3s.lock").read_text(encoding="utf-8")
    assert f"\nversion v{suites.K3S}+" in lock
    vagrantfile = (CHECKOUT / "Vagrantfile").read_text(encoding="utf-8")
    assert f'"SUITE" => ENV.fetch("SUITE", "{suites.SUITE}")' in vagrantfile
