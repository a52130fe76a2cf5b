"""How long ago, and how long still."""

import re

from macros.settle.declaration import CELL, Noise, any_of, like, patterns_of

# Kubernetes' duration.HumanDuration: two units at most, no blank between, and none of them larger
# than it lets them be. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration
_AGO = (
    r"(?:(?:\d\d?|1[01]\d)s|(?:\d\d?|1[0-7]\d)m(?:\d\d?s)?|[1-4]?\dh(?:\d\d?m)?"
    r"|[1-7]?\d{1,2}d(?:\d\d?h)?|\d+y(?:\d{1,3}d)?)"
)
# `kubectl top` without its head: processors before bytes, or before a share of them.
_CELL_ENDS = r"(?= {2,}| *$| \(x\d)(?! +\d+(?:[KMGT]i|%))"
_OF_PROTOCOL = r"(?:ipv[46] +\d+ )?[a-z]+[a-z0-9]* +\d+"
_FRR = r"(?:\d\d:\d\d:\d\d|\d+d\d\dh\d\dm|\d+w\dd\d\dh|\d+y\d\dw\d+d)"
_UNITS = r"(?:second|minute|hour|day|week|month|year)s?"
_WORDS = rf"(?:\d+|[Aa]bout an?|[Aa]n?|Less than a) {_UNITS}"

# An address that nobody may use any more, and one that stays for good: INFINITY_LIFE_TIME.
_LASTING = {"0sec": "over", "4294967295": "forever"}


NOISE = Noise(
    name="age",
    what="how long ago, how long still: ages in words, timers, timeouts of tracked connections",
    rank=20,
    mask=lambda value: _LASTING.get(value, "?"),
    patterns=patterns_of(
        # WireGuard's and iproute2's have several units: "1 minute, 12 seconds ago".
        (" ago", rf"((?:{_WORDS}, )*{_WORDS} ago)"),
        ("handshake: ", r"\blatest handshake: (Now)$"),
        ("Up ", rf"\bUp ({_WORDS})"),
        # systemd's
        (" ago", r"; ((?:\d+(?:y|month|w|day|h|min|s|ms)s? )+ago)"),
        (" CPU: ", r"^ +CPU: ((?:\d+(?:h|min) )*\d+(?:\.\d+)?m?s)$"),
        (" up ", r"\bup ((?:\d+ days?, +)?(?:\d+:\d\d|\d+ min)),"),
        ("_timer", r"_timer +(\d+\.\d\d)\b"),
        # conntrack's timeout, also in what -E and -o extended print
        (
            "src=",
            rf"^(?: *\[[A-Z]+\] )?{_OF_PROTOCOL} (\d+) (?=[A-Z]|src=|timeout=)",
        ),
        # tc -s filter's actions, ovs-ofctl's flows
        (" sec", r"(?:\b(?:installed|firstused)|(?<=sec )used) (\d+) sec\b"),
        ("duration=", r"\bduration=([\d.]+)s\b"),
        ("_age=", r"\b(?:idle|hard)_age=(\d+)\b"),
        # ntpq -p, chronyc sources: when a server was last heard
        (
            any_of(" u ", " l ", " b ", " p ", " s "),
            r"^[ x.#+*o-]?\S+ +\S+ +\d+ [lubpsAMB-] +(\d+[mhdy]?|-) +\d+[mhd]? +[0-7]+ +-?\d",
        ),
        ("] +/- ", r"^[\^=#][*+?x~ -] \S+ +\d+ +\d+ +[0-7]+ +(\d+[mhdy]?|-) +[-+]?\d"),
        # lldpctl
        (", via: ", r", via: \S+, RID: \d+, Time: (\d+ days?, \d\d:\d\d:\d\d)"),
        # ipvsadm -Lc
        (like(r":\d\d +[A-Z]"), r"^[A-Z]+ +(\d\d:\d\d) +[A-Z_]+ +\S+:\d"),
        ("delta-time=", r"\bdelta-time=(\d+)\b"),
        # a forwarding entry: used and updated; a neighbour: used, confirmed and updated, with no
        # blank behind where iproute2 forgets it
        (" used ", r" used (\d+/\d+(?:/\d+)?)(?=\D|$)"),
        ("expires", r"\bexpires (-?\d+sec)\b"),
        # nft: what is left of an element of a set
        ("expires ", r"\bexpires ((?:\d+(?:d|h|ms|m|s))+)(?=[\s,]|$)"),
        (" age ", r" age (\d+(?:\.\d+)?sec)\b"),
        # nft
        ("last used ", r"\blast used ((?:\d+(?:d|h|ms|m|s))+)(?=[\s,]|$)"),
        # bridge -s mdb's router ports; /proc/net/igmp
        (" temp", r"^router ports on \S+: \S+ +(\d+\.\d\d) temp"),
        (like(r" \d:[0-9A-F]{8}\t"), r"^\t+[0-9A-F]{8} +\d+ (\d:[0-9A-F]{8})\t"),
        ("_lft", r"_lft (\d+sec)\b"),
        # ss -o
        ("timer:(", r"\btimer:\(\w+,((?:\d+min)?(?:[\d.]+(?:sec|ms))?),"),
        # bridge -s mdb: an entry's timer, and its sources'
        (" grp ", r" (?:temp|permanent)(?: .*?)? +(\d+\.\d\d)(?= |$)"),
        ("source_list ", r"/(\d+\.\d\d)(?=[,\s]|$)"),
        # kubectl's AGE and LAST SEEN: a column of its own, so at least two blanks before it, and
        # what stands there is no value of a name with a colon.
        (like(r"  \d{1,3}[smhdy]"), rf"  (?<=[^:\s]  ) *({_AGO}){_CELL_ENDS}", CELL),
        (any_of(" (x", *(f"{unit}  " for unit in "smhdy")), rf"^({_AGO})(?= {{2,}}| \(x\d)", CELL),
        (" ago)", rf" \(({_AGO}) ago\)"),
        (" over ", rf" \(x(\d+) over ({_AGO})\)"),
        # BIRD's OSPF: until a neighbour is taken for dead; FRR: since when
        (
            any_of("Full/", "2-Way/", "Init/", "ExStart/", "Exchange/", "Loading/", "Down/"),
            r"^[\d.]+\t +\d+\t\S+ *\t(\d+\.\d{3})\t",
        ),
        (like(r", \d\d:\d\d:\d\d"), rf"^[A-Z][A-Za-z]?[>* ][^\n]*, ({_FRR})$"),
        (like(r", \d+[dwy]\d\d[hdw]\d\d"), rf"^[A-Z][A-Za-z]?[>* ][^\n]*, ({_FRR})$"),
        (
            like(r" 4 +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ "),
            rf"^\S+ +4 +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +({_FRR}) ",
        ),
        ("expires=", r" expires=(\d+)\b"),
        # BIRD: what is left of a timer, of how much.
        (" timer:", r" timer: +([\d.]+)/\d+"),
    ),
    heads=frozenset({"AGE", "LAST SEEN", "FIRST SEEN", "DURATION", "LAST SCHEDULE"}),
    keys=re.compile(r".*_timer|expires|used|confirmed|updated|(?:valid|preferred)_life_time"),
)
