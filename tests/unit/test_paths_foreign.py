"""Rules of others: what tests/foreign/ways has of them, each with the answer that is right."""

import json
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from macros.figures.ways import rules_drawing
from macros.ground.errors import GuideError
from macros.ways import evidence, iptables, nftables, recorded_rules, shares
from macros.ways.packet_way import taken
from macros.ways.ruleset import Packet, Rules
from macros.ways.walk import ways
from tests.unit.paths_support import recording

FOREIGN = Path(__file__).parent.parent / "foreign" / "ways"
ONE = Fraction(1)
HALF = Fraction(1, 2)
THIRD = Fraction(1, 3)


def printed(name: str) -> str:
    return (FOREIGN / name).read_text(encoding="utf-8")


def rules(name: str) -> Rules:
    """The rules of a file; of nftables, with its JSON."""
    if name.startswith("nft-"):
        twin = json.loads(printed(f"{name.removesuffix('-a')}.json"))
        return nftables.read(printed(f"{name}.txt"), twin)
    return iptables.read(printed(f"{name}.txt"))


def refused(name: str, service: str) -> str:
    """Why a Service has no shares."""
    with pytest.raises(GuideError) as caught:
        shares.shares(rules(name), service)
    return caught.value.message


BOTH = {"10.42.0.25:8080": HALF, "10.42.1.20:8080": HALF}
BOTH_OF_IPV6 = {"[fd00:10:42::19]:8080": HALF, "[fd00:10:42:1::14]:8080": HALF}
BOTH_IN_WORDS = "10.42.0.25:8080 1/2, 10.42.1.20:8080 1/2"
NEAR = {"10.42.0.25:8080": ONE}
NEAR_OF_IPV6 = {"[fd00:10:42::19]:8080": ONE}


@pytest.mark.parametrize(
    ("name", "service", "right"),
    [
        # externalTrafficPolicy: Local. The node's own are not asked about, nor pods.
        ("local-node", "198.51.100.100:80", NEAR),
        ("local-pods", "198.51.100.100:80", NEAR),
        ("local-legacy", "192.0.2.7:30080", NEAR),
        ("local-pods", "default/web:http", BOTH),
        # loadBalancerSourceRanges: for those in them.
        ("ranges", "198.51.100.7:80", BOTH),
        ("ranges", "198.51.100.100:80", NEAR),
        # One address is asked of three times whether it is the node's own.
        ("hostports", "192.0.2.7:8080", {"172.17.0.2:80": ONE}),
        ("hostports", "192.0.2.7:8443", {"10.42.0.31:443": ONE}),
        ("hostports", "192.0.2.7:30080", BOTH),
        ("hostports", "127.0.0.1:8443", {"10.42.0.31:443": ONE}),
        # Turns and chance turned round.
        ("nth", "192.0.2.7:80", {f"10.0.0.{n}:80": THIRD for n in (5, 6, 7)}),
        ("nth", "192.0.2.9:80", {"10.0.0.5:80": Fraction(3, 4), "10.0.0.6:80": Fraction(1, 4)}),
        # What a rewriting leaves out stays; a range is one end, whichever of it.
        ("targets", "192.0.2.7:1003", {"10.0.0.5:8000-8010": ONE}),
        ("targets", "192.0.2.7:1004", {"10.0.0.1-10.0.0.4:1004": ONE}),
        ("targets", "192.0.2.7:1005", {"192.0.2.7:8080": ONE}),
        ("targets", "192.0.2.7:1006", {"10.0.0.5:1006": ONE}),
        # CONNMARK and LOG end nothing.
        ("targets", "192.0.2.7:1007", {"10.0.0.7:80": ONE}),
        ("targets", "192.0.2.15:1009", {"10.0.0.9:80": ONE}),
        ("targets", "192.0.2.7:1010", {"10.0.0.10:80": ONE}),
        ("targets", "192.0.2.7:1013/udp", {"10.0.0.14:53": ONE}),
        ("targets", "192.0.2.7:1015", {"10.0.0.17:80": ONE}),
        # IPv6, by address in every spelling and by name.
        ("ip6tables", "[fd00:10:43::50]:80", BOTH_OF_IPV6),
        ("ip6tables", "[FD00:10:43:0::50]:80", BOTH_OF_IPV6),
        ("ip6tables", "default/web:http", BOTH_OF_IPV6),
        # Both families in one list.
        ("nft-kube", "10.43.0.50:80", BOTH),
        ("nft-kube", "[fd00:10:43::50]:80", BOTH_OF_IPV6),
        ("nft-kube", "198.51.100.100:80", NEAR),
        ("nft-kube", "[fd00:100::100]:80", NEAR_OF_IPV6),
        ("nft-kube", "192.0.2.7:30080", NEAR),
        ("nft-kube", "[2001:db8::7]:30080", NEAR_OF_IPV6),
        ("nft-kube", "default/sticky:http", BOTH),
        ("nft-forms", "192.0.2.9:1001", {"10.0.0.1:8080": ONE}),
        ("nft-forms", "[fd00::1]:1002", {"[fd00::2]:8080": ONE}),
        ("nft-forms", "192.0.2.9:1003", {"10.0.0.5:1003": HALF, "10.0.0.6:1003": HALF}),
        ("nft-forms", "192.0.2.9:1005", {"10.0.0.1-10.0.0.4:1005": ONE}),
        ("nft-forms", "192.0.2.9:1006", {"10.0.0.1:8000-8010": ONE}),
        (
            "nft-forms",
            "192.0.2.9:1008",
            {"10.0.0.8:80": Fraction(3, 10), "10.0.0.9:80": Fraction(7, 10)},
        ),
        ("nft-forms", "192.0.2.9:1025", {"10.0.0.10:80": ONE}),
        ("nft-forms", "192.0.2.9:1015/udp", {"10.0.0.16:80": ONE}),
        ("nft-forms", "192.0.2.9:1017", {"10.0.0.17:1017": ONE}),
        ("nft-forms", "192.0.2.9:60001", {"10.0.0.18:80": ONE}),
    ],
)
def test_shares_are_right(name: str, service: str, right: Mapping[str, Fraction]) -> None:
    chances = shares.shares(rules(name), service)
    assert chances == right
    assert list(chances) == list(right)


