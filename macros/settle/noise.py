"""The kinds of noise: values that mean nothing twice, each declared in one place.

Noise keeps its old value where its line is otherwise equal, so a line with a change in it shows
what the new run printed. A counter is noise only as long as it is zero, or not zero, in both.
"""

import re

from macros.settle.declaration import Noise, counted, found


def _date(value: str) -> str:
    """A time that never was (Go's zero time) is a fact: a container that has not ended."""
    return "never" if value.startswith("0001-01-01") else "?"


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

# Kubernetes' duration.HumanDuration: two units at most, no blank between.
_AGO = r"\d+[ydhms](?:\d+[dhms])?"

DATE = Noise(
    name="date",
    what="a date with its time of day; in the head of a message of Kubernetes' the thread too",
    mask=_date,
    patterns=found(
        ("T", r"(?<![\w])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)(?!\w)"),
        ("-", r"(?<![\w])(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?(?: UTC)?)(?!\w)"),
        (":", rf"\b({_DAY} {_MONTH} [ \d]\d \d\d:\d\d:\d\d (?:UTC )?\d{{4}})\b"),
        (":", rf"\b({_DAY}, \d\d {_MONTH} \d{{4}} \d\d:\d\d:\d\d (?:GMT|[+-]\d{{4}})(?!\w))"),
        (":", r"^(\d\d:\d\d:\d\d\.\d{6}) "),
        # ls -l, and a system's log.
        (":", rf"(?:^| )({_MONTH} [ \d]\d \d\d:\d\d(?::\d\d)?) "),
        # klog, in front of Kubernetes' messages: day, time and thread. The letter before says how
        # bad it is. https://pkg.go.dev/k8s.io/klog/v2#hdr-Output
        ("]", r"(?<![^ \t])[IWEF](\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+) [^\s:\]]+:\d+\]"),
        # BIRD: since when a protocol is up, and a route is known.
        (":", r" (?:up|start|down|feed) +(\d\d:\d\d:\d\d)(?:\.\d+)?(?: |$)"),
        (" [", r" \[\w+ (\d\d:\d\d:\d\d)(?:\.\d+)?[ \]]"),
    ),
    same=(
        (
            "# Completed on Mon Nov 23 04:05:53 2026",
            "# Completed on Mon Nov 23 04:06:34 2026",
        ),
        ('"StartedAt": "2026-11-23T04:05:38.87Z"', '"StartedAt": "2026-11-23T04:06:19.385370Z"'),
        (
            "Start Time:       Mon, 23 Nov 2026 07:40:43 +0000",
            "Start Time:       Mon, 23 Nov 2026 08:11:02 +0000",
        ),
        (
            "-rw------- 1 root root 70 Nov 23 07:37 10.42.0.2",
            "-rw------- 1 root root 70 Nov 24 11:02 10.42.0.2",
        ),
        (
            "Mesh_192_168_56_10 BGP      master   up     03:21:10    Established",
            "Mesh_192_168_56_10 BGP      master   up     11:20:07    Established",
        ),
        (
            "10.42.135.129/32   dev calia7a3e029a7b [kernel1 03:12:30] * (10)",
            "10.42.135.129/32   dev calia7a3e029a7b [kernel1 04:00:00] * (10)",
        ),
        (
            "E1129 00:45:26.299491   16856 memcache.go:265] refused",
            "E1129 00:47:02.130551    9803 memcache.go:265] refused",
        ),
    ),
    differ=(
        ('"EndedAt": "0001-01-01T00:00:00Z"', '"EndedAt": "2026-11-23T04:06:19.385370Z"'),
        ("-A INPUT -m time --timestart 04:05:53", "-A INPUT -m time --timestart 04:06:53"),
        (
            "Mesh_192_168_56_10 BGP      master   up     03:21:10    Established",
            "Mesh_192_168_56_10 BGP      master   start  03:21:10    Connect",
        ),
        (
            "-rw------- 1 root root 70 Nov 23 07:37 10.42.0.2",
            "-rw------- 1 root root 71 Nov 23 07:37 10.42.0.2",
        ),
        (
            "E1129 00:45:26.299491   16856 memcache.go:265] refused",
            "W1129 00:45:26.299491   16856 memcache.go:265] refused",
        ),
        (
            "E1129 00:45:26.299491   16856 memcache.go:265] refused",
            "E1129 00:45:26.299491   16856 memcache.go:266] refused",
        ),
    ),
)

