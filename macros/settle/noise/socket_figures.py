"""What ss says of a socket's moment: its times, windows and memory."""

import re

from macros.kinds.sockets import COUNTS, FIGURES, RATES
from macros.settle.declaration import Noise, any_of, like, patterns_of

_RATE = r"[\d.]+[KMGTP]?bps"
_FIGURES = "|".join(sorted(FIGURES - COUNTS))
_DROPPED = re.compile(r"r\d+,.*,d(\d+)")


def _mask(value: str) -> str:
    """Of memory it counts whether a datagram was dropped for want of it."""
    dropped = _DROPPED.fullmatch(value)
    return "dropped" if dropped is not None and dropped[1] != "0" else "?"


NOISE = Noise(
    name="socket's moment",
    what="what ss -i, -m and -e, and /proc/net, say of a socket's moment: times, windows, rates,"
    " queues, memory and its number; the congestion control, the window scale, the sizes"
    " of segments and of the path, and what was agreed on are facts",
    rank=180,
    mask=_mask,
    patterns=patterns_of(
        (
            " rto:",
            rf"(?<!\S)(?:{_FIGURES}):([\d./]+(?:ms)?(?:\([\d.]+%\))?)(?!\S)",
        ),
        (
            any_of(*(f"{rate} " for rate in RATES)),
            rf"(?<!\S)(?:{'|'.join(sorted(RATES))}) ({_RATE}(?:/{_RATE})?)(?!\S)",
        ),
        ("bbr:(", r"(?<!\S)bbr:\(([^)\n]*)\)"),
        ("skmem:(", r"\bskmem:\(([^)\n]*)\)"),
        (" ino:", r" ino:(\d+) sk:([0-9a-f]+)(?!\S)"),
        # /proc/net/tcp, udp, raw and those of IPv6: its place, queues, timers, and inode; who holds
        # it, and of TCP how it sends. What udp has dropped stands at the end.
        (
            like(r":[0-9A-F]{8} [0-9A-F]{2}:[0-9A-F]{8} "),
            (
                r"^ *(\d+): [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4} [0-9A-F]{2}"
                r" ([0-9A-F]{8}:[0-9A-F]{8} [0-9A-F]{2}:[0-9A-F]{8} [0-9A-F]{8}) +\d+ +(\d+ \d+ \d+"
                r" [0-9a-fK]+(?: \d+ \d+ \d+ \d+ -?\d+)?)"
            ),
        ),
        # what the kernel remembers of a peer: ip tcp_metrics
        (" source ", r" age \S+ cwnd (\d+)(?= |$)"),
        (" rttvar ", r" rtt (\d+us) rttvar (\d+us)"),
        (" fo_cookie ", r" fo_cookie ([0-9a-f]+)"),
        # netstat -e, also of unix sockets; lsof's of sockets; /proc/net/packet and netlink
        (
            any_of(":*", "ESTABLISHED", "TIME_WAIT", "CLOSE", "SYN_", "FIN_", "LAST_ACK"),
            (
                r"^(?:tcp|udp|raw|udplite)6? +\d+ +\d+ +\S+ +\S+ +(?:[A-Z][A-Z0-9_]+ +|\d+ +)?"
                r"[a-z_][\w-]* +(\d+)(?= |$)"
            ),
        ),
        ("unix  ", r"^unix  (\d+) +\[ [A-Z ]*\] +[A-Z]+ +(?:[A-Z]+ +)?(\d+)(?= |$)"),
        (
            any_of(" IPv4 ", " IPv6 "),
            r" IPv[46] +(\d+) +0t0 +(?:TCP|UDP|ICMP)",
        ),
        (" sock ", r" sock +\d+,\d+ +0t0 +(\d+) "),
        (
            any_of("ffff", "00000000"),
            r"^([0-9a-f]{16}) (\d+) +\d+ +[0-9a-f]{4} +\d+ +\d+ +(\d+) +\d+ +(\d+) *$",
        ),
        (
            any_of("ffff", "00000000"),
            r"^([0-9a-f]{16}) \d+ +(\d+) +[0-9a-f]{8} +(\d+) +(\d+) +\d +(\d+) +\d+ +(\d+) *$",
        ),
        # /proc/net/unix
        (
            like(r": [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} "),
            r"^([0-9a-f]+): ([0-9A-F]{8}) 00000000 [0-9A-F]{8} [0-9A-F]{4} [0-9A-F]{2} +(\d+)",
        ),
    ),
)
