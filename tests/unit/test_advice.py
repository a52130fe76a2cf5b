"""Nobody is told to start a lab while one for the page is up; where none is, all is as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab.lab import Lab
from macros.rebuild import advice
from macros.site import hooks
from macros.site.build_state import Build
from macros.store.guide import Guide
from macros.store.repair import repair
from tests.unit import settle_support

PAGE = replace(settle_support.page(), key="docker", nodes=2)
PAGES = {"docker": PAGE, "docker-2": replace(PAGE, key="docker-2")}


def _told(page: Page = PAGE) -> GuideError:
    fix = f"git checkout -- x, or {repair(page)}"
    (told,) = advice.in_view_of_labs([GuideError("stale", fix=fix)], PAGES)
    return told


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> list[Lab]:
    labs: list[Lab] = []
    monkeypatch.setattr(advice, "_up", lambda: labs)
    return labs


def _lab(name: str, nodes: int, cluster: Cluster | None = None) -> Lab:
    return Lab(name, "uml", tuple(f"node{n}" for n in range(nodes)), Path(), "i", {}, cluster)


def test_a_lab_that_is_up_is_recorded_on(up: list[Lab]) -> None:
    assert _told().fix == "git checkout -- x, or guide lab up --nodes 2, then guide record docker"
    up.append(_lab("mine", 2))
    assert _told().fix == "git checkout -- x, or guide record --lab mine docker"
    assert _told(PAGES["docker-2"]).fix == "git checkout -- x, or guide record --lab mine docker-2"
    up.insert(0, _lab("guide", 3))
    assert _told().fix == "git checkout -- x, or guide record docker"


def test_a_build_that_refuses_names_the_lab_that_is_up_as_check_does(
    up: list[Lab], tmp_path: Path
) -> None:
    (tmp_path / "docker.md").write_text(
        '---\nlab: {nodes: 2}\n---\n\n{{ run("node0", "true", id="a") }}\n', encoding="utf-8"
    )
    build = Build(Guide(tmp_path, tmp_path, "now"), serving=False, use_directory_urls=True)
    build.problems.append(GuideError("stale", fix=repair(PAGE)))
    assert "fix:     guide lab up --nodes 2, then guide record docker" in hooks._refusal(build)
    up.append(_lab("mine", 2))
    assert "fix:     guide record --lab mine docker" in hooks._refusal(build)


def test_a_lab_that_the_page_does_not_fit_is_no_advice(up: list[Lab]) -> None:
    up += [_lab("small", 1), _lab("cluster", 3, Cluster("flannel", "iptables"))]
    assert "guide lab up --nodes 2" in str(_told().fix)


def test_labs_are_not_looked_for_where_nothing_has_to_be_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(advice, "_up")
    errors = [GuideError("a", fix="edit it"), GuideError("b")]
    assert advice.in_view_of_labs(errors, PAGES) == errors


def test_a_lab_of_another_version_is_no_advice(up: list[Lab]) -> None:
    page = replace(PAGE, nodes=3, cluster=Cluster("flannel", "iptables"))
    up.append(replace(_lab("old", 3, page.cluster), versions={"Kubernetes": "1.34.4"}))
    pages = {page.key: page}
    lab = "guide lab up --nodes 3 --cni flannel"
    for options, told in (
        ("", "guide lab up --nodes 3 --cni flannel, then guide record --edition x docker"),
        (" --version v1.34.4", "guide record --lab old --edition x docker"),
    ):
        error = GuideError("stale", fix=f"{lab}{options}, then guide record --edition x docker")
        assert [one.fix for one in advice.in_view_of_labs([error], pages)] == [told]
