"""observe.sh, run in namespaces made for the test: nothing of this machine is seen or changed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from macros.figures.topology.observation import End, Node, pairs, read

SCRIPT = Path(__file__).parents[2] / "scripts" / "node" / "observe.sh"
NEEDED = ("ip", "bridge", "jq", "lsns", "nsenter", "unshare", "mount")

# A node of its own: user, network, process and mount namespaces, so that no root is needed.
OUTER = [
    "unshare",
    "--map-root-user",
    "--net",
    "--mount",
    "--uts",
    "--pid",
    "--fork",
    "--mount-proc",
    "bash",
    "-euc",
]
SCENE = """
mount -t tmpfs none /run
mkdir /run/netns
hostname scratch.example
ip link set lo up
ip link add br0 type bridge
unshare --net sleep 60 & quiet=$!
unshare --net sleep 60 & guest=$!
until [[ $(readlink /proc/$quiet/ns/net) != $(readlink /proc/self/ns/net) ]]; do :; done
until [[ $(readlink /proc/$guest/ns/net) != $(readlink /proc/self/ns/net) ]]; do :; done
touch /run/netns/red && mount --bind /proc/$guest/ns/net /run/netns/red
ip link add to-red master br0 type veth peer name eth0 netns red
ip -n red address add 10.0.0.2/24 dev eth0
ip link add direct type veth peer name other
"""


@pytest.fixture(scope="module")
def observed() -> Any:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    assert not missing, f"apt-get install iproute2 jq util-linux (missing: {', '.join(missing)})"
    if subprocess.run(
        [*OUTER, "mount -t tmpfs none /run"], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine allows no user namespaces; tests/lab observes real nodes")
    # As the recorder does: the script's text is the command.
    text = SCENE + 'result=$(bash -c "$0"); echo "$result"; again=$(bash -c "$0")\n'
    text += '[[ $result == "$again" ]] || echo "not the same twice" >&2; kill $quiet $guest'
    done = subprocess.run(
        [*OUTER, text, SCRIPT.read_text()], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def node(observed: Any) -> Node:
    return read(observed)


def test_the_node_has_its_short_name(node: Node) -> None:
    assert node.name == "scratch"


def test_own_named_and_nameless_namespaces_are_seen(node: Node) -> None:
    own, red, quiet = node.namespaces
    assert (own.name, red.name) == ("", "red")
    assert quiet.name.startswith("sleep-")
    assert quiet.anonymous
    assert not red.anonymous


def test_nothing_of_the_machine_outside_leaks_in(node: Node) -> None:
    names = [
        interface.name
        for interface in node.own.interfaces
        if interface.kind not in {"ipip", "sit", "gre"}
    ]
    assert names == ["lo", "br0", "to-red", "other", "direct"]


def test_pairs_are_joined_across_and_within_namespaces(node: Node) -> None:
    assert {(p.near, p.far) for p in pairs(node)} == {
        (End("scratch", "red", "eth0"), End("scratch", "", "to-red")),
        (End("scratch", "", "direct"), End("scratch", "", "other")),
    }


def test_every_answer_is_where_the_contract_says(observed: Any) -> None:
    assert list(observed) == ["node", "namespaces", "docker"]
    own, red, _ = observed["namespaces"]
    assert {"links", "addresses", "routes", "neighbours", "fdb", "ports", "nsids"} <= own.keys()
    assert [port["ifname"] for port in own["ports"]] == ["to-red"]
    assert own["ports"][0]["master"] == "br0"
    assert any(entry["ifname"] == "to-red" for entry in own["fdb"])
    assert red["addresses"][1]["addr_info"][0]["local"] == "10.0.0.2"
    assert own["nsids"] == [{**own["nsids"][0], "inode": red["inode"]}]
    assert observed["docker"] == {"containers": [], "networks": []}


def test_a_bridges_running_timers_are_left_out_and_its_settings_are_not(observed: Any) -> None:
    br0 = next(e for e in observed["namespaces"][0]["links"] if e["ifname"] == "br0")
    settings = br0["linkinfo"]["info_data"]
    assert "ageing_time" in settings
    assert not [key for key in settings if key.endswith("_timer")]
