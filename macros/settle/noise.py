"""The kinds of noise: values that mean nothing twice, each declared in one place.

Noise keeps its old value where its line is otherwise equal, so a line with a change in it shows
what the new run printed. A counter is noise only as long as it is zero, or not zero, in both.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Example = tuple[str, str]
"""Two texts, old and new."""


def _any(_value: str) -> str:
    return "?"


def _counter(value: str) -> str:
    return "0" if not value.strip("0./") else "n"


def _date(value: str) -> str:
    """A time that never was (Go's zero time) is a fact: a container that has not ended."""
    return "never" if value.startswith("0001-01-01") else "?"


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind.

    `patterns` find it in a line, as the groups of the expression; each is only tried where its
    hint is found. `keys` match, as a whole, the JSON keys whose value is such. `mask` is what two
    values must have in common. `same` and `differ` are pairs of lines as in an identity.
    """

    name: str
    what: str
    mask: Callable[[str], str] = _any
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()
    keys: re.Pattern[str] | None = None
    same: tuple[Example, ...] = ()
    differ: tuple[Example, ...] = ()


def _found(*pairs: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((hint, re.compile(pattern)) for hint, pattern in pairs)


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

DATE = Noise(
    name="date",
    what="a date with its time of day",
    mask=_date,
    patterns=_found(
        ("T", r"(?<![\w])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)(?!\w)"),
        ("-", r"(?<![\w])(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?(?: UTC)?)(?!\w)"),
        (":", rf"\b({_DAY} {_MONTH} [ \d]\d \d\d:\d\d:\d\d (?:UTC )?\d{{4}})\b"),
        (":", rf"\b({_DAY}, \d\d {_MONTH} \d{{4}} \d\d:\d\d:\d\d GMT)\b"),
        (":", r"^(\d\d:\d\d:\d\d\.\d{6}) "),
    ),
    same=(
        (
            "# Completed on Mon Nov 23 04:05:53 2026",
            "# Completed on Mon Nov 23 04:06:34 2026",
        ),
        ('"StartedAt": "2026-11-23T04:05:38.87Z"', '"StartedAt": "2026-11-23T04:06:19.385370Z"'),
    ),
    differ=(
        ('"EndedAt": "0001-01-01T00:00:00Z"', '"EndedAt": "2026-11-23T04:06:19.385370Z"'),
        ("-A INPUT -m time --timestart 04:05:53", "-A INPUT -m time --timestart 04:06:53"),
    ),
)

AGE = Noise(
    name="age",
    what="how long ago, how long still: ages in words, timers, timeouts of tracked connections",
    patterns=_found(
        (" ago", r"((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s? ago)"),
        ("Up ", r"\bUp ((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s?)"),
        ("_timer", r"_timer +(\d+\.\d\d)\b"),
        ("=", r"^[a-z]+ +\d+ (\d+) (?=[A-Z]|src=)"),
        (" used ", r" used (\d+/\d+/\d+)"),
        ("expires", r"\bexpires (\d+sec)\b"),
        ("_lft", r"_lft (\d+sec)\b"),
    ),
    keys=re.compile(r".*_timer|expires|used|confirmed|updated"),
    same=(
        ("web  6 seconds ago   Up 5 seconds", "web  About a minute ago   Up 59 seconds"),
        ("tcp      6 117 TIME_WAIT src=10.0.0.1", "tcp      6 98 TIME_WAIT src=10.0.0.1"),
    ),
    differ=(
        ("web  6 seconds ago   Up 5 seconds", "web  6 seconds ago   Exited (1) 5 seconds ago"),
        ("tcp      6 117 TIME_WAIT src=10.0.0.1", "udp      17 98 src=10.0.0.1"),
        ("valid_lft forever preferred_lft forever", "valid_lft 3sec preferred_lft forever"),
    ),
)

RTT = Noise(
    name="rtt",
    what="round-trip times",
    patterns=_found(
        ("time=", r"\btime=([\d.]+) ms"),
        (" ms", r"= ([\d./]+) ms"),
        (", time ", r", time (\d+)ms"),
    ),
    same=(
        (
            "64 bytes from 172.17.0.2: seq=0 ttl=64 time=0.299 ms",
            "64 bytes from 172.17.0.2: seq=0 ttl=64 time=10.5 ms",
        ),
    ),
    differ=(
        (
            "64 bytes from 172.17.0.2: seq=0 ttl=64 time=0.299 ms",
            "64 bytes from 172.17.0.2: seq=0 ttl=63 time=0.299 ms",
        ),
        (
            "1 packets transmitted, 1 received, 0% packet loss, time 0ms",
            "1 packets transmitted, 0 received, 100% packet loss, time 0ms",
        ),
    ),
)

COUNTER = Noise(
    name="counter",
    what="a counter; whether it is zero is a fact",
    mask=_counter,
    patterns=_found(
        ("[", r"\[(\d+):(\d+)\]"),
        (" -c ", r" -c (\d+) (\d+)(?= |$)"),
        ("packets", r"\b(\d+) packets, (\d+) bytes"),
        ("packets", r"\bpackets (\d+) bytes (\d+)"),
        (" probes ", r" probes (\d+)\b"),
        (" ref ", r" ref (\d+)\b"),
        ("use=", r"\buse=(\d+)\b"),
        # /proc/net/dev
        (":", r"^ *[\w.@-]+:" + r" +(\d+)" * 16 + "$"),
        (
            " ",
            r"^ *(\d+[KMG]?) +(\d+[KMG]?) +(?=[A-Z][\w-]+ +(?:\d+|all|[a-z]+) +(?:--|-f|!f) )",
        ),
    ),
    keys=re.compile(r"packets|bytes|errors|dropped|over_errors|multicast|collisions|refcnt|probes"),
    same=(
        (":INPUT ACCEPT [532:63419]", ":INPUT ACCEPT [535:63546]"),
        ("-P PREROUTING ACCEPT -c 532 63419", "-P PREROUTING ACCEPT -c 7 463546"),
    ),
    differ=(
        (":INPUT ACCEPT [0:0]", ":INPUT ACCEPT [535:63546]"),
        (":INPUT ACCEPT [532:63419]", ":INPUT DROP [535:63546]"),
    ),
)

STATE = Noise(
    name="neighbour state",
    what="the state of a known neighbour: REACHABLE, DELAY or STALE, whichever its timer says",
    patterns=_found((" ", r"(?<= )(REACHABLE|DELAY|STALE) *$")),
    same=(
        (
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 STALE",
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE",
        ),
    ),
    differ=(
        (
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 STALE",
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT",
        ),
        ("10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 STALE", "10.0.0.2 dev eth0 FAILED"),
    ),
)

PACKET = Noise(
    name="packet numbers",
    what="numbers that a sender starts anywhere: sequence and acknowledgement numbers, timestamp"
    " options, the id of a ping",
    patterns=_found(
        ("id=", r"\bid=(\d+)\b"),
        (", id ", r", id (\d+)(?=,)"),
        ("seq ", r"\bseq (\d{5,})(?=,)"),
        ("ack ", r"\back (\d{5,})(?=,)"),
        ("TS val", r"TS val (\d+) ecr (\d+)"),
    ),
    same=(
        ("icmp 1 type=8 code=0 id=361 src=10.0.0.1", "icmp 1 type=8 code=0 id=369 src=10.0.0.1"),
    ),
    differ=(
        ("icmp 1 type=8 code=0 id=361 src=10.0.0.1", "icmp 1 type=0 code=0 id=369 src=10.0.0.1"),
    ),
)

CHECKSUM = Noise(
    name="checksum",
    what="a checksum in words: it follows from ports and numbers; whether it is right is a fact",
    mask=lambda value: "0" if value == "0x0000" else "n",
    patterns=_found(
        ("cksum 0x", r"cksum (0x[0-9a-f]{4}) \((?:correct|incorrect -> (0x[0-9a-f]{4}))\)"),
        ("cksum 0x", r"cksum (0x[0-9a-f]{4}) -> (0x[0-9a-f]{4})!"),
    ),
    same=(
        (
            "[bad udp cksum 0x162d -> 0xdfee!] UDP, length 13",
            "[bad udp cksum 0x162d -> 0xae4c!] UDP, length 13",
        ),
    ),
    differ=(
        (
            "[bad udp cksum 0x162d -> 0xdfee!] UDP, length 13",
            "[udp sum ok] UDP, length 13",
        ),
        (
            "Flags [S], cksum 0x162d (correct), seq 1",
            "Flags [S], cksum 0x162d (incorrect -> 0xae4c), seq 1",
        ),
    ),
)

COUNT = Noise(
    name="count",
    what="how many processes a machine runs, which file descriptor a process uses",
    patterns=_found(
        (" net ", r"^\d{10} net +(\d+) "),
        (",fd=", r",fd=(\d+)\)"),
    ),
    same=(
        (
            "4026531833 net      82   1 root unassigned  /sbin/init",
            "4026531833 net     101   1 root unassigned  /sbin/init",
        ),
    ),
    differ=(
        (
            "4026531833 net      82   1 root unassigned  /sbin/init",
            "4026531833 net      82   1 root          0  /sbin/init",
        ),
    ),
)

ALL = (DATE, AGE, RTT, COUNTER, STATE, PACKET, CHECKSUM, COUNT)

# States of a neighbour as JSON has them: a list of words under the key `state`.
STATES = frozenset({"REACHABLE", "DELAY", "STALE"})