AGE = Noise(
    name="age",
    what="how long ago, how long still: ages in words, timers, timeouts of tracked connections",
    patterns=found(
        (" ago", r"((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s? ago)"),
        ("Up ", r"\bUp ((?:\d+|About an?|Less than a) (?:second|minute|hour|day|week|month)s?)"),
        ("_timer", r"_timer +(\d+\.\d\d)\b"),
        ("=", r"^[a-z]+ +\d+ (\d+) (?=[A-Z]|src=)"),
        (" used ", r" used (\d+/\d+/\d+)"),
        ("expires", r"\bexpires (\d+sec)\b"),
        ("_lft", r"_lft (\d+sec)\b"),
        # kubectl's AGE and LAST SEEN: a column of its own, so at least two blanks before it, and
        # what stands there is no value of a name with a colon.
        ("  ", rf"[^:\s] {{2,}}({_AGO})(?= {{2,}}| *$)"),
        ("  ", rf"^({_AGO})(?= {{2,}})"),
        (" ago)", rf" \(({_AGO}) ago\)"),
        (" over ", rf" \(x(\d+) over ({_AGO})\)"),
        # BIRD: what is left of a timer, of how much.
        (" timer:", r" timer: +([\d.]+)/\d+"),
    ),
    keys=re.compile(r".*_timer|expires|used|confirmed|updated"),
    same=(
        ("web  6 seconds ago   Up 5 seconds", "web  About a minute ago   Up 59 seconds"),
        ("tcp      6 117 TIME_WAIT src=10.0.0.1", "tcp      6 98 TIME_WAIT src=10.0.0.1"),
        (
            (
                "NAME      READY   STATUS    RESTARTS      AGE   IP          NODE\n"
                "hello-0   1/1     Running   1 (4m ago)    47m   10.42.0.5   node0"
            ),
            (
                "NAME      READY   STATUS    RESTARTS        AGE     IP          NODE\n"
                "hello-0   1/1     Running   1 (4m51s ago)   5m20s   10.42.0.5   node0"
            ),
        ),
        (
            "node0   Ready    <none>   10m   v1.36.3",
            "node0   Ready    <none>   7m39s   v1.36.3",
        ),
        (
            "  Normal   Scheduled  5m26s  default-scheduler  Successfully assigned",
            "  Normal   Scheduled  8s     default-scheduler  Successfully assigned",
        ),
    ),
    differ=(
        ("web  6 seconds ago   Up 5 seconds", "web  6 seconds ago   Exited (1) 5 seconds ago"),
        ("tcp      6 117 TIME_WAIT src=10.0.0.1", "udp      17 98 src=10.0.0.1"),
        ("valid_lft forever preferred_lft forever", "valid_lft 3sec preferred_lft forever"),
        (
            "hello-0   1/1     Running   1 (4m ago)    47m   10.42.0.5   node0",
            "hello-0   1/1     Running   2 (4m ago)    47m   10.42.0.5   node0",
        ),
        (
            "Tolerations:  node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
            "Tolerations:  node.kubernetes.io/not-ready:NoExecute op=Exists for 30s",
        ),
        ("Termination Grace Period:  30s", "Termination Grace Period:  10s"),
    ),
)

