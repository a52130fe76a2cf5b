"""Rewritings of nftables that not every packet comes to: of one family, in a dormant table."""

import json

import pytest

from macros.ground.errors import GuideError
from macros.ways import nftables, shares
from macros.ways.ruleset import Rules


def _rewriting_nft(*exprs: list[object], family: str, **table: object) -> Rules:
    base = {"family": family, "table": "nat"}
    hook = {"name": "PRE", "type": "nat", "hook": "prerouting", "prio": -100}
    twin = {
        "nftables": [
            {"table": {"family": family, "name": "nat", **table}},
            {"chain": {**base, **hook}},
            *({"rule": {**base, "chain": "PRE", "expr": expr}} for expr in exprs),
        ]
    }
    return nftables.read(json.dumps(twin), None)


def _port_80(then: object) -> list[object]:
    payload = {"payload": {"protocol": "tcp", "field": "dport"}}
    return [{"match": {"op": "==", "left": payload, "right": 80}}, then]


@pytest.mark.parametrize("turned", [False, True])
def test_a_rewriting_of_one_family_leaves_the_other(turned: bool) -> None:
    """`dnat ip to …` in a table of both families, with a map or without."""
    by_map = {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[80, "10.0.0.1"]]}}  # fmt: skip
    exprs = [
        _port_80({"dnat": {"family": "ip", "addr": {"map": by_map}}}),
        _port_80({"dnat": {"family": "ip6", "addr": "fd00::1", "port": 8080}}),
    ]
    both = _rewriting_nft(*(reversed(exprs) if turned else exprs), family="inet")
    assert shares.shares(both, "192.0.2.7:80") == {"10.0.0.1:80": 1}
    assert shares.shares(both, "[fd00::9]:80") == {"[fd00::1]:8080": 1}


@pytest.mark.parametrize("flags", ["dormant", ["dormant"]])
def test_no_packet_comes_through_a_dormant_table(flags: object) -> None:
    expr = _port_80({"dnat": {"addr": "10.0.0.1", "port": 8080}})
    awake = _rewriting_nft(expr, family="ip")
    assert shares.shares(awake, "192.0.2.7:80") == {"10.0.0.1:8080": 1}
    with pytest.raises(GuideError, match="nowhere"):
        shares.shares(_rewriting_nft(expr, family="ip", flags=flags), "192.0.2.7:80")
