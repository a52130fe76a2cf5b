"""How often something happened while `guide trace` sent its request: retransmissions vary."""

from macros.settle.declaration import Noise, counted, patterns_of

NOISE = Noise(
    name="trace count",
    what="how many packets of one request `guide trace` saw a rule or a counter count",
    rank=200,
    counts=True,
    mask=counted,
    patterns=patterns_of(
        (" before, ", r"  \((\d+) before, (\d+) after\)$"),
        (" more than before", r"^ +(\d+) more than before$"),
        (" packets while", r"\bended (\d+) packets while\b"),
    ),
)
