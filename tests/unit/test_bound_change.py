"""A value is bound from what reads; a reader would change things twice."""

from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.plan import planner
from macros.plan.bound_change import changes


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("wg genkey", "runs `wg genkey`"),
        ("ip netns exec red wg genkey | wg pubkey", "runs `wg genkey`"),
        ("ip -n red link add wg0 type wireguard", "runs `ip link add`"),
        ("ip addr add 10.0.0.1/24 dev eth1", "runs `ip addr add`"),
        ("bridge fdb append 00:00:00:00:00:00 dev vxlan0", "runs `bridge fdb append`"),
        ("kubectl apply -f manifests/a.yaml", "runs `kubectl apply`"),
        ("ip -br link >/run/links; cat /run/links", "writes /run/links"),
    ],
)
def test_what_surely_changes_something_is_known(command: str, what: str) -> None:
    assert changes(command) == what


@pytest.mark.parametrize(
    "command",
    [
        "ip link show type vlan",
        "ip -br link 2>/dev/null",
        "ip link >/dev/null && echo there",
        "wg pubkey </run/wg0.key",
        "wg show wg0 public-key",
        "kubectl get pods -l run=apply",
        "kubectl exec tools -- ip addr",
        "echo 'unclosed",
        "touch /run/x; echo one",
    ],
)
def test_what_reads_or_is_not_sure_is_not(command: str) -> None:
    assert changes(command) == ""


def test_a_page_that_binds_from_a_change_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    head = "---\ntitle: T\nlab:\n  nodes: 1\n---\n\n"
    call = '{{ run("node0", "wg genkey", id="key", bind={"KEY": "re:(.*)"}) }}\n'
    page.write_text(head + call)
    with pytest.raises(GuideError, match="block key binds a value and runs `wg genkey`") as caught:
        planner.plan_page(tmp_path, page)
    assert (caught.value.line, caught.value.column) == (7, 4)
    page.write_text(head + call.replace(', bind={"KEY": "re:(.*)"}', ""))
    planner.plan_page(tmp_path, page)
