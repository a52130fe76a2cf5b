"""Numbers of processes."""

from macros.settle.declaration import Identity, any_of, by_form, patterns_of

_ISO = (
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\.\d{6})"
)

IDENTITY = Identity(
    name="pid",
    what="the number of a process",
    scope="node",
    rank=60,
    read=by_form(lambda value: "number" if value != "0" else ""),
    columns=("PID", "PPID"),
    patterns=patterns_of(
        ("pid=", r"\bpid=(?P<v>\d+)\b"),
        ("Main PID: ", r"^ +Main PID: (?P<v>\d+)\b"),
        # netstat -p
        (
            any_of(":*", "ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT", "unix  "),
            r"^(?:(?:tcp|udp|raw|udplite)6?|unix) [^\n]*? (?P<v>\d+)/[A-Za-z(][\w.:@-]*",
        ),
        # ctr tasks ls
        (any_of("RUNNING", "STOPPED"), r"^[0-9a-f]{64} +(?P<v>\d+) +(?:RUNNING|STOPPED)"),
        ("]: ", rf"^{_ISO} \S+ [\w.-]+\[(?P<v>\d+)\]: "),
        # A system's log.
        ("]: ", r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ [\w.-]+\[(?P<v>\d+)\]: "),
    ),
    keys=("pid", "Pid"),
)
