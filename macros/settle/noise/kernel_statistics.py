"""The kernel's counters, as nstat and netstat print them and as they stand in /proc/net."""

from macros.settle.declaration import Noise, any_of, counted, like, patterns_of


def _counted(value: str) -> str:
    """Of a row of counters which are zero."""
    return " ".join(map(counted, value.split()))


# net-tools' statistics.c: what it says of a number that it counts.
_SAID = (
    r"packets?|headers|addresses|forwarded|protocol|requests|replies|fragments|reassembl\w+|ICMP"
    r"|connections?|segments?|resets|errors|SYNs?|sockets?|acks?|acknowledgments|times|windows"
    r"|retransmits?|timeouts?|DSACKs?|bytes|cookies|route|openings|messages|probes"
)
# The kernel's own names, where netstat has no words: net/ipv4/proc.c.
_NAMES = (
    r"(?:TCP|Tcp|MPTCP|MPCapable|MPJoin)[A-Z]\w*"
    r"|(?:In|Out)(?:Type\d+|[A-Z]\w*(?:s|Errors|Pkts|Octets))"
    r"|IPReversePathFilter|PFMemallocDrop|BusyPollRxPackets|IgnoredMulti|ReasmOverlaps|MemErrors"
    r"|(?:destination unreachable|timeout in transit|time exceeded|wrong parameters"
    r"|(?:source quench|redirect|(?:echo|timestamp|address mask) (?:request|reply|replie))s?)"
)

NOISE = Noise(
    name="statistic",
    what="a counter of the kernel's, as nstat and `netstat -s` print it and as /proc/net has it;"
    " whether it is zero is a fact",
    rank=130,
    counts=True,
    mask=_counted,
    patterns=patterns_of(
        (" 0.0", r"^[A-Z][A-Za-z0-9]+ +(\d+) +0\.0$"),
        # netstat -s
        (like(r"    \d+ [A-Za-z]"), rf"^ {{4}}(\d+) (?=[^\n:=]*\b(?:{_SAID})\b[^\n:=]*$)"),
        (like(r"    [A-Za-z][\w ]*: \d"), rf"^ {{4,8}}(?:{_NAMES}): (\d+)$"),
        ("Quick ack mode", r"^ {4}Quick ack mode was activated (\d+) times$"),
        ("Detected reordering", r"^ {4}Detected reordering (\d+) times "),
        # /proc/net/snmp and netstat: whether it forwards, its TTL and TCP's limits are settings.
        ("Ip: ", r"^Ip: [12] \d+((?: \d+)+)$"),
        ("Tcp: ", r"^Tcp: \d+ \d+ \d+ -?\d+((?: \d+)+)$"),
        (
            any_of("Icmp: ", "IcmpMsg: ", "Udp: ", "UdpLite: ", "Ext: "),
            r"^(?:Icmp|IcmpMsg|Udp|UdpLite|TcpExt|IpExt|MPTcpExt):((?: \d+)+)$",
        ),
        # /proc/net/snmp6
        (any_of("Ip6", "Icmp6", "Udp6", "UdpLite6"), r"^(?:Ip|Icmp|Udp|UdpLite)6\w+ *\t(\d+)$"),
    ),
)