RTT = Noise(
    name="rtt",
    what="round-trip times",
    patterns=found(
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
    mask=counted,
    patterns=found(
        ("[", r"\[(\d+):(\d+)\]"),
        (" -c ", r" -c (\d+) (\d+)(?= |$)"),
        ("packets", r"\b(\d+) packets, (\d+) bytes"),
        ("packets", r"\bpackets (\d+) bytes (\d+)"),
        (" probes ", r" probes (\d+)\b"),
        (" ref ", r" ref (\d+)\b"),
        ("use=", r"\buse=(\d+)\b"),
        ("_learned ", r"\bfdb_n_learned (\d+)\b"),
        # BIRD: how many updates a protocol has seen.
        ("port ", r"^ +(?:Im|Ex)port (?:updates|withdraws):" + r" +(?:(\d+)|---)" * 5 + "$"),
        ("eneration: ", r"^ +(?:observedG|g)eneration: (\d+)$"),
        # /proc/net/dev
        (":", r"^ *[\w.@-]+:" + r" +(\d+)" * 16 + "$"),
        (
            " ",
            r"^ *(\d+[KMG]?) +(\d+[KMG]?) +(?=[A-Z][\w-]+ +(?:\d+|all|[a-z]+) +(?:--|-f|!f) )",
        ),
    ),
    keys=re.compile(
        r"packets|bytes|errors|dropped|over_errors|multicast|collisions|refcnt|probes|fdb_n_learned"
        r"|generation|observedGeneration"
    ),
    same=(
        (":INPUT ACCEPT [532:63419]", ":INPUT ACCEPT [535:63546]"),
        ("-P PREROUTING ACCEPT -c 532 63419", "-P PREROUTING ACCEPT -c 7 463546"),
        (
            "    Import updates:              8          0          0          0          8",
            "    Import updates:             12          0          0          0         12",
        ),
    ),
    differ=(
        (":INPUT ACCEPT [0:0]", ":INPUT ACCEPT [535:63546]"),
        (":INPUT ACCEPT [532:63419]", ":INPUT DROP [535:63546]"),
        (
            "    Import updates:              8          0          0          0          8",
            "    Import updates:              8          2          0          0          6",
        ),
    ),
)

STATE = Noise(
    name="neighbour state",
    what="the state of a known neighbour: REACHABLE, DELAY, PROBE or STALE, whichever its timer"
    " says",
    patterns=found((" ", r"(?<= )(REACHABLE|DELAY|PROBE|STALE) *$")),
    same=(
        (
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 STALE",
            "10.0.0.2 dev eth0 lladdr 02:00:00:00:00:01 PROBE",
        ),
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
    patterns=found(
        ("id=", r"\bid=(\d+)\b"),
        (", id ", r", id (\d+)(?=,)"),
        ("seq ", r"\bseq (\d{5,})(?=,)"),
        ("ack ", r"\back (\d{5,})(?=,)"),
        ("TS val", r"TS val (\d+) ecr (\d+)"),
        # the traces of nft and of xtables-monitor
        (" ip id ", r" ip id (\d+) "),
        (" ct id ", r" ct id (\d+) ?$"),
        ("PACKET: ", r"^PACKET: .* ID=(\d+) "),
    ),
    same=(
        ("icmp 1 type=8 code=0 id=361 src=10.0.0.1", "icmp 1 type=8 code=0 id=369 src=10.0.0.1"),
        (
            "trace id 85c745cc ip kube-proxy nat-prerouting conntrack: ct state new ct id 155521 ",
            "trace id 85c745cc ip kube-proxy nat-prerouting conntrack: ct state new ct id 366818 ",
        ),
    ),
    differ=(
        ("icmp 1 type=8 code=0 id=361 src=10.0.0.1", "icmp 1 type=0 code=0 id=369 src=10.0.0.1"),
    ),
)

CHECKSUM = Noise(
    name="checksum",
    what="a checksum in words: it follows from ports and numbers; whether it is right is a fact",
    mask=lambda value: "0" if value == "0x0000" else "n",
    patterns=found(
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
    what="how many processes a namespace has (lsns, under NPROCS), which file descriptor one uses",
    patterns=found(
        (",fd=", r",fd=(\d+)\)"),
    ),
    same=(
        (
            (
                "        NS TYPE NPROCS PID USER    NETNSID NSFS COMMAND\n"
                "4026531833 net      82   1 root unassigned      /sbin/init"
            ),
            (
                "        NS TYPE NPROCS PID USER    NETNSID NSFS COMMAND\n"
                "4026531833 net     101   1 root unassigned      /sbin/init"
            ),
        ),
    ),
    differ=(
        (
            (
                "        NS TYPE NPROCS PID USER    NETNSID NSFS COMMAND\n"
                "4026531833 net      82   1 root unassigned      /sbin/init"
            ),
            (
                "        NS TYPE NPROCS PID USER    NETNSID NSFS COMMAND\n"
                "4026531833 net      82   1 root          0      /sbin/init"
            ),
        ),
    ),
)


def _members(value: str) -> str:
    return ",".join(sorted(value.split(",")))


_ENDPOINT = r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"

ENDPOINTS = Noise(
    name="order of endpoints",
    what="the order in which the addresses behind a Service are listed",
    mask=_members,
    patterns=found((",", rf"(?<![\w.,])({_ENDPOINT}(?:,{_ENDPOINT})+)(?![\w.:])")),
    same=(
        (
            "hello-p72tj   IPv4   80   10.42.0.5,10.42.1.2,10.42.2.2   5m6s",
            "hello-p72tj   IPv4   80   10.42.2.2,10.42.0.5,10.42.1.2   5m6s",
        ),
    ),
    differ=(
        (
            "hello-p72tj   IPv4   80   10.42.0.5,10.42.1.2,10.42.2.2   5m6s",
            "hello-p72tj   IPv4   80   10.42.2.2,10.42.0.5,10.42.1.3   5m6s",
        ),
        (
            "Endpoints:         10.42.0.5:80,10.42.1.2:80",
            "Endpoints:         10.42.0.5:80",
        ),
    ),
)

REVISION = Noise(
    name="resource version",
    what="etcd's revision in which an object was last written: a node writes its own state again"
    " and again, so two reads may have the same or not",
    mask=lambda value: "none" if not value.strip("0") else "some",
    patterns=found(("resourceVersion", r'resourceVersion"?: "(\d+)"')),
    keys=re.compile(r"resourceVersion"),
    same=(
        (
            'resourceVersion: "874"\nresourceVersion: "874"',
            'resourceVersion: "1021"\nresourceVersion: "1034"',
        ),
    ),
    differ=(('resourceVersion: "874"', 'resourceVersion: "0"'),),
)


def _gibibytes(value: str) -> str:
    kibibytes = value.removesuffix("Ki")
    return f"{int(kibibytes) >> 20} GiB" if kibibytes != value else value


CAPACITY = Noise(
    name="capacity",
    what="memory and disk that a node measures of itself: its kernel takes more or less of them"
    " with the compiler that made it. Whole GiB are a fact",
    mask=_gibibytes,
    patterns=found(("Ki", r'\b(?:memory|ephemeral-storage)"?: +"?(\d+Ki)\b')),
    keys=re.compile(r"memory|ephemeral-storage"),
    same=(
        ('"memory": "1999392Ki",', '"memory": "1999828Ki",'),
        ("  ephemeral-storage:  8220124Ki", "  ephemeral-storage:  8203740Ki"),
    ),
    differ=(
        ('"memory": "1999392Ki",', '"memory": "4096912Ki",'),
        ("  ephemeral-storage:  8220124Ki", "  ephemeral-storage:  6203740Ki"),
        ("memory: 64Mi", "memory: 65Mi"),
    ),
)

IMAGE_SIZE = Noise(
    name="size of an image",
    what="bytes of an image on a node: another compiler makes other programs. How many digits the"
    " number has is a fact",
    mask=lambda value: f"{len(value)} digits",
    patterns=found(("sizeBytes", r'\bsizeBytes"?: (\d+)\b')),
    keys=re.compile(r"sizeBytes"),
    same=(('"sizeBytes": 76514020', '"sizeBytes": 52634340'),),
    differ=(('"sizeBytes": 76514020', '"sizeBytes": 526343400'),),
)

HANDLE = Noise(
    name="handle",
    what="nft's number of a rule, ipset's start of its hash",
    patterns=found(
        ("# handle ", r"# handle (\d+)$"),
        (" TRACE: ", r"^ TRACE: .*:rule:(0x[0-9a-f]+):"),
        ("initval ", r"\binitval (0x[0-9a-f]+)"),
    ),
    keys=re.compile(r"handle"),
    same=(
        (
            "tcp dport 80 counter jump KUBE-SVC # handle 12",
            "tcp dport 80 counter jump KUBE-SVC # handle 7",
        ),
        (
            " TRACE: 2 5e88f9be nat:KUBE-POSTROUTING:rule:0x73:CONTINUE  iptables -t nat",
            " TRACE: 2 5e88f9be nat:KUBE-POSTROUTING:rule:0x9a:CONTINUE  iptables -t nat",
        ),
        (
            "Header: family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0xbd28be39",
            "Header: family inet hashsize 1024 maxelem 1048576 bucketsize 12 initval 0x1098ea94",
        ),
    ),
    differ=(
        (
            "tcp dport 80 counter jump KUBE-SVC # handle 12",
            "tcp dport 81 counter jump KUBE-SVC # handle 12",
        ),
        (
            " TRACE: 2 5e88f9be nat:KUBE-POSTROUTING:rule:0x73:CONTINUE  iptables -t nat",
            " TRACE: 2 5e88f9be nat:KUBE-POSTROUTING:rule:0x73:ACCEPT  iptables -t nat",
        ),
    ),
)

PATIENCE = Noise(
    name="patience",
    what="how long curl tried: at once or not is a fact, and so are whole seconds of its own limit."
    " A refusal that comes while the caller still holds the socket is not heard (tcp_v4_err), the"
    " next one is, a second later: both are at once",
    mask=lambda value: "at once" if int(value) < 2000 else "later",
    patterns=found((" ms: ", r"^curl: \(7\) .* after (\d+) ms: ")),
    same=(
        (
            "curl: (7) Failed to connect to 10.43.0.80:80 after 0 ms: Could not connect",
            "curl: (7) Failed to connect to 10.43.0.80:80 after 1042 ms: Could not connect",
        ),
        (
            "curl: (7) Failed to connect to 10.43.0.90:80 after 3361 ms: Could not connect",
            "curl: (7) Failed to connect to 10.43.0.90:80 after 3077 ms: Could not connect",
        ),
    ),
    differ=(
        (
            "curl: (7) Failed to connect to 10.43.0.90:80 after 3361 ms: Could not connect",
            "curl: (7) Failed to connect to 10.43.0.90:80 after 0 ms: Could not connect",
        ),
    ),
)

LIMIT = Noise(
    name="limit",
    what="by how many milliseconds curl's own limit was overrun",
    mask=lambda value: str(int(value) // 1000),
    patterns=found((" milliseconds", r"^curl: \(28\) .* after (\d+) milliseconds")),
    same=(
        (
            "curl: (28) Operation timed out after 5002 milliseconds with 0 bytes received",
            "curl: (28) Operation timed out after 5022 milliseconds with 0 bytes received",
        ),
    ),
    differ=(
        (
            "curl: (28) Operation timed out after 5002 milliseconds with 0 bytes received",
            "curl: (28) Operation timed out after 5002 milliseconds with 10 bytes received",
        ),
        (
            "curl: (28) Connection timed out after 5002 milliseconds",
            "curl: (28) Connection timed out after 2002 milliseconds",
        ),
    ),
)

STATISTIC = Noise(
    name="statistic",
    what="a counter of the kernel's, as nstat prints it; whether it is zero is a fact",
    mask=counted,
    patterns=found((" 0.0", r"^[A-Z][A-Za-z0-9]+ +(\d+) +0\.0$")),
    same=(
        (
            "IpFragFails                     20                 0.0",
            "IpFragFails                     16                 0.0",
        ),
    ),
    differ=(
        (
            "IpFragFails                     20                 0.0",
            "IpFragFails                     0                  0.0",
        ),
    ),
)

ALL = (
    DATE, AGE, RTT, COUNTER, STATE, PACKET, CHECKSUM, COUNT, ENDPOINTS, HANDLE, PATIENCE, LIMIT,
    STATISTIC, REVISION, CAPACITY, IMAGE_SIZE,
)  # fmt: skip

# States of a neighbour as JSON has them: a list of words under the key `state`.
STATES = frozenset({"REACHABLE", "DELAY", "PROBE", "STALE"})