@pytest.mark.parametrize(
    ("name", "service", "reason"),
    [
        (
            "nth",
            "192.0.2.8:80",
            r"10\.0\.0\.5:80 1/2, nowhere, .*rule 4 of PREROUTING \(--mode nth",
        ),
        # The second rule counts the same packets as the first: never is it 1/4 for each.
        ("nth", "192.0.2.10:80", r"--mode nth.*rule 1 of IN-STEP .* and rule 2 of IN-STEP"),
        ("hostports", "192.0.2.7:9001", "do not lead .* to endpoints: nowhere"),
        ("targets", "192.0.2.7:1001", "the path ends here, by REDIRECT --to-ports 8080-8090"),
        ("targets", "10.1.2.3:1002", r"the path ends here, by NETMAP --to 10\.2\.0\.0/16"),
        ("targets", "192.0.2.7:1008", "the path ends here, by NFQUEUE --queue-num 3"),
        # The mark comes from the connection; how many were before, from nowhere.
        ("targets", "192.0.2.7:1012", r"where the mark is not 0x1/0x1: 10\.0\.0\.13:80 1"),
        ("targets", "192.0.2.7:1014", r"--limit 3/min \(line 24\) matches: 10\.0\.0\.15:80 1"),
        ("targets", "192.0.2.7:1016", r"10\.0\.0\.1/255\.0\.0\.255 matches: 10\.0\.0\.18:80 1"),
        ("unsupported", "192.0.2.7:80", r"-m socket \[unsupported revision\] \(line 6\)"),
        ("unsupported", "192.0.2.8:80", r"NFQUEUE, which iptables prints as \[unsup.*\(line 8\)"),
        ("ip6tables", "10.43.0.50:80", "not those of IPv4"),
        ("ip6tables", "[fd00:10:43::50]:0", "no connection has port 0"),
        ("nft-forms", "192.0.2.9:1002", "nowhere"),  # `ip6 daddr` is no question of IPv4
        ("nft-forms", "192.0.2.9:1015", "nowhere"),  # `udp dport` is none of TCP
        ("nft-forms", "192.0.2.9:60001/udp", "nowhere"),
        ("nft-forms", "192.0.2.9:1004", r"where jhash ip saddr mod 2 is 0: 10\.0\.0\.5:80 1"),
        ("nft-forms", "192.0.2.9:1007", "the path ends here, by redirect to :8080"),
        ("nft-forms", "192.0.2.9:1009", "nowhere"),
        ("nft-forms", "192.0.2.9:1011", "where limit rate 3/minute .* does not match: nowhere"),
        ("nft-forms", "10.3.0.7:1012", r"the path ends here, by dnat to 10\.4\.0\.0/16"),
        ("nft-forms", "192.0.2.9:1013", r"where the mark is 0x1/0xffffffff: 10\.0\.0\.13:80 1"),
        ("nft-forms", "192.0.2.9:1016", "nowhere"),
    ],
)
def test_refused_with_a_reason_that_is_true(name: str, service: str, reason: str) -> None:
    assert re.search(reason, refused(name, service))


