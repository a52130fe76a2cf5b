"""What ss says of a socket's moment: its times, windows, counts and memory."""

import re

from macros.kinds.sockets import FIGURES, RATES
from macros.settle.declaration import Noise, any_of, patterns_of

_RATE = r"[\d.]+[KMGTP]?bps"
_DROPPED = re.compile(r"r\d+,.*,d(\d+)")


def _mask(value: str) -> str:
    """Of memory it counts whether a datagram was dropped for want of it."""
    dropped = _DROPPED.fullmatch(value)
    return "dropped" if dropped is not None and dropped[1] != "0" else "?"


NOISE = Noise(
    name="socket's moment",
    what="what ss -i, -m and -e say of a socket's moment: times, windows, rates, counts, memory and"
    " its number; the congestion control, the window scale, the sizes of segments and of the path,"
    " and what was agreed on are facts",
    rank=180,
    mask=_mask,
    patterns=patterns_of(
        (
            " rto:",
            rf"(?<!\S)(?:{'|'.join(sorted(FIGURES))}):([\d./]+(?:ms)?(?:\([\d.]+%\))?)(?!\S)",
        ),
        (
            any_of(*(f"{rate} " for rate in RATES)),
            rf"(?<!\S)(?:{'|'.join(sorted(RATES))}) ({_RATE}(?:/{_RATE})?)(?!\S)",
        ),
        ("bbr:(", r"(?<!\S)bbr:\(([^)\n]*)\)"),
        ("skmem:(", r"\bskmem:\(([^)\n]*)\)"),
        (" ino:", r" ino:(\d+) sk:([0-9a-f]+)(?!\S)"),
    ),
)
