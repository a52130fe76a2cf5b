"""What ss -i has counted since a connection began: bytes, segments, what was sent again."""

from macros.kinds.sockets import COUNTS
from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="socket's count",
    what="what ss -i has counted of a connection: bytes and segments, what was sent again",
    rank=181,
    counts=True,
    patterns=patterns_of(
        # tcp_stats_print() in iproute2, misc/ss.c: the timeout stands in each such line
        (
            " rto:",
            rf"(?<!\S)(?:{'|'.join(sorted(COUNTS))}):(\d+(?:/\d+)?)(?!\S)",
        ),
    ),
)