@pytest.mark.parametrize(
    ("name", "asked", "right"),
    [
        ("local-node", "198.51.100.100:80", "1"),
        (
            "local-pods",
            "198.51.100.100:80",
            f"10.42.0.25:8080 1; for a source in 10.42.0.0/16: {BOTH_IN_WORDS}",
        ),
        ("local-pods", "198.51.100.100:80 10.42.0.25:8080", "1; for a source in 10.42.0.0/16: 1/2"),
        ("local-pods", "198.51.100.100:80 10.42.1.20:8080", "0; for a source in 10.42.0.0/16: 1/2"),
        ("ranges", "198.51.100.7:80", "1/2, 1/2, only for a source in 203.0.113.0/24, 192.0.2.0/25"),
        ("hostports", "192.0.2.7:8080", "1"),
        ("nft-forms", "192.0.2.9:1014", "1, only for what arrives by eth*"),
        ("nft-kube", "default/web:http", "1/2, 1/2"),
        ("nft-kube", "default/sticky:http [FD00:10:42::19]:8080", None),
        ("nft-kube", "[fd00:10:43::51]:80 [FD00:10:42::19]:8080", "1/2"),
        ("unsupported", "192.0.2.7:80", "1, only where -m socket [unsupported revision] (line 6) does not match"),
    ],
)  # fmt: skip
def test_a_sentence_says_for_whom_they_hold(name: str, asked: str, right: str | None) -> None:
    if right is None:
        with pytest.raises(GuideError, match="has no endpoint"):
            shares.text(rules(name), asked)
    else:
        assert shares.text(rules(name), asked) == right


def test_handles_change_nothing() -> None:
    for service in ("10.43.0.50:80", "[fd00:100::100]:80"):
        assert shares.shares(rules("nft-kube-a"), service) == shares.shares(
            rules("nft-kube"), service
        )
    with_handles = [
        rule.text for chain in rules("nft-kube-a").chains.values() for rule in chain.rules
    ]
    assert with_handles == [
        rule.text for chain in rules("nft-kube").chains.values() for rule in chain.rules
    ]
    assert not any("handle" in text for text in with_handles)


def test_a_terse_listing_does_not_know_its_maps() -> None:
    """As `nft -t` prints it, in JSON too: without a single element."""
    items = json.loads(printed("nft-kube.json"))["nftables"]
    for item in items:
        for name in ("set", "map"):
            item.get(name, {}).pop("elem", None)
    terse = recording(
        "b", "nft -t list ruleset", printed=printed("nft-kube.txt"), twin={"nftables": items}
    )
    with pytest.raises(GuideError, match="elements were not recorded"):
        shares.shares(recorded_rules.ruleset_of(terse), "10.43.0.50:80")


def _to(address: str, port: int) -> list[dict[str, object]]:
    payload = {"protocol": "ip", "field": "daddr"}
    ports = {"protocol": "tcp", "field": "dport"}
    return [
        {"match": {"op": "==", "left": {"payload": payload}, "right": address}},
        {"match": {"op": "==", "left": {"payload": ports}, "right": port}},
    ]


