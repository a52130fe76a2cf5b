"""A page is recorded anew on the lab, and into the edition, that it was recorded on and into."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.model import Cluster
from macros.store.repair import repair
from tests.site.build import ROOT
from tests.unit import settle_support

PAGE = replace(
    settle_support.page(), key="ips", nodes=3, cluster=Cluster("flannel", "iptables"), outside=True
)
EDITIONS = ROOT / "recordings"


LAB = "guide lab up --nodes 3 --cni flannel --outside"


def test_the_edition_that_the_site_shows_needs_no_name() -> None:
    assert repair(PAGE) == f"{LAB}, then guide record ips"


def test_the_only_edition_needs_no_name(tmp_path: Path) -> None:
    shutil.copytree(EDITIONS / "2026-11", tmp_path / "a")
    assert repair(PAGE, tmp_path / "a") == f"{LAB}, then guide record ips"
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert repair(PAGE, tmp_path / "a") == f"{LAB}, then guide record --edition a ips"


def test_a_version_that_labs_have_anyway_is_not_named() -> None:
    name = "2026-11"
    assert repair(PAGE, EDITIONS / name) == f"{LAB}, then guide record --edition {name} ips"


@pytest.mark.parametrize(
    ("name", "version"),
    [("2026-11-kubernetes-1.36", "v1.36.3"), ("2026-11-kubernetes-1.34", "v1.34.4")],
)
def test_another_version_is_named(name: str, version: str) -> None:
    assert repair(PAGE, EDITIONS / name) == (
        f"{LAB} --version {version}, then guide record --edition {name} ips"
    )


def test_another_suite_is_named() -> None:
    page = replace(PAGE, key="docker", nodes=2, cluster=None, outside=False)
    assert repair(page, EDITIONS / "2026-11-debian-13") == (
        "guide lab up --nodes 2 --suite trixie, "
        "then guide record --edition 2026-11-debian-13 docker"
    )
