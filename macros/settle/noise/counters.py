"""Counters."""

import re

from macros.settle.declaration import Noise, any_of, counted, like, patterns_of

_HUMAN = r"(\d[\d.]*(?:[kKMGTPE]i?)?)"
_SIZE = r"([\d.]+ (?:[KMGTPE]i)?B)"
_CPU = (
    "searched|found|new|invalid|ignore|delete|delete_list|insert|insert_failed|drop|early_drop"
    "|error|search_restart|clash_resolve|chaintoolong|icmp_error"
)
"""What conntrack -S counts."""

_QUEUE = (
    "delayed|dropped|corrupted|duplicated|reordered|ecn_marked|maxpacket|drop_overlimit"
    "|new_flow_count|ecn_mark|new_flows_len|old_flows_len|direct_packets_stat"
)
"""What tc -s says of netem, fq_codel and htb (tc/q_*.c)."""

_ROUTED = any_of(" U ", " UG", " UH", " UA", " Un", " !n ", " !U", " !H")
"""The flags of a route, as netstat writes them."""

_STATES = (
    "ESTAB(?:LISHED)?|SYN[-_](?:SENT|RECV)|FIN[-_]WAIT[-_]?[12]|TIME[-_]WAIT|CLOSE[-_]WAIT"
    "|LAST[-_]ACK|CLOSING"
)
_CONNECTED = any_of("ESTAB", "SYN", "FIN", "TIME", "CLOSE", "CLOSING", "LAST")
"""The states of a connection, as ss and netstat write them; in others a queue has a length."""

_TIN = (
    "pk_delay|av_delay|sp_delay|backlog|pkts|bytes|way_inds|way_miss|way_cols|drops|marks|ack_drop"
    "|sp_flows|bk_flows|un_flows|max_len"
)
"""What tc -s says of each tin of cake's."""

_NTABLE = "".join(
    rf" {word} (\d+)"
    for word in ("allocs", "destroys", "hash_grows", "res_failed", "lookups", "hits")
)
"""What ip -s ntable counts."""

_RULE = (
    r"^(?:\d+(?= ))??( *\d+[KMGT]?) +(\d+[KMGT]?) +"
    r"(?=(?:(?!\d+[KMGT]? )\S+ +)?(?:\d+|all|[a-z]\S*)"
)
"""A rule of iptables -L -v: its number if asked for, counters, any target, the protocol."""

_KEY = r"[A-Za-z0-9+/]{43}="
"""A key of WireGuard's."""


def _each_counted(value: str) -> str:
    """Of a row of counters which are zero."""
    return " ".join(map(counted, value.split()))


# A number alone, or behind a word that many say, tells by its command alone what it counts.
_ASKED = {
    re.compile(r"\bconntrack +(?:\S+ +)*(?:-C|--count)(?: |$)"): re.compile(r"^(\d+)$"),
    re.compile(r"/nf_conntrack_count$"): re.compile(r"^(\d+)$"),
    re.compile(r"\bss +(?:\S+ +)*(?:-\w*s\w*|--summary)(?: |$)"): re.compile(r"^Total: (\d+)"),
}


def _printed(command: str) -> re.Pattern[str] | None:
    return next((told for asked, told in _ASKED.items() if asked.search(command)), None)


