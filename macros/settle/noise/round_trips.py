"""Round-trip times."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="rtt",
    what="round-trip times",
    rank=30,
    patterns=patterns_of(
        ("time=", r"\btime=([\d.]+) ms"),
        (" ms", r"= ([\d./]+) ms"),
        ("Query time: ", r"^;; Query time: (\d+) [mu]sec$"),
        (", time ", r", time (\d+)ms"),
    ),
)
