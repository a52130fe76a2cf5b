"""What a command leaves on its node: a page whose draft would meet it is run from its clean-up on."""

from pathlib import Path

import pytest

from macros.ground.model import Page
from macros.plan import planner
from macros.plan.lasting import lasts
from macros.record.draft_run import lasting_change, touched


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("ip -n box rule add from 10.9.2.2 lookup 200 pref 100", "runs `ip rule add`"),
        ("echo\nip -n box rule\nip -n box rule del pref 100", "runs `ip rule del`"),
        ("for n in a b; do ip netns add $n; done", "runs `ip netns add`"),
        ("ip netns exec box sysctl -w net.ipv4.conf.all.rp_filter=1", "runs `sysctl -w`"),
        ("sysctl -q net.ipv4.ip_forward=1", "runs `sysctl net.ipv4.ip_forward=1`"),
        ("iptables -t nat -A POSTROUTING -j MASQUERADE", "runs `iptables -A`"),
        ("ip netns exec red iptables-nft -F", "runs `iptables-nft -F`"),
        ("nft add table ip guide", "runs `nft add`"),
        ("tc qdisc add dev eth1 root netem delay 10ms", "runs `tc add`"),
        ("docker run -d --name web busybox", "runs `docker run`"),
        ("docker network create red", "runs `docker create`"),
        ("kubectl scale statefulset hello --replicas=8", "runs `kubectl scale`"),
        ("kubectl label node node0 a=b", "runs `kubectl label`"),
        ("systemd-run -q -G --unit=guide-x sleep 9", "runs `systemd-run`"),
        ("true && ip link set eth1 mtu 1300 || true", "runs `ip link set`"),
    ],
)
def test_what_a_command_leaves_is_known(command: str, what: str) -> None:
    assert lasts(command) == what


@pytest.mark.parametrize(
    "command",
    [
        "ip -n box rule",
        "ip -n box route get 203.0.113.7 mark 2",
        "ip netns exec far ping -c 1 -W 1 10.9.2.2",
        "iptables -t nat -S; iptables-save -t nat; iptables -nvL FORWARD",
        "sysctl net.ipv4.ip_forward",
        "nft list ruleset",
        "tc -s qdisc show dev eth1",
        "docker ps; docker network inspect bridge",
        "kubectl get pods -o wide",
        "curl -s http://10.43.0.80/ | head -1",
        "echo 'ip rule add'",
    ],
)
def test_what_only_reads_leaves_nothing(command: str) -> None:
    assert lasts(command) == ""


ADD, READ, LAST = (
    '{{ run("node0", "ip rule add to 10.9.0.0/16 lookup 200 pref 100", id="add") }}\n\n',
    '{{ run("node0", "ip rule", id="read") }}\n\n',
    '{{ run("node0", "ip -br link", id="last") }}\n',
)


@pytest.mark.parametrize(
    ("edited", "why"),
    [
        (
            ADD.replace("100", "110") + READ + LAST,
            "block add was edited, and it runs `ip rule add`",
        ),
        (READ + LAST, "block add was edited, and it runs `ip rule add`"),
        (
            ADD + ADD.replace("add", "del") + READ + LAST,
            "block del is new, and it runs `ip rule del`",
        ),
        (ADD + READ.replace('"ip rule"', '"ip rule show"') + LAST, ""),
        (ADD + LAST, ""),
        (ADD + READ + LAST + ADD.replace("add", "del"), ""),
        (
            ADD + READ.replace('"ip rule"', '"ip rule del pref 100"') + LAST,
            "block read was edited, and it runs `ip rule del`",
        ),
        ("Prose.\n\n" + ADD + READ + LAST, ""),
    ],
)
def test_a_draft_is_not_made_on_what_an_edited_block_left(
    tmp_path: Path, edited: str, why: str
) -> None:
    def page(body: str) -> Page:
        source = tmp_path / "page.md"
        source.write_text(f"---\ntitle: T\nlab:\n  nodes: 1\n---\n{body}")
        return planner.plan_page(tmp_path, source)

    old, new = page(ADD + READ + LAST), page(edited)
    assert lasting_change(old, new, touched(old, new)) == why
