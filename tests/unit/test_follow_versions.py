"""A lab of other versions than the page was recorded with: refused, or told, or neither."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from macros.cli import follow_command, lab_choice
from macros.cli.follow_command import follow
from macros.cli.lab_prepare import prepare
from macros.follow import following, lab_in_use, other_versions
from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab.lab import Lab
from macros.store.guide import Guide
from tests.unit.test_follow_page import planned

HEAD = "---\ntitle: T\nversions: [{names}]\nlab:\n  nodes: {lab}\n---\n"
CONTAINERS = {"Debian": "sid", "Docker": "28.5.2", "Linux": "6.18.44", "iproute2": "7.3.0"}
"""What a lab of Vagrant's Docker provider says of itself (tests/data/vagrant/differences.md)."""
RECORDED = {"Docker": "28.5.2", "Linux": "7.2.13", "iproute2": "7.3.0"}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Lab("mine", "vagrant", ("node0", "node1"), tmp_path / "config", "first", CONTAINERS)


def page_of(folder: Path, names: str, lab: str = "2") -> Page:
    body = '{{ run("node0", "true", id="a") }}\n'
    return planned(folder, body, HEAD.format(names=names, lab=lab))


def test_another_kernel_is_told_and_no_reason_to_refuse(tmp_path: Path, lab: Lab) -> None:
    page = page_of(tmp_path, "Docker, Linux, iproute2")
    lab_in_use.check(lab, page, RECORDED)
    assert other_versions.told(lab, page, RECORDED) == (
        "page was recorded with Linux 7.2.13, mine has Linux 6.18.44: outputs may differ"
    )
    older = {**RECORDED, "iproute2": "6.15.0"}
    assert "with Linux 7.2.13 and iproute2 6.15.0, mine" in other_versions.told(lab, page, older)


@pytest.mark.parametrize("names", ["Docker", "Docker, tcpdump"])
def test_nothing_is_told_of_what_is_the_same_or_unknown(
    names: str, tmp_path: Path, lab: Lab
) -> None:
    page = page_of(tmp_path, names)
    lab_in_use.check(lab, page, {**RECORDED, "tcpdump": "4.99.6"})
    assert other_versions.told(lab, page, RECORDED) == ""


@pytest.mark.parametrize(
    ("name", "here", "recorded", "refused"),
    [
        ("Docker", "28.5.1", "28.5.2", False),
        ("Docker", "28.4.0", "28.5.2", True),
        ("Docker", "26.1.5", "28.5.2", True),
        ("Kubernetes", "1.36.4", "1.36.3", False),
        ("Kubernetes", "1.36.3", "1.37.2", True),
        ("Calico", "3.31.1", "3.32.1", True),
        ("flannel", "0.27.4", "0.28.10", True),
        ("Linux", "5.10.0", "7.2.13", False),
        ("iptables", "1.8.11", "1.8.13", False),
    ],
)
def test_another_minor_release_of_what_the_text_is_about_is_refused(
    name: str, here: str, recorded: str, refused: bool, tmp_path: Path, lab: Lab
) -> None:
    page = page_of(tmp_path, name)
    lab = replace(lab, versions={name: here})
    if refused:
        with pytest.raises(GuideError) as error:
            lab_in_use.check(lab, page, {name: recorded})
        said = f"lab mine has {name} {here}, the page is written for {recorded}"
        assert error.value.message == said
        return
    lab_in_use.check(lab, page, {name: recorded})
    assert f"with {name} {recorded}, mine has {name} {here}" in other_versions.told(
        lab, page, {name: recorded}
    )


def test_the_lab_of_the_right_suite_is_named(tmp_path: Path, lab: Lab) -> None:
    page = page_of(tmp_path, "Docker")
    wanted = {"Docker": "26.1.5", "Debian": "13"}
    for kind, option in (("uml", ""), ("vagrant", " --lab uml")):
        with pytest.raises(GuideError) as error:
            lab_in_use.check(replace(lab, kind=kind), page, wanted)
        assert (error.value.fix or "").startswith(
            f"guide lab down --name mine; guide lab up --name mine{option}"
            " --nodes 2 --suite trixie, or the text for this lab: --edition"
        )


@pytest.mark.parametrize(
    ("here", "wanted", "words"),
    [("1.37.2", "1.34.4", " --version v1.34.4, or"), ("1.34.4", "1.37.2", " --cni flannel, or")],
)
def test_the_lab_of_the_right_kubernetes_is_named(
    here: str, wanted: str, words: str, tmp_path: Path, lab: Lab
) -> None:
    page = page_of(tmp_path, "Kubernetes", "3\n  cni: flannel")
    cluster = replace(
        lab,
        nodes=("node0", "node1", "node2"),
        cluster=Cluster("flannel", "iptables"),
        versions={"Kubernetes": here},
    )
    lab_in_use.check(cluster, page, {"Kubernetes": here})
    with pytest.raises(GuideError, match=f"has Kubernetes {here}") as error:
        lab_in_use.check(cluster, page, {"Kubernetes": wanted})
    assert words in (error.value.fix or "")
    assert "--suite" not in (error.value.fix or "")


def test_the_line_comes_before_prepare_and_follow_go_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_choice, "find", lambda _name: lab)
    monkeypatch.setattr(following, "prepare", lambda _lab, _page: True)
    done = CliRunner().invoke(prepare, ["docker"])
    assert done.exit_code == 0, done.exception
    said = "docker was recorded with Linux 7.2.13, mine has Linux 6.18.44: outputs may differ"
    assert done.stderr.splitlines() == [said]
    assert done.stdout == "mine is prepared for docker\n"

    class GoneOnError(Exception):
        """It is under way."""

    def typed(_guide: Guide, _page: Page, _lab: Lab) -> Mapping[str, str]:
        raise GoneOnError

    monkeypatch.setattr(follow_command, "_typed", typed)
    done = CliRunner().invoke(follow, ["docker"])
    assert isinstance(done.exception, GoneOnError)
    assert done.stderr.splitlines() == [said]
