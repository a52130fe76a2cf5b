"""Dates and times of day."""

from macros.settle.declaration import Noise, any_of, like, patterns_of


def _date(value: str) -> str:
    """A time that never was (Go's zero time) is a fact: a container that has not ended."""
    return "never" if value.startswith("0001-01-01") else "?"


_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_ISO = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

# BIRD's: today's time, another day's date, or both; of its first versions `Nov22` and `12:01`.
_SINCE = (
    r"(?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?|\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
    rf"|{_MONTH}\d\d|\d\d-\d\d-\d{{4}}(?: \d\d:\d\d:\d\d)?)"
)

_IN_MONTH = any_of(
    *["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
)

NOISE = Noise(
    name="date",
    what="a date with its time of day; in the head of a message of Kubernetes' the thread too",
    rank=10,
    mask=_date,
    patterns=patterns_of(
        (
            like(r"-\d\d-\d\dT\d"),
            # A rule's own is a fact.
            rf"(?<!\w)(?<!--datestart )(?<!--datestop )({_UTC})(?!\w)",
        ),
        (
            like(r"-\d\d-\d\d \d"),
            rf"(?<!\w)((?:{_DAY} )?{_ISO}(?: [+-]\d{{4}})?(?: UTC)?)(?!\w)",
        ),
        (_IN_MONTH, rf"\b({_DAY} {_MONTH} [ \d]\d \d\d:\d\d:\d\d (?:UTC )?\d{{4}})\b"),
        (
            _IN_MONTH,
            rf"\b({_DAY}, \d\d {_MONTH} \d{{4}} \d\d:\d\d:\d\d (?:GMT|[+-]\d{{4}})(?!\w))",
        ),
        # the folder that `guide trace` writes
        ("guide-trace-", r"\bguide-trace-(\d{8}-\d{6})\b"),
        # a web server's log
        (like(r"/\d{4}:\d\d:"), rf"\[(\d\d/{_MONTH}/\d{{4}}:\d\d:\d\d:\d\d [+-]\d{{4}})\]"),
        (" up ", r"^ (\d\d:\d\d:\d\d) up (?=\d)"),
        (like(r":\d\d\.\d{6} "), r"^(\d\d:\d\d:\d\d\.\d{6}) "),
        # ls -l, and a system's log.
        (_IN_MONTH, rf"(?:^| )({_MONTH} [ \d]\d \d\d:\d\d(?::\d\d)?) "),
        (_IN_MONTH, rf"^({_MONTH} [ \d]\d \d\d:\d\d:\d\d\.\d{{6}}) "),
        # klog, in front of Kubernetes' messages: day, time and thread. The letter before says how
        # bad it is. https://pkg.go.dev/k8s.io/klog/v2#hdr-Output
        (
            like(r"\.go:\d+\] "),
            r"(?:^|(?<=[ \t]))[IWEF](\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+) [^\s:\]]+:\d+\]",
        ),
        # BIRD: since when a protocol is up, and a route is known.
        (
            like(r" (?:up|start|down|feed|flush|stop)[ |]"),
            rf" (?:up|start|down|feed|flush|stop)(?: +\|)? +({_SINCE})(?= |$)",
        ),
        (
            # its BFD's
            like(r" (?:Up|Down|Init|AdminDown) +\d"),
            rf" (?:Up|Down|Init|AdminDown) +({_SINCE})(?= +\d)",
        ),
        (
            like(r" \[[\w.-]+ (?:\d\d[:-]|\d{4}-|[A-Z][a-z]{2}\d)"),
            rf" \[[\w.-]+ ({_SINCE})(?= from |\])",
        ),
        # Seconds since 1970: conntrack's; since the kernel began: dmesg's. wg's dump, with a peer's
        # last handshake.
        (like(r"\[ *\d+\.\d{6}"), r"^\[ *(\d+\.\d{6}) *\]"),
        (like(r"\t1\d{9}\t"), r"\t(1\d{9})\t\d+\t\d+(?:\t|$)"),
        (like(r"=\t1\d{9}"), r"^(?:\S+\t)?[A-Za-z0-9+/]{43}=\t(1\d{9})$"),
    ),
)