def test_an_extension_that_nft_does_not_read_costs_its_rule() -> None:
    """An nft without libxtables writes `null` for a match or target of iptables-nft's."""
    base = {"family": "ip", "table": "nat"}
    hook = {"name": "PREROUTING", "type": "nat", "hook": "prerouting", "prio": -100}
    dnat: dict[str, object] = {"dnat": {"addr": "10.0.0.5", "port": 80}}
    exprs = [[*_to("192.0.2.7", 80), {"xt": None}, dnat], [*_to("192.0.2.8", 80), dnat]]
    twin = {
        "nftables": [
            {"table": {"family": "ip", "name": "nat"}},
            {"chain": {**base, **hook}},
            *({"rule": {**base, "chain": "PREROUTING", "expr": expr}} for expr in exprs),
        ]
    }
    read = nftables.read(json.dumps(twin), None)
    assert shares.shares(read, "192.0.2.8:80") == {"10.0.0.5:80": ONE}
    with pytest.raises(GuideError, match="the path ends here, by xt"):
        shares.shares(read, "192.0.2.7:80")


def test_a_table_is_named_by_its_family_where_both_have_it() -> None:
    twin = json.loads(printed("nft-kube.json"))
    ip6 = nftables.read(printed("nft-kube.txt"), twin, "ip6 kube-proxy")
    assert (ip6.family, ip6.others) == ("ip6", ())
    assert shares.shares(ip6, "default/web:http") == BOTH_OF_IPV6
    with pytest.raises(GuideError, match="not those of IPv4"):
        shares.shares(ip6, "10.43.0.50:80")


def test_one_save_after_the_other_has_both_families() -> None:
    """As of `iptables-save; ip6tables-save`."""
    together = iptables.read(printed("local-node.txt") + printed("ip6tables.txt"))
    assert shares.shares(together, "10.43.0.50:80") == BOTH
    assert shares.shares(together, "[fd00:10:43::50]:80") == BOTH_OF_IPV6


def test_json_that_was_recorded_alone_is_enough() -> None:
    alone = recording("b", "nft -j list ruleset", printed=printed("nft-kube.json"), twin=None)
    assert shares.shares(recorded_rules.ruleset_of(alone), "10.43.0.50:80") == BOTH


def test_a_list_of_another_table_is_not_taken_for_nat() -> None:
    lines = printed("local-node.txt").replace("*nat\n", "").replace("COMMIT\n", "")
    nat = recording("b", "iptables -t nat -S", printed=lines, twin=None)
    assert shares.shares(recorded_rules.ruleset_of(nat), "10.43.0.50:80") == BOTH
    with pytest.raises(GuideError, match="shows no table nat, only filter"):
        recorded_rules.ruleset_of(recording("b", "iptables -S", printed=lines, twin=None))


def test_rules_of_nftables_without_json_are_refused_for_that() -> None:
    alone = recording("b", "nft list ruleset", printed=printed("nft-kube.txt"), twin=None)
    with pytest.raises(GuideError, match="read from their JSON, and none was recorded"):
        recorded_rules.ruleset_of(alone)


@pytest.mark.parametrize(
    "twin", [{"nftables": [{"table": {}}]}, {"nftables": [{"rule": 3}]}, {"nftables": 3}, {}, []]
)
def test_json_of_another_form_is_no_traceback(twin: object) -> None:
    with pytest.raises(GuideError):
        nftables.read("table ip x {\n}\n", twin)


def test_a_table_that_iptables_does_not_read_is_refused_for_that() -> None:
    """As iptables-nft-save 1.8.9 printed it of a table with a rule that has `numgen`."""
    with pytest.raises(GuideError, match=r"incompatible, use 'nft' tool"):
        iptables.read("# Table `nat' is incompatible, use 'nft' tool.\n")


def test_a_rule_that_does_not_read_costs_that_rule() -> None:
    broken = iptables.read(printed("nth.txt").replace("--every 3", "--every many"))
    with pytest.raises(GuideError, match=r"a rule that does not read \(line 7\)"):
        shares.shares(broken, "192.0.2.7:80")
    assert shares.text(broken, "192.0.2.9:80") == "3/4, 1/4"


def test_a_rule_with_a_word_of_no_option_costs_that_rule() -> None:
    text = printed("nth.txt")
    first = next(line for line in text.splitlines() if "192.0.2.7" in line)
    odd = first.replace("-A PREROUTING", "-A PREROUTING [another thing]")
    broken = iptables.read(text.replace(first, odd))
    with pytest.raises(GuideError, match=r"a rule that does not read \(line 7\)"):
        shares.shares(broken, "192.0.2.7:80")
    assert shares.text(broken, "192.0.2.9:80") == "3/4, 1/4"