NOISE = Noise(
    name="counter",
    what="a counter; whether it is zero is a fact",
    rank=40,
    counts=True,
    mask=_each_counted,
    printed=_printed,
    patterns=patterns_of(
        (like(r"\[\d+:"), r"\[(\d+):(\d+)\]"),
        (" -c ", r" -c (\d+) (\d+)(?= |$)"),
        ("packets", r"\b(\d+) packets, (\d+) bytes"),
        ("packets", r"\bpackets (\d+) bytes (\d+)"),
        ("packets=", r"\bpackets=(\d+) bytes=(\d+)"),
        # ip -s, below RX: and TX:, also -s -s and -h
        (
            like(r"    \d[\d.]*[kKMGTPE]?i? +\d"),
            rf"^ {{4,}}{_HUMAN}" + rf" +{_HUMAN}" * 3 + rf"(?: +{_HUMAN})?" * 5 + " *$",
        ),
        # the same with -o
        (
            like(r"\\ {4,}\d[\d.]*[kKMGTPE]?i? +\d"),
            rf"(?<=\\) {{4,}}{_HUMAN}"
            + rf" +{_HUMAN}" * 3
            + rf"(?: +{_HUMAN})?" * 5
            + r" *(?=\\|$)",
        ),
        # systemctl status, uptime, wg
        ("Tasks: ", r"^ +Tasks: (\d+) \(limit: "),
        ("load average: ", r"\bload average: ([\d.]+), ([\d.]+), ([\d.]+)$"),
        ("Memory: ", r"^ +Memory: ([\d.]+[BKMGT])(?: \(peak: ([\d.]+[BKMGT])\))?$"),
        # bridge -s vlan
        ("X: ", r"\b[RT]X: (\d+) bytes (\d+) packets"),
        # ifconfig, of net-tools and of BusyBox
        ("X packets ", r"\b[RT]X packets (\d+)  bytes (\d+) \(([^)\n]*)\)"),
        (
            "X errors ",
            r"\b[RT]X errors (\d+)  dropped (\d+) +overruns? (\d+)  (?:frame|carrier) (\d+)",
        ),
        (
            "X packets:",
            r"\b[RT]X packets:(\d+) errors:(\d+) dropped:(\d+) overruns:(\d+) \w+:(\d+)",
        ),
        ("X bytes:", r"\b[RT]X bytes:(\d+) \(([^)\n]*)\)"),
        ("collisions", r"\bcollisions[: ](\d+)\b"),
        # netstat -i
        (like(r" [A-Z]{1,7}U(?![A-Z0-9])"), r"^\S+ +\d+(?: +\d)?" + r" +(\d+)" * 8 + r" +[A-Z]+$"),
        # what waits in a connection's queues: ss, netstat
        (
            _CONNECTED,
            rf"^(?:tcp|mptcp|udp|sctp|dccp)?\S* *(?:{_STATES}) +(\d+) +(\d+) +\S+:\S+ +\S+:\S",
        ),
        (
            _CONNECTED,
            rf"^(?:tcp|udp|sctp|dccp)6? +(\d+) +(\d+) +\S+:\S+ +\S+:\S+ +(?:{_STATES})\b",
        ),
        # ss -s
        (
            "(estab ",
            (
                r"^TCP: +(\d+) \(estab (\d+), closed (\d+), orphaned (\d+),(?: synrecv (\d+),)?"
                r" timewait (\d+)(?:/(\d+))?\)(?:, ports (\d+))?"
            ),
        ),
        (
            like(r"\t +\d+ +\d+ +\d"),
            r"^(?:\*|RAW|UDP|TCP|INET|FRAG)\t +(\d+) +([-\d]+) +([-\d]+) *$",
        ),
        # docker ps -s: what a container has written
        (" (virtual ", r"  ([\d.]+[kMGT]?)B \(virtual [\d.]+[kMGT]?B\)"),
        ("nf_conntrack_count", r"\bnf_conntrack_count ?= ?(\d+)"),
        # nft monitor
        ("# new generation ", r"^# new generation (\d+) by process (\d+) \("),
        # ntpq -p and chronyc sources: of a server its poll, how often it answered, and the clocks
        (
            any_of(" u ", " l ", " b ", " p ", " s "),
            (
                r"^[ x.#+*o-]?\S+ +\S+ +\d+ [lubpsAMB-] +\S+ +(\d+[mhd]?) +([0-7]+)"
                r" +(-?[\d.]+) +([-+]?[\d.]+) +([\d.]+)(?= |$)"
            ),
        ),
        (
            "] +/- ",
            (
                r"^[\^=#][*+?x~ -] \S+ +\d+ +(\d+) +([0-7]+) +\S+ +([-+]?\d+[mun]?s)"
                r"\[( *[-+]?\d+[mun]?s)\] \+/- +(\d+[mun]?s)"
            ),
        ),
        # ethtool -S
        (
            like(r"     \w[\w.\[\]-]*: \d"),
            r"^ {5}(?!peer_ifindex)\w[\w.\[\]-]*: (\d+)$",
        ),
        # tc -s
        (
            "Sent ",
            r"\bSent (\d+) bytes (\d+) pkts? \(dropped (\d+), overlimits (\d+) requeues (\d+)\)",
        ),
        ("backlog ", r"\bbacklog (\d+[KM]?)b (\d+)p requeues (\d+)"),
        (any_of(*(f" {word} " for word in _QUEUE.split("|"))), rf"(?<= )(?:{_QUEUE}) (\d+)"),
        ("lended: ", r"^ lended: (\d+) borrowed: (\d+) giants: (\d+)"),
        (" ctokens: ", r"^ tokens: (-?\d+) ctokens: (-?\d+)"),
        ("rule hit ", r"\(rule hit (\d+) success (\d+)\)"),
        ("(success ", r"\(success (\d+) \)"),
        (" throttled ", r"^  flows (\d+) \(inactive (\d+) throttled (\d+)\)"),
        ("  gc ", r"^  gc (\d+) highprio (\d+)(?: throttled (\d+))?(?: latency ([\d.]+[mun]?s))?"),
        ("memory used: ", r"^ memory used: (\d+[KM]?)b of "),
        (" layer size: ", r"^ min/max network layer size: +(\d+) / +(\d+)"),
        ("adjusted size: ", r"^ min/max overhead-adjusted size: +(\d+) / +(\d+)"),
        (
            any_of(*(f"  {row} " for row in _TIN.split("|"))),
            rf"^  (?:{_TIN})((?: +[\d.]+(?:[mun]?s)?)+)$",
        ),
        # ip -s macsec, ip -s mroute, ip -s ntable, nft's last, resolvectl statistics
        (": PN ", r"^ +\d+: PN (\d+),"),
        (" arrived on wrong iif", r", (\d+) arrived on wrong iif"),
        (" allocs ", rf"^ +stats{_NTABLE}"),
        ("last_flush ", r" entries (\d+) last_flush (\d+) last_rand (\d+)"),
        ("base_reachable ", r"\brefcnt (\d+) reachable (\d+) base_reachable "),
        (
            any_of(
                "Total Transactions: ", "Current Cache Size: ", "Cache Hits: ", "Cache Misses: "
            ),
            r"^ +(?:Total Transactions|Current Cache Size|Cache Hits|Cache Misses): (\d+)$",
        ),
        # route and netstat -r: how often a route was used
        (
            _ROUTED,
            r"^\S+ +\S+ +(?:\d{1,3}\.){3}\d{1,3} +[UGHRDMAC!]+ +\d+ +\d+ +(\d+) \S",
        ),
        (
            _ROUTED,
            r"^[0-9a-f:.\[\]]+/\d+ +\S+ +!?[UGHRDMACAn!]+ +\d+ +(\d+) +(\d+) \S+$",
        ),
        (
            like(r"\t[0-9A-F]{8}\t[0-9A-F]{4}\t"),
            r"^\S+\t[0-9A-F]{8}\t[0-9A-F]{8}\t[0-9A-F]{4}\t(\d+)\t(\d+)\t",
        ),
        # FRR: a neighbour's messages and tables; what BIRD and FRR take
        (
            like(r" 4 +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ "),
            r"^\S+ +4 +\d+ +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +\S",
        ),
        ("BGP table version ", r"^BGP table version (\d+)$"),
        (" bytes of memory", r", using (\d+) bytes of memory$"),
        (" KiB of memory", r", using (\d+) KiB of memory$"),
        (like(r": +[\d.]+ [kM]?B +\d"), r"^[A-Z][\w ]+: +([\d.]+ [kM]?B) +([\d.]+ [kM]?B)$"),
        # tcpdump, at its end
        (
            any_of("captured", "by filter", "by kernel"),
            r"^(\d+) packets? (?:captured|received by filter|dropped by kernel)$",
        ),
        # cilium bpf ct list
        (" Packets=", r" Packets=(\d+) Bytes=(\d+)\b"),
        ("xReport=", r" Last[RT]xReport=(\d+)\b"),
        # /proc/net/ipv6_route
        (
            " 00000000 ",
            (
                r"^[0-9a-f]{32} [0-9a-f]{2} [0-9a-f]{32} [0-9a-f]{2} [0-9a-f]{32} [0-9a-f]{8}"
                r" ([0-9a-f]{8}) ([0-9a-f]{8}) "
            ),
        ),
        # conntrack -S
        ("cpu=", rf"(?<=[^\S\n])(?:{_CPU})=(\d+)"),
        # ip -s xfrm, ip -s route, ip -s neigh: a blank is missing before its probes
        ("(bytes)", r"\b(\d+)\(bytes\), (\d+)\(packets\)"),
        (" users ", r" users (\d+)\b"),
        ("probes ", r"(?:\b|(?<=\d))probes (\d+)\b"),
        # wg
        ("transfer: ", rf"\btransfer: {_SIZE} received, {_SIZE} sent"),
        # wg show dump, with what was received and sent behind a handshake's time; and transfer
        (
            like(r"\t\d+\t\d+\t"),
            rf"^(?:\S+\t)?{_KEY}\t\S+\t\S+\t\S+\t[^\t\n]+\t(\d+)\t(\d+)\t(?:off|\d+)$",
        ),
        (like(r"=\t\d+\t\d"), rf"^(?:\S+\t)?{_KEY}\t(\d+)\t(\d+)$"),
        (" ref ", r" ref (\d+)\b"),
        ("use=", r"\buse=(\d+)\b"),
        # ip xfrm state
        (like(r"seq(?:-hi)? 0x"), r"(?<![\w-])o?seq(?:-hi)? (0x[0-9a-f]+)"),
        ("replay-window ", r"^\t  replay-window (\d+) replay (\d+) failed (\d+)$"),
        ("bitmap 0x", r"\bbitmap (0x[0-9a-f]+)"),
        # ipvsadm -L, with --stats and --rate too
        ("  -> ", r"^  -> \S+ +(?:Masq|Route|Tunnel|Local) +-?\d+ +(\d+) +(\d+) *$"),
        (
            like(r":\d+(?: +\d+[KMGT]?){5}"),
            r"^(?:TCP|UDP|SCTP|  ->) +\S+" + r" +(\d+[KMGT]?)" * 5 + " *$",
        ),
        # a bond's port
        ("failure_count ", r"\blink_failure_count (\d+)\b"),
        ("_learned ", r"\bfdb_n_learned (\d+)\b"),
        # BIRD: how many updates a protocol has seen.
        (
            like(r"port (?:updates|withdraws):"),
            r"^ +(?:Im|Ex)port (?:updates|withdraws):"
            + r" +(?:(\d+)|---)" * 5
            + r"(?: +(?:(\d+)|---))?" * 3
            + "$",
        ),
        ("eneration: ", r"^ +(?:observedG|g)eneration: (\d+)$"),
        # nft's quotas; tc filter's actions; bpftool's programs
        ("used ", r"\bused (\d+) [kmgt]?bytes\b"),
        ("run_time_ns ", r"\brun_time_ns (\d+) run_cnt (\d+)"),
        # ovs-ofctl
        ("n_packets=", r"\bn_packets=(\d+), n_bytes=(\d+)\b"),
        # /proc/net/dev
        (like(r":(?: +\d+){16}"), r"^ *[\w.@-]+:" + r" +(\d+)" * 16 + "$"),
        (
            like(r" (?:--|-f|!f) "),
            rf"{_RULE} +(?:--|-f|!f) )",
        ),
        # ip6tables -L -v has no word for fragments; what follows is two interfaces, two networks
        (
            " ::/0 ",
            rf"{_RULE} {{2,}}\S+ +\S+(?: +!?[0-9a-f:]*:[0-9a-f:/]*){{2}} )",
        ),
    ),
    keys=re.compile(
        r"packets|bytes|errors|dropped|\w+_errors|multicast|compressed|nohandler|otherhost"
        r"|carrier_changes|collisions|refcnt|probes|fdb_n_learned|link_failure_count"
        r"|generation|observedGeneration"
        rf"|drops|overlimits|requeues|backlog|qlen|{_QUEUE}"
    ),
)
