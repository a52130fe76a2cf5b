"""The handles that the kernel gives queueing disciplines; one that was asked for is a fact."""

import re

from macros.kinds.queues import CHOSEN
from macros.settle.declaration import Noise, patterns_of

_MAJOR = CHOSEN.pattern


def _mask(value: str) -> str:
    return "?" if CHOSEN.match(value) else value


NOISE = Noise(
    name="queue handle",
    what="the handle that the kernel gave a queueing discipline: 8001: and above",
    rank=106,
    mask=_mask,
    patterns=patterns_of(
        ("qdisc ", rf"^(?:added |deleted |replaced )?qdisc \S+ ({_MAJOR})"),
        (" parent ", rf"^(?:qdisc|class) .* parent ({_MAJOR})"),
    ),
    keys=re.compile(r"handle|parent"),
    in_text=re.compile(rf"{_MAJOR}[0-9a-f]*"),
)