def test_the_node_itself_may_ask_where_the_packet_tells() -> None:
    """The source type is asked twice in KUBE-EXT-W; its answer is one."""
    sent = Packet("tcp", None, "198.51.100.100", None, 80)
    ends = [
        (way.dnat, way.share, way.packet.mark)
        for way in ways(rules("local-node"), "prerouting", sent)
    ]
    by_mark: dict[int, Fraction] = {}
    for end, share, mark in ends:
        assert end
        by_mark[mark] = by_mark.get(mark, Fraction(0)) + share
    # Own: both endpoints, masked, told apart by whether the source is that endpoint's own.
    assert ends[-1] == ("10.42.0.25:8080", ONE, 0)
    assert all(mark == 0x4000 for _, _, mark in ends[:-2])


def test_a_redirected_connection_is_drawn_by_what_conntrack_keeps() -> None:
    told = evidence.read(printed("redirect.conntrack.txt"), "nat")
    way = taken(rules("redirect"), [told], "10.0.0.1:1001")
    assert way.first.dnat == "10.0.0.1:8080"
    assert way.middle.to_text == "10.0.0.1:8080"
    shown = rules_drawing.figure(way, id="w", title="t")
    assert "REDIRECT --to-ports 8080" in shown


def test_a_table_as_long_as_a_large_clusters_is_walked() -> None:
    """5,000 Services: their rules are passed by, one after the other."""
    head, tail = printed("local-node.txt").split("-A KUBE-SERVICES", 1)
    many = "".join(
        f"-A KUBE-SERVICES -d 10.44.{n // 250}.{n % 250}/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-W\n"
        for n in range(5000)
    )
    assert (
        shares.shares(iptables.read(f"{head}{many}-A KUBE-SERVICES{tail}"), "10.43.0.50:80") == BOTH
    )


def _as_saved(count: int) -> str:
    """One of so many as iptables-save prints what kube-proxy gave it with ten digits."""
    kept = math.floor(float(f"{1 / count:.10f}") * 2**31 + 0.5)
    return f"{kept / 2**31:.11f}"


@pytest.mark.parametrize("count", [44, 51, 71, 124])
def test_a_probability_of_ten_digits_is_the_fraction_meant(count: int) -> None:
    """2^31 times these ten digits rounds to another number than 2^31 over the count."""
    assert iptables.share(_as_saved(count)) == Fraction(1, count)


def test_a_thousand_endpoints_have_a_thousandth_each() -> None:
    """Each asks whether the client is itself, for a mark that decides nothing here."""
    count = 1000
    lines = ["*nat", ":PREROUTING ACCEPT", ":MASQ -", "-A MASQ -j MARK --set-xmark 0x4000/0x4000"]
    for n in range(count):
        end = f"10.42.{n // 250}.{n % 250}"
        chance = f" -m statistic --mode random --probability {_as_saved(count - n)}"
        lines += [
            f"-A PREROUTING -d 10.43.0.50/32 -p tcp{chance if n < count - 1 else ''} -j SEP-{n}",
            f"-A SEP-{n} -s {end}/32 -j MASQ",
            f"-A SEP-{n} -p tcp -m tcp -j DNAT --to-destination {end}:80",
        ]
    chances = shares.shares(iptables.read("\n".join(lines)), "10.43.0.50:80")
    assert set(chances.values()) == {Fraction(1, count)}
    assert len(chances) == count


def _table(*chains: str, rules: Mapping[str, list[list[dict[str, object]]]]) -> dict[str, object]:
    """JSON of a table nat with these chains and rules; PREROUTING is its base chain."""
    base = {"family": "ip", "table": "nat"}
    hook = {"type": "nat", "hook": "prerouting", "prio": -100}
    return {
        "nftables": [
            {"table": {"family": "ip", "name": "nat"}},
            *(
                {"chain": {**base, "name": name, **(hook if name == "PREROUTING" else {})}}
                for name in chains
            ),
            *(
                {"rule": {**base, "chain": name, "expr": expr}}
                for name, exprs in rules.items()
                for expr in exprs
            ),
        ]
    }


