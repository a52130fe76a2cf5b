"""The page "What changed": what is told first, and that nothing changed where nothing did."""

import re

from macros.ground.places import CHECKOUT as ROOT
from macros.plan import planner
from macros.review.change_file import Changes, Listed
from macros.site import changes_page

WHYS = (("Kubernetes", "*One* thing."), ("Kubernetes", "Another."), ("curl", "A third."))
LISTED = (
    Listed("services", ("hidden", "svc", "ext"), "rule gone", 1),
    Listed("services", ("sep",), "rule new", 1),
    Listed("ips", ("nodes",), "column new", 1),
    Listed("ips", ("pods",), "line new", 0),
)
CHANGES = Changes("old", "new", WHYS, LISTED, "", (1, 0))


def _address(edition: str, page: str, block: str) -> str | None:
    return None if block == "hidden" else f"{edition}/{page}#b-{block}"


def test_what_is_told_first_is_in_its_order_with_one_place_of_each_page() -> None:
    html = changes_page.first(CHANGES, {"ips": "IPs", "services": "Services"}, _address)
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert text == (
        "Another. Services: before · after IPs: before · after One thing. IPs: before · after"
    )
    assert re.findall(r'href="([^"]+)"', html)[:2] == ["old/services#b-svc", "new/services#b-svc"]
    assert "A third" not in html


def test_a_page_where_nothing_changed_says_so_and_no_other_does() -> None:
    ips, flannel = (
        planner.plan_page(ROOT / "docs", ROOT / "docs" / f"{key}.md") for key in ("ips", "flannel")
    )
    html = changes_page.page(CHANGES, flannel, 45, _address)
    assert "Nothing changed: all 45 blocks say the same in both editions." in html
    html = changes_page.page(CHANGES, ips, 31, _address)
    assert "Nothing changed" not in html
    assert 'href="new/ips#b-pods"' in html
