"""What follows from one change is one item of a review; what does not stays one of its own."""

from pathlib import Path

import pytest

from macros.compare import editions
from macros.ground.model import PageRecording, Recording
from macros.review.item_words import below, words
from macros.review.items import Item, items
from macros.review.one_cause import by_cause
from tests.unit.test_plan import page_of

# As iproute2 prints them (bridge/fdb.c, bridge/vlan.c), after the author's page about VLANs.
FDB = """\
02:00:0a:02:00:02 dev veth-red vlan {v} master br0
02:00:0a:02:00:04 dev trunk0 vlan {v} master br0
33:33:00:00:00:01 dev trunk0 self permanent
06:00:00:00:00:01 dev trunk0 vlan {v} master br0 permanent
02:00:0a:02:00:03 dev veth-blue vlan 20 master br0
"""
VLANS = """\
port              vlan-id
veth-red          {v} PVID Egress Untagged
veth-blue         20 PVID Egress Untagged
trunk0            20
                  {v}
"""
MAKE = """\
bridge vlan del dev veth-red vid 1
bridge vlan add dev veth-red vid {v} pvid untagged
for trunk in trunk0 trunk1; do bridge vlan add dev $trunk vid {v}; bridge vlan add dev $trunk vid 20; done"""
ADDR = """\
2: eth0    inet {net}.2/24 brd {net}.255 scope global eth0\\       valid_lft forever preferred_lft forever
"""
LINK = """\
{index}: {name}@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 172.17.0.2/16 brd 172.17.255.255 scope global {name}
       valid_lft forever preferred_lft forever
"""
ROUTE = """\
default via {net}.1 dev eth0
{net}.0/24 dev eth0 proto kernel scope link src {net}.2
"""


def block(name: str, command: str, text: str) -> Recording:
    return Recording(
        id=name, node="node0", command=command, ran=command, exit=0, plan="", bound={}, text=text
    )


def review(old: list[Recording], new: list[Recording]) -> list[Item]:
    sides = [
        PageRecording("page", Path(), "", "", ("node0",), {block.id: block for block in blocks})
        for blocks in (old, new)
    ]
    return by_cause(items(editions.pages(*sides)))


def vlans(v: int, more: str = "") -> list[Recording]:
    return [
        block("make", MAKE.format(v=v), ""),
        block("vlans", "bridge vlan show", VLANS.format(v=v)),
        block("fdb", "bridge fdb show br br0", FDB.format(v=v) + more),
    ]


def test_the_taps_of_a_trace_are_counted_as_one_block(tmp_path: Path) -> None:
    """And a block that the page has no more is still counted."""
    page = page_of(
        tmp_path,
        """{{ run("node0", "ping -c 1 10.2.0.2", id="ping") }}

{{ trace(["node0/eth1", "node1/eth1"], id="way", during="ping", title="T", packets=2) }}
""",
    )
    sides = [
        {name: block(name, "ip route", ROUTE.format(net=net)) for name in names}
        for net in ("10.2.0", "10.3.0")
        for names in [("gone", "ping", "way-node0-eth1", "way-node1-eth1")]
    ]
    old, new = (PageRecording("page", Path(), "", "", ("node0",), blocks) for blocks in sides)
    changes = items(editions.pages(old, new))
    (item,) = by_cause(changes, pages={"page": page})
    assert ": 3 blocks (1 trace of 2 captures), " in item.what
    (item,) = by_cause(changes)
    assert ": 4 blocks, " in item.what


def test_a_vlan_that_has_another_id_is_one_item() -> None:
    (item,) = review(vlans(10), vlans(30))
    assert item.what == "VLAN 10 -> 30: 3 blocks, 1 command, 2 port VLANs, 3 forwarding entries"
    assert item.blocks == ("make", "vlans", "fdb")
    assert len(item.parts) == 8
    assert "fdb entry of 02:00:0a:02:00:02 behind veth-red gone" in [p.what for p in item.parts]


def test_what_does_not_follow_from_it_is_an_item_of_its_own() -> None:
    other = "02:00:0a:02:00:09 dev trunk0 vlan 20 master br0\n"
    cause, apart = review(vlans(10), vlans(30, other))
    assert cause.what.startswith("VLAN 10 -> 30: ")
    assert apart.what == "fdb entry of 02:00:0a:02:00:09 behind trunk0 new"
    assert not apart.parts
    wrong = vlans(30)
    wrong[2] = block(
        "fdb", "bridge fdb show br br0", FDB.format(v=30).replace("veth-red", "trunk0")
    )
    left = [item.what for item in review(vlans(10), wrong) if not item.parts]
    assert any("02:00:0a:02:00:02" in what for what in left)


def test_a_number_that_is_part_of_another_is_not_taken_for_it() -> None:
    old = [block("a", "cat a", "x 10\ny 10.0.0.1\n"), block("b", "cat b", "z 10\n")]
    new = [block("a", "cat a", "x 30\ny 30.0.0.1\n"), block("b", "cat b", "z 30\n")]
    cause, apart = review(old, new)
    assert cause.what.startswith("10 -> 30: 2 blocks")
    assert apart.what == "line changed: y 10.0.0.1 -> y 30.0.0.1"


def test_another_subnet_is_one_item() -> None:
    def blocks(net: str) -> list[Recording]:
        return [
            block("addresses", "ip -o addr", ADDR.format(net=net)),
            block("routes", "ip route", ROUTE.format(net=net)),
            block("ping", "echo", f"from {net}.9: icmp_seq=1\n"),
        ]

    (item,) = review(blocks("10.2.0"), blocks("10.3.0"))
    assert item.what.startswith("subnet 10.2.0.0/24 -> 10.3.0.0/24: 3 blocks, ")


