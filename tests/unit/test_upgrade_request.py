"""What an upgrade is asked for, and which labs that takes: of the guide's own pages and locks."""

import itertools
from pathlib import Path

import pytest

from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.ground.model import Cluster, Page
from macros.lab import doctor, state
from macros.upgrade import crew, lab_tasks, request
from macros.upgrade.lab_tasks import Task

NAMES = [f"upgrade-{number}" for number in range(1, 20)]


def test_versions_become_a_request_and_the_name_of_an_edition() -> None:
    asked = request.read(["kubernetes=1.34.4", "docker=28.5.2"])
    assert asked == request.Request("v1.34.4", "28.5.2", "sid")
    assert str(asked) == "kubernetes=v1.34.4 docker=28.5.2"
    assert asked.edition("2026-11") == "2026-11-kubernetes-1.34.4-docker-28.5.2"
    assert request.read(["kubernetes=v1.34.4"]).edition("now") == "now-kubernetes-1.34.4"


def test_docker_is_found_in_the_suite_that_has_it() -> None:
    assert dict(request.dockers()) == {"sid": "28.5.2", "trixie": "26.1.5"}
    assert request.read(["docker=26.1.5"]).suite == "trixie"
    assert request.read(["docker=28.5.2"]).suite == "sid"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no version is named"),
        (["kubernetes"], "'kubernetes' names no version"),
        (["kubernetes="], "'kubernetes=' names no version"),
        (["kuberntes=v1.34.4"], "nothing to upgrade; did you mean kubernetes"),
        (["flannel=1"], "'flannel' is nothing to upgrade"),
        (["docker=26.1.5", "docker=28.5.2"], "docker= is there twice"),
        (["kubernetes=1.34"], "'v1.34' is not a"),
        (["kubernetes=newest"], "'newest' is not a"),
        (["docker=27.0.0"], "Docker 27.0.0 cannot be had: .* sid has 28.5.2 and trixie has 26.1.5"),
        (["docker=26.1.5", "kubernetes=v1.34.4"], "is trixie's, and Kubernetes is built for sid"),
    ],
)
def test_what_cannot_be_had_is_said_before_all_work(words: list[str], said: str) -> None:
    with pytest.raises(GuideError, match=said):
        request.read(words)


def test_an_edition_of_another_version_is_told_from_one_of_these() -> None:
    asked = request.read(["kubernetes=v1.34.4"])
    assert asked.asks_other_than({"Kubernetes": "1.36.3"}) == "Kubernetes 1.36.3"
    assert asked.asks_other_than({"Kubernetes": "1.34.4", "Docker": "26.1.5"}) == ""
    assert asked.asks_other_than({"Docker": "28.5.2"}) == "", "plain pages came first"


def planned() -> list[Page]:
    return list(guide_of_checkout().planned.values())


def tasks(pages: list[Page], at_once: int = 2, **seconds: float) -> list[Task]:
    return lab_tasks.tasks(
        pages, kubernetes="v1.34.4", suite="sid", at_once=at_once, names=iter(NAMES),
        seconds=seconds,
    )  # fmt: skip


def test_every_page_is_recorded_once_on_a_lab_that_it_fits() -> None:
    planned_tasks = tasks(planned())
    keys = [page.key for task in planned_tasks for page in task.pages]
    assert sorted(keys) == sorted(page.key for page in planned())
    for task in planned_tasks:
        for page in task.pages:
            assert task.lab.cluster == page.cluster
            assert task.lab.nodes >= page.nodes
            assert task.lab.outside or not page.outside
        assert task.lab.kubernetes == ("v1.34.4" if task.lab.cluster else "")


def test_pages_share_labs_and_the_longest_work_is_shared_out() -> None:
    planned_tasks = tasks(planned())
    flannel = [task for task in planned_tasks if task.lab.cluster == Cluster("flannel", "iptables")]
    assert len(flannel) == 2, "chapter 6 alone takes as long as all others"
    assert len([task for task in planned_tasks if task.lab.cluster is None]) == 1
    assert planned_tasks[0] in flannel, "the longest begins first"
    plain = [page for page in planned() if page.cluster is None]
    assert len(tasks(plain)) == 1, "their links are numbered from page to page"
    alone = tasks(planned(), at_once=1)
    assert len(alone) == len({page.cluster for page in planned()}), "one after the other, one each"


def test_a_few_short_pages_are_not_worth_a_second_lab() -> None:
    assert len(tasks([page for page in planned() if page.key in ("index", "lab")])) == 1
    assert len(tasks([page for page in planned() if page.key in ("ips", "lab")])) == 2
    two = [page for page in planned() if page.key in ("ips", "services")]
    assert len(tasks(two)) == 2
    assert len(tasks(two, ips=20.0, services=60.0)) == 1, "what they took earlier counts"


def test_clusters_are_of_one_suite_only_and_that_is_said() -> None:
    fit, others = lab_tasks.fitting(planned(), "trixie")
    assert {page.key for page in fit} >= {"by-hand", "docker", "vlans"}
    assert not any(page.cluster for page in fit)
    assert others["services"] == "clusters are built for sid only, not for trixie"
    assert lab_tasks.fitting(planned(), "sid") == (planned(), {})


@pytest.mark.parametrize(
    ("gib", "said", "room"), [(64, None, 2), (9, None, 1), (1, None, 1), (1, 4, 4)]
)
def test_no_more_labs_at_once_than_memory_has_room_for(
    gib: int, said: int | None, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "available_memory", lambda: gib * 1024**3)
    assert lab_tasks.room(tasks(planned()), said) == room


def test_a_lab_of_a_person_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    state.folder("upgrade-1").mkdir(parents=True)
    assert list(itertools.islice(crew.names("upgrade"), 2)) == ["upgrade-2", "upgrade-3"]