_TWO_CHAINS = """table ip nat {
\tchain one {
\t\tdnat to 10.0.0.5:80
\t}

\tchain PREROUTING {
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t\tip daddr 192.0.2.7 tcp dport 80 jump one
\t\tip daddr 192.0.2.8 tcp dport 80 dnat to 10.0.0.6:80
\t}
}
"""
_ONE: dict[str, object] = {"dnat": {"addr": "10.0.0.5", "port": 80}}
_TWO: dict[str, object] = {"dnat": {"addr": "10.0.0.6", "port": 80}}
_BASE: list[list[dict[str, object]]] = [
    [*_to("192.0.2.7", 80), {"jump": {"target": "one"}}],
    [*_to("192.0.2.8", 80), _TWO],
]


@pytest.mark.parametrize(
    ("twin", "why"),
    [
        (
            _table("PREROUTING", rules={"PREROUTING": _BASE}),
            "chain one, which the recorded JSON does not have",
        ),
        (
            _table("one", "PREROUTING", rules={"one": [[_ONE], [_ONE]], "PREROUTING": _BASE}),
            "chain one, which has 1 rules as text and 2 as JSON",
        ),
    ],
)
def test_a_chain_that_the_json_does_not_have_costs_that_chain(
    twin: dict[str, object], why: str
) -> None:
    read = nftables.read(_TWO_CHAINS, twin)
    assert shares.shares(read, "192.0.2.8:80") == {"10.0.0.6:80": ONE}
    with pytest.raises(GuideError, match=why):
        shares.shares(read, "192.0.2.7:80")


def test_a_chain_in_neither_costs_who_comes_into_it() -> None:
    twin = _table("PREROUTING", rules={"PREROUTING": _BASE})
    read = nftables.read(json.dumps(twin), None)
    assert shares.shares(read, "192.0.2.8:80") == {"10.0.0.6:80": ONE}
    with pytest.raises(GuideError, match="chain one, which was not recorded"):
        shares.shares(read, "192.0.2.7:80")


def test_a_base_chain_that_the_json_does_not_have_is_asked_where_it_hooks_in() -> None:
    twin = _table("one", rules={"one": [[_ONE]]})
    read = nftables.read(_TWO_CHAINS, twin)
    with pytest.raises(GuideError, match="chain PREROUTING, which the recorded JSON does not"):
        shares.shares(read, "192.0.2.8:80")


def test_chains_that_the_json_has_are_read_as_before() -> None:
    twin = _table("one", "PREROUTING", rules={"one": [[_ONE]], "PREROUTING": _BASE})
    read = nftables.read(_TWO_CHAINS, twin)
    assert read.table == "nat"
    assert shares.shares(read, "192.0.2.7:80") == {"10.0.0.5:80": ONE}


HOSTPORTS = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 9000:9010 -j DNAT --to-destination {to}
-A DOCKER -p tcp -m tcp --dport 9020 -j TPROXY --on-port 15001 --on-ip 0.0.0.0
COMMIT
"""


@pytest.mark.parametrize(
    ("to", "port", "right"),
    [
        ("172.18.0.2:8000-8010/9000", 9004, "172.18.0.2:8004"),
        ("172.18.0.2:8000-8004/9000", 9006, "172.18.0.2:8001"),
        ("172.18.0.2:8000-8010", 9004, "172.18.0.2:8000-8010"),
    ],
)
def test_ports_that_keep_their_order_are_told_apart(to: str, port: int, right: str) -> None:
    """xt_DNAT's base port: print_range() of iptables' extensions/libxt_NAT.c prints it."""
    read = iptables.read(HOSTPORTS.format(to=to))
    assert shares.shares(read, f"192.0.2.7:{port}") == {right: ONE}


def test_who_does_not_come_to_a_rule_is_not_the_reason() -> None:
    read = iptables.read(HOSTPORTS.format(to="172.18.0.2:8000-8010/9000/1"))
    for port, reason in ((9000, "is not an address and port"), (9020, "by TPROXY --on-port 15001")):
        with pytest.raises(GuideError, match=reason):
            shares.shares(read, f"192.0.2.7:{port}")
    with pytest.raises(GuideError, match=r"to endpoints: nowhere$"):
        shares.shares(read, "192.0.2.7:9021")
