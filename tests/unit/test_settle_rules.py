"""Traces of packets among rules are settled: what is numbered anew is hidden, another way is not."""

import re
from pathlib import Path

import pytest

from tests.unit.paths_support import text
from tests.unit.settle_support import settle_text


def again(trace: str) -> str:
    """The same trace as another lab would print it: ids, handles, MACs, ports, counters."""
    ids = sorted(set(re.findall(r"(?:trace id|PACKET: 2|TRACE: 2) ([0-9a-f]{8})", trace)))
    for number, old in enumerate(ids):
        trace = trace.replace(old, f"{0xA0B0C0D0 + 4097 * number:08x}")
    for mac in set(re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?=[ :])", trace)):
        trace = trace.replace(mac, f"{mac[:9]}{int(mac[9:11], 16) ^ 0x5A:02x}{mac[11:]}")
    (port,) = set(re.findall(r"SPORT=(\d+)|tcp sport (\d+)", trace))
    trace = trace.replace("".join(port), "51234")
    trace = re.sub(r"rule:0x[0-9a-f]+", "rule:0x1f3", trace)
    trace = re.sub(r"\b(ID=|ip id |ct id )\d+", r"\g<1>4711", trace)
    return re.sub(r"packets [1-9]\d* bytes \d+", "packets 7 bytes 700", trace)


@pytest.mark.parametrize("case", ["ipt-pod", "nft-pod", "ipt-node", "nft-nodeport"])
def test_what_is_numbered_anew_is_hidden(tmp_path: Path, case: str) -> None:
    old = text(f"{case}.trace.txt")
    new = again(old)
    assert new != old
    assert settle_text(tmp_path, old, new) == old


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("KUBE-SEP-UQOB44FT3ETTQ756", "KUBE-SEP-43J65J3KPW7GTT3K"),
        ("DST=10.42.1.2", "DST=10.42.2.2"),
        ("OUT=flannel.1", "OUT=eth1"),
        ("TTL=63", "TTL=62"),
        ("rule:0x5e:0xfffffffb", "rule:0x5e:ACCEPT"),
        ("DPORT=80 ", "DPORT=81 "),
    ],
)
def test_another_way_is_shown(tmp_path: Path, before: str, after: str) -> None:
    old = text("ipt-pod.trace.txt")
    new = again(old.replace(before, after))
    assert after in old.replace(before, after)
    assert after.replace("rule:0x5e", "rule:0x1f3") in new
    settled = settle_text(tmp_path, old, new)
    assert settled != old
    assert settled.count(after.partition(":0x5e")[2] or after) > old.count(
        after.partition(":0x5e")[2] or after
    )


def test_a_line_under_the_id_of_no_packet_is_shown(tmp_path: Path) -> None:
    old = text("ipt-pod.trace.txt")
    new = again(old)
    first = re.search(r"PACKET: 2 ([0-9a-f]{8})", new)
    assert first is not None
    # A line alone under an id that its packet does not have.
    alone = new.replace(f"TRACE: 2 {first[1]} nat:PREROUTING", "TRACE: 2 00000001 nat:PREROUTING")
    assert alone != new
    assert settle_text(tmp_path, old, alone) != old
