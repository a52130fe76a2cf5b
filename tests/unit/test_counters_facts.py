"""Where a page says that counters are facts each of them is one: settled, compared, reviewed."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from macros.compare import editions, mac_forms
from macros.compare.change import joined
from macros.compare.editions import Purpose
from macros.ground.model import Block, Recording
from macros.review import unexplained
from macros.settle import examples, noise
from macros.settle import folder as settle_page
from macros.store import form
from tests.unit import settle_support
from tests.unit.compare_support import of, printed, words
from tests.unit.settle_support import recording, write

COUNTERS = noise.facts(["counter"])
EXAMPLES = [
    (kind.name, old, new)
    for kind in noise.ALL
    if kind.counts
    for old, new in examples.of(kind).same
]


def settled(tmp_path: Path, old: Recording, new: Recording, *facts: str) -> Recording:
    page = replace(
        settle_support.page(),
        blocks=(Block("page", "a", 1, "run", "node0", "true", facts=facts),),
    )
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    out.mkdir()
    sides = [write(out / side, [one]) for side, one in (("old", old), ("new", new))]
    (out / "settled").mkdir()
    settle_page.settle(page, sides[0], sides[1], out / "settled", {})
    return form.read(out / "settled" / "a.txt", "")


def told(old: Recording, new: Recording, facts: frozenset[str] = COUNTERS) -> list[str]:
    forms = mac_forms.Forms({}, {})
    return words(list(joined(editions.blocks(old, new, forms, Purpose(facts=facts)))))


def test_a_page_s_word_for_counters_means_each_kind_that_counts() -> None:
    assert sorted(COUNTERS) == ["counter", "socket's count", "statistic", "trace count"]
    assert noise.facts(["rtt"]) == {"rtt"}
    assert noise.facts([]) == frozenset()


@pytest.mark.parametrize(("name", "old", "new"), EXAMPLES)
def test_every_counter_is_noise_unless_the_page_says_so(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    was, now = recording("a", f"{old}\n"), recording("a", f"{new}\n")
    assert settled(tmp_path, was, now).text == was.text, name
    assert settled(tmp_path, was, now, "counter").text == now.text, name
    assert told(was, now, frozenset()) == []
    assert told(was, now)
    assert told(now, was)
    assert told(was, was) == []


def _count(name: str, old: str, new: str) -> tuple[Recording, Recording]:
    before = printed(name)
    assert old in before.text
    return before, replace(before, text=before.text.replace(old, new, 1))


# As they are printed by iproute2 (misc/nstat.c), iptables (iptables/iptables.c, print_firewall), nft
# (src/statement.c, counter_stmt_print) and conntrack (libnetfilter_conntrack, snprintf_default.c).
NSTAT = "#kernel\nTcpExtIPReversePathFilter       {}                  0.0\n"
RULES = """\
Chain INPUT (policy ACCEPT 532 packets, 63419 bytes)
    pkts      bytes target     prot opt in     out     source               destination
       {n}      252 ACCEPT     0    --  *      *       0.0.0.0/0            0.0.0.0/0
"""
NFT = """\
table inet f {{
	chain c {{
		type filter hook input priority filter; policy accept;
		counter packets {n} bytes 252 drop
	}}
}}
"""
CONNTRACK = (
    "icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=5 packets={n} bytes=84"
    " src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=5 packets=3 bytes=84 mark=0 use=1\n"
)


def _printed(command: str, text: str) -> tuple[Recording, Recording]:
    sides = (recording("a", text.format(number, n=number), command) for number in (3, 4))
    return next(sides), next(sides)


def _link(count: int) -> str:
    one = copy.deepcopy(of("link-statistics").twin)
    one[0]["stats64"]["rx"]["packets"] = count
    return json.dumps(one) + "\n"


SAID: dict[str, Callable[[], tuple[Recording, Recording]]] = {
    "nstat": lambda: _printed("ip netns exec box nstat -asz", NSTAT),
    "iptables -v": lambda: _printed("iptables -nvxL INPUT", RULES),
    "nft": lambda: _printed("nft list ruleset", NFT),
    "conntrack": lambda: _printed("conntrack -L", CONNTRACK),
    "conntrack -C": lambda: _printed("conntrack -C", "{}\n"),
    "ss -s": lambda: _printed("ss -s", "Total: {}\n"),
    "ip -s neigh": lambda: _count("neigh-statistics", "probes 5", "probes 7"),
    "ss -i": lambda: _count("ss-information", "bytes_acked:1 ", "bytes_acked:17 "),
    "ip -j -s link": lambda: (
        recording("a", _link(3), "ip -j -s link show eth1"),
        recording("a", _link(4), "ip -j -s link show eth1"),
    ),
}


@pytest.mark.parametrize("tool", SAID)
def test_each_tool_s_counters_are_told(tmp_path: Path, tool: str) -> None:
    old, new = SAID[tool]()
    assert told(old, new, frozenset()) == []
    assert told(old, new)
    assert told(new, old)
    assert settled(tmp_path, old, new).text == old.text
    assert settled(tmp_path, old, new, "counter").text == new.text


def test_a_counter_that_only_the_json_has_is_told(tmp_path: Path) -> None:
    was, now = (
        recording("a", "eth1 UP\n", "ip -br link", json.loads(_link(number))) for number in (3, 4)
    )
    assert told(was, now, frozenset()) == []
    assert len(told(was, now)) == 1
    old, new = write(tmp_path / "o" / "page", [was]), write(tmp_path / "n" / "page", [now])
    (noisy,) = unexplained.changes(old, new, ["a"])
    assert noisy.what.startswith("no fact differs")
    keeps = {("page", "a"): Purpose(facts=COUNTERS)}
    (change,) = unexplained.changes(old, new, ["a"], keeps)
    assert change.what == "1 line of the recording of a differs"


def test_other_noise_beside_a_counter_stays_noise(tmp_path: Path) -> None:
    old, _ = _printed("conntrack -L", CONNTRACK)
    new = replace(old, text=old.text.replace("1 29 src", "1 27 src").replace("id=5", "id=9"))
    assert told(old, new) == []
    assert settled(tmp_path, old, new, "counter").text == old.text


def test_each_counter_is_told_below_what_it_belongs_to() -> None:
    text = "2: eth0: <UP> mtu 1500\n    RX:  bytes packets errors dropped  missed   mcast\n        100       {}      0       0       0       0\n"
    lines = f"{text}{text.replace('2: eth0', '3: eth1')}"
    old, new = (recording("a", lines.format(*pair), "true") for pair in ((3, 3), (3, 4)))
    (what,) = told(old, new)
    assert what.startswith("line changed: 100       3 ")
