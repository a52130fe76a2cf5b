"""A page is recorded anew on the lab, and into the edition, that it was recorded on and into."""

from dataclasses import replace

from macros.ground.model import Cluster
from macros.store.repair import repair
from tests.site.build import ROOT
from tests.unit import settle_support

PAGE = replace(
    settle_support.page(), key="ips", nodes=3, cluster=Cluster("flannel", "iptables"), outside=True
)
EDITIONS = ROOT / "recordings"


def test_the_edition_that_the_site_shows_needs_no_name() -> None:
    plain = "guide lab up --nodes 3 --cni flannel --outside, then guide record ips"
    assert repair(PAGE) == repair(PAGE, EDITIONS / "2026-11") == plain


def test_another_edition_is_named_with_its_version() -> None:
    assert repair(PAGE, EDITIONS / "2026-11-kubernetes-1.37") == (
        "guide lab up --nodes 3 --cni flannel --outside --version v1.37.2, "
        "then guide record --edition 2026-11-kubernetes-1.37 ips"
    )


def test_another_suite_is_named() -> None:
    page = replace(PAGE, key="docker", nodes=2, cluster=None, outside=False)
    assert repair(page, EDITIONS / "2026-11-debian-13") == (
        "guide lab up --nodes 2 --suite trixie, "
        "then guide record --edition 2026-11-debian-13 docker"
    )