def test_one_change_alone_stays_what_it_is() -> None:
    old, new = block("a", "echo", "VLAN 10\n"), block("a", "echo", "VLAN 30\n")
    (item,) = review([old], [new])
    assert item.what == "line changed: VLAN 10 -> VLAN 30"
    assert not item.parts


def test_a_script_is_shown_by_the_lines_that_differ() -> None:
    new = MAKE.format(v=10).replace("vid 1\n", "vid 1 self\n")
    (item,) = review([block("make", MAKE.format(v=10), "")], [block("make", new, "")])
    assert words(item) == "1 line of the command changed"
    assert list(below(item)) == [
        "- bridge vlan del dev veth-red vid 1",
        "+ bridge vlan del dev veth-red vid 1 self",
    ]


# As iputils' ping printed them over a tunnel, for an author's page about WireGuard.
PINGED = """\
PING {net}.2 ({net}.2) 56(84) bytes of data.
64 bytes from {net}.2: icmp_seq=1 ttl=64 time=4.04 ms

--- {net}.2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 4.040/4.040/4.040/0.000 ms
"""
REFUSED = """\
PING 10.77.0.1 (10.77.0.1) 56(84) bytes of data.
From {net}.1 icmp_seq=1 Destination Host Unreachable
ping: sendmsg: Required key not available

--- 10.77.0.1 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms

"""
TUNNEL = """\
ip link add wg0 type wireguard
ip addr add {net}.{host}/24 dev wg0
ip link set wg0 up"""


def pings(net: str, *, refused: str = REFUSED) -> list[Recording]:
    return [
        block("make0", TUNNEL.format(net=net, host=1), ""),
        block("make1", TUNNEL.format(net=net, host=2), ""),
        block("ping", f"ping -c 1 {net}.2", PINGED.format(net=net)),
        block("again", f"ping -c 1 {net}.2", PINGED.format(net=net)),
        block("no-key", "ping -c 1 -W 1 10.77.0.1", refused.format(net=net)),
    ]


def test_what_ping_was_told_by_another_subnet_follows_from_the_subnet() -> None:
    (item,) = review(pings("10.66.0"), pings("10.99.0"))
    assert item.what == (
        "subnet 10.66.0.0/24 -> 10.99.0.0/24: 5 blocks, 4 commands, 3 runs of ping"
    )
    assert list(below(item)) == [
        "1 line of the command of make0 changed",
        "- ip addr add 10.66.0.1/24 dev wg0",
        "+ ip addr add 10.99.0.1/24 dev wg0",
        "1 line of the command of make1 changed",
        "command ping -c 1 10.66.0.2 -> ping -c 1 10.99.0.2",
        "target of ping 10.66.0.2 -> 10.99.0.2",
        "sender of answer 1 of ping 10.66.0.2 -> 10.99.0.2",
        "ping of 10.77.0.1 no longer says: 10.66.0.1: Destination Host Unreachable",
        "and 1 more",
    ]


def test_a_script_that_is_not_among_the_first_parts_is_named() -> None:
    (item,) = review(pings("10.66.0")[::-1], pings("10.99.0")[::-1])
    *_, whose, gone, come = below(item, 2)
    assert whose == "1 line of the command of make1 changed:"
    assert gone == "- ip addr add 10.66.0.2/24 dev wg0"
    assert come == "+ ip addr add 10.99.0.2/24 dev wg0"


@pytest.mark.parametrize(
    ("old", "new"),
    [("Destination Host", "Destination Net"), ("From {net}.1", "From {net}.3")],
)
def test_another_error_of_ping_does_not_follow_from_the_subnet(old: str, new: str) -> None:
    other = REFUSED.replace(old, new)
    cause, *apart = review(pings("10.66.0"), pings("10.99.0", refused=other))
    assert cause.what.startswith("subnet 10.66.0.0/24 -> 10.99.0.0/24: 4 blocks, ")
    assert {block for item in apart for block in item.blocks} == {"no-key"}
    said = [change.what.partition(": ")[0] for item in apart for change in item.changes]
    assert said == ["ping of 10.77.0.1 no longer says", "ping of 10.77.0.1 says"]


def test_a_name_that_has_another_address_is_said_as_ping_does() -> None:
    # busybox, networking/ping.c: "PING %s (%s): %u data bytes".
    printed = "PING hello ({}): 56 data bytes\n64 bytes from {}: seq=0 ttl=62 time=0.5 ms\n"
    sides = [
        [block("ping", "ping -c 1 hello", printed.format(address, address))]
        for address in ("10.43.0.80", "10.43.0.81")
    ]
    assert [part.what for part in review(*sides)[0].parts] == [
        "target of ping hello (10.43.0.80) -> hello (10.43.0.81)",
        "sender of answer 0 of ping of hello (10.43.0.80) 10.43.0.80 -> 10.43.0.81",
    ]


def test_what_all_parts_say_is_another_is_the_name_of_the_cause() -> None:
    def blocks(index: int) -> list[Recording]:
        return [
            block(name, f"ip addr show {name}", LINK.format(name=name, index=index))
            for name in ("eth0", "eth1")
        ]

    (item,) = review(blocks(2), blocks(10))
    assert item.what == "index 2 -> 10: 2 blocks, 2 links"


@pytest.mark.parametrize("count", [60])
def test_many_records_take_no_time(count: int) -> None:
    entry = "02:00:0a:02:00:{n:02x} dev trunk0 vlan {v} master br0\n"
    sides = [
        [block("fdb", "bridge fdb show", "".join(entry.format(n=n, v=v) for n in range(count)))]
        for v in (10, 30)
    ]
    (item,) = review(*sides)
    assert item.what == f"VLAN 10 -> 30: 1 block, {count} forwarding entries"
