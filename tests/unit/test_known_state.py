"""The state that a page finds and leaves: every kind of change is noticed, and none where none is."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.ground.model import Answer, Cluster, Page
from macros.ground.places import SCRIPTS
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.plan import planner
from macros.record import known_state, node_facts, troubles

FACTS = SCRIPTS / "node" / "facts.sh"
ALONE = [
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "--mount",
    "--pid",
    "--mount-proc",
    "--fork",
]
MINE = "mount -t tmpfs none /etc; mount -t tmpfs none /root; echo a >/etc/resolv.conf"


def _can() -> bool:
    if not all(map(shutil.which, ("unshare", "ip"))):
        return False
    done = subprocess.run(
        [*ALONE, "bash", "-c", f"{MINE}; ip link set lo up"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.skipif(not _can(), reason="no user namespaces here")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("true", []),
        ("ip link set lo up", ["+ lo: flags UP", "- lo: flags none"]),
        ("ip link set lo mtu 1400", ["+ lo: mtu 1400", "- lo: mtu 65536"]),
        ("sysctl -qw net.ipv4.ip_forward=1", ["+ sysctl net.ipv4.ip_forward 1"]),
        ("ip rule add from 10.0.0.1 table 7", ["+ ip rule 32765: from 10.0.0.1 lookup 7"]),
        ("ip link set lo up; ip route add 10.9.0.0/16 dev lo table 7", ["+ route table 7: 10.9.0.0/16 dev lo"]),
        ("echo nameserver 10.0.0.9 >/etc/resolv.conf", ["file /etc/resolv.conf differs now"]),
        ("touch /root/left", ["+ file /root/left"]),
        ("rm /etc/resolv.conf", ["- file /etc/resolv.conf"]),
        ("mount -t tmpfs none /mnt", ["+ mount /mnt tmpfs"]),
        ("tail -f /dev/null & ", ["+ process tail"]),
        (("ip link set lo up; python3 -c 'import socket, time; s = socket.create_server((\"127.0.0.1\", 8765));"
         " print(1, flush=True); time.sleep(9)' >/root/out & until [ -s /root/out ]; do sleep 0.1; done"),
         ["+ listening tcp port 8765"]),
    ],
)  # fmt: skip
def test_what_a_page_changes_is_noticed(change: str, told: list[str]) -> None:
    script = f'{MINE}; bash {FACTS}; echo "@@"; {change}\nbash {FACTS}; kill %1 2>/dev/null'
    done = subprocess.run(
        [*ALONE, "bash", "-c", script], capture_output=True, text=True, check=False
    )
    before, _, after = done.stdout.partition("@@\n")
    differing = node_facts.differences(
        *(node_facts.facts(side, cluster=False) for side in (before, after))
    )
    assert [line for line in differing if line in told] == told or set(told) <= set(differing), (
        differing
    )
    assert told or differing == []


NFT = """\
@nft
# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat {
\tchain POSTROUTING {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t}
}
table inet guide {
\tchain first {
\t\ttype filter hook prerouting priority raw; policy accept;
\t\ttcp dport 80 accept
\t}
}
"""


def test_rulesets_are_facts_and_those_of_iptables_are_told_as_its_own() -> None:
    assert node_facts.facts(NFT, cluster=False) == [
        "nft table inet guide",
        "nft table inet guide: chain first",
        "nft table inet guide: type filter hook prerouting priority raw; policy accept;",
        "nft table inet guide: tcp dport 80 accept",
    ]


_EMPTIED = """\
@nft
table ip raw {{
\tchain PREROUTING {{
\t\ttype filter hook prerouting priority raw; policy {policy};
{rule}\t}}
}}
"""


@pytest.mark.parametrize(
    ("policy", "rule", "told"),
    [("accept", "", False), ("drop", "", True), ("accept", "\t\ttcp dport 80 drop\n", True)],
)
def test_what_iptables_leaves_of_a_table_without_rules_is_no_fact(
    policy: str, rule: str, *, told: bool
) -> None:
    printed = _EMPTIED.format(policy=policy, rule=rule)
    assert bool(node_facts.facts(printed, cluster=False)) is told


def test_vlans_neighbours_and_services_are_facts() -> None:
    printed = (
        '@ip\n[{"ifname":"eth1","flags":["UP","LOWER_UP"],"mtu":1500,"master":"br0","qdisc":"noqueue"}]\n'
        '[]\n[{"dst":"10.0.0.0/24","dev":"eth1","table":"5","type":"blackhole"}]\n'
        '[{"dst":"10.0.0.9","dev":"eth1","lladdr":"02:00:00:00:00:09","state":["PERMANENT"]}]\n'
        '@vlans\n[{"ifname":"eth1","vlans":[{"vlan":10,"flags":["PVID"]}]}]\n'
        "@services\n/sys/fs/cgroup/system.slice/guide-web.service\n"
        "/sys/fs/cgroup/system.slice/systemd-tmpfiles-clean.service\n"
    )
    assert node_facts.facts(printed, cluster=False) == [
        "eth1: flags UP", "eth1: mtu 1500", "eth1: qdisc noqueue", "eth1: master br0",
        "route table 5: blackhole 10.0.0.0/24 dev eth1",
        "neighbour 10.0.0.9 dev eth1 is 02:00:00:00:00:09",
        "eth1: VLAN 10 PVID",
        "service guide-web.service",
    ]  # fmt: skip


def test_what_changes_by_itself_is_no_fact() -> None:
    printed = (
        "@sysctl\n/proc/sys/net/netfilter/nf_conntrack_count:3\n"
        "@files\n9 1.5 /root/.bash_history\n1 1.5 /etc/mtab\n"
        "@mounts\nnsfs /run/netns/red nsfs rw 0 0\n@processes\nsshd: root@notty\nsshd-session: root@pts/0\n-bash\n"
    )
    assert node_facts.facts(printed, cluster=False) == []


def test_on_a_cluster_what_pods_bring_is_no_fact_and_what_a_page_changes_is() -> None:
    printed = (
        "@sysctl\n/proc/sys/net/ipv4/conf/veth12/rp_filter:1\n/proc/sys/net/ipv4/ip_forward:1\n"
        "@processes\ncontainerd-shim\n@files\n1 2.0 /etc/hosts\n3 2.0 /etc/kubernetes/started\n"
    )
    assert node_facts.facts(printed, cluster=True) == [
        "sysctl net.ipv4.ip_forward 1",
        "file /etc/hosts 1 bytes of 2.0",
    ]


def test_a_unit_that_failed_is_a_fact_and_what_systemd_runs_now_and_then_is_none() -> None:
    """In the forms of `systemctl list-units --failed`: plain, and with dots; systemctl(1)."""
    printed = (
        "@services\n@failed\n"
        "guide-echo.service loaded failed failed /usr/bin/busybox nc -l -p 7 -e cat\n"
        "● guide-web.service loaded failed failed A web server\n"
        "  apt-daily.service loaded failed failed Daily apt download activities\n"
        "mnt-data.mount     loaded failed failed /mnt/data\n"
    )
    told = [
        "failed unit guide-echo.service",
        "failed unit guide-web.service",
        "failed unit mnt-data.mount",
    ]
    assert node_facts.facts(printed, cluster=False) == told
    assert node_facts.facts(printed, cluster=True) == told
    assert node_facts.facts("@failed\n\n0 loaded units listed.\n", cluster=False) == []


def test_a_link_s_settings_do_not_hide_what_else_is_left() -> None:
    settings = [f"sysctl net.ipv4.conf.eth1/10.a{number} 1" for number in range(300)]
    after = [
        *settings,
        "sysctl net.ipv4.conf.all.rp_filter 1",
        "ip rule 9: lookup 7",
        "link eth1.10",
    ]
    told = node_facts.differences([], after)
    assert told[:3] == [
        "+ sysctl net.ipv4.conf.all.rp_filter 1",
        "+ ip rule 9: lookup 7",
        "+ link eth1.10",
    ]
    assert len(told) == len(after), "none is lost"


class Nodes:
    """Nodes of a lab that answer what they are told to, in the place of SSH."""

    def __init__(self) -> None:
        self.printed = {"node0": "address eth1 10.0.0.1/24\n@ip\n", "node1": "@ip\n"}

    def run(self, _lab: Lab, node: str, _command: str, **_: object) -> Answer:
        return Answer(self.printed[node].encode(), 0)


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Nodes:
    made = Nodes()
    monkeypatch.setattr(ssh, "run", made.run)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


LAB = Lab("a", "uml", ("node0", "node1"), Path(), "first", {})


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "page.md").write_text("---\nlab: {nodes: 2}\n---\n", encoding="utf-8")
    return planner.plan_page(tmp_path, tmp_path / "page.md")


def test_a_lab_that_is_not_as_it_was_made_is_not_recorded_on(nodes: Nodes, page: Page) -> None:
    known_state.remember(LAB)
    known_state.enter(LAB, page)
    nodes.printed["node1"] += "@sysctl\n/proc/sys/net/ipv4/ip_forward:1\n@files\n1 2.0 /etc/hosts\n"
    with pytest.raises(GuideError) as caught:
        known_state.enter(LAB, page)
    assert caught.value.message == (
        "node1 is not as it was created: + sysctl net.ipv4.ip_forward 1; + file /etc/hosts"
    )
    assert caught.value.fix is not None
    assert caught.value.fix.startswith(
        "guide lab reset --name a gives fresh nodes; then record again"
    )
    known_state.enter(replace(LAB, instance="second"), page)


def test_what_a_node_runs_is_known_from_the_first_page_on(nodes: Nodes, page: Page) -> None:
    known_state.remember(LAB)
    nodes.printed["node0"] += "@processes\n/usr/sbin/cron\n"  # started after `guide lab up`
    known_state.enter(LAB, page)
    known_state.enter(LAB, page)
    nodes.printed["node0"] += "/usr/bin/left\n"
    with pytest.raises(GuideError, match=r"node0 is not as it was created: \+ process left"):
        known_state.enter(LAB, page)


def test_without_a_known_state_the_first_page_finds_it(nodes: Nodes, page: Page) -> None:
    before = known_state.enter(LAB, page)
    known_state.leave(LAB, page, before)
    nodes.printed["node0"] = "@ip\n"
    with pytest.raises(
        GuideError, match=r"node0 is not as it was created: - address eth1 10\.0\.0\.1/24"
    ):
        known_state.enter(LAB, page)


def test_a_page_that_leaves_something_names_all_of_it(nodes: Nodes, page: Page) -> None:
    before = known_state.enter(LAB, page)
    nodes.printed["node0"] += "@files\n" + "".join(f"1 2.0 /etc/{n}\n" for n in range(11))
    with pytest.raises(GuideError) as caught:
        known_state.leave(LAB, page, before)
    assert caught.value.message.startswith("the page leaves node0 changed: + file /etc/0; + file")
    assert caught.value.message.endswith("; and 3 more")
    assert "guide lab reset --name a" in str(caught.value.fix)


def test_pods_that_come_and_go_are_no_difference_on_a_cluster(
    nodes: Nodes, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_state, "_IDLE", SCRIPTS / "node" / "idle.sh")
    lab = replace(LAB, cluster=Cluster("flannel", "iptables"))
    on_cluster = replace(page, cluster=lab.cluster)
    known_state.enter(lab, on_cluster)
    nodes.printed["node0"] += "@processes\nhello\n"
    known_state.enter(lab, on_cluster)
    nodes.printed["node0"] += "@sysctl\n/proc/sys/net/ipv4/ip_forward:0\n"
    with pytest.raises(GuideError, match="ip_forward"):
        known_state.enter(lab, on_cluster)


def test_a_page_whose_unit_failed_is_told_of_the_option_that_forgets_it(
    nodes: Nodes, page: Page
) -> None:
    before = known_state.enter(LAB, page)
    nodes.printed["node0"] += "@failed\nguide-echo.service loaded failed failed nc\n"
    with pytest.raises(GuideError, match=r"\+ failed unit guide-echo\.service") as caught:
        known_state.leave(LAB, page, before)
    assert "systemd-run -G (--collect)" in str(caught.value.fix)
    with pytest.raises(GuideError, match=r"\+ failed unit guide-echo\.service"):
        known_state.enter(LAB, page)
    nodes.printed["node0"] += "@files\n1 2.0 /etc/left\n"
    nodes.printed["node0"] = nodes.printed["node0"].replace("@failed\nguide", "@none\nguide")
    with pytest.raises(GuideError) as caught:
        known_state.leave(LAB, page, before)
    assert "systemd-run" not in str(caught.value.fix)


def test_a_name_of_a_unit_that_is_taken_is_said_how_to_free() -> None:
    said = (
        "Failed to start transient service unit: Unit guide-echo.service was already loaded or has"
        " a fragment file."
    )
    assert "systemctl reset-failed guide-echo.service" in troubles.cure(said)
    assert troubles.cure("Failed to start transient service unit: Access denied") == ""
