"""nstat's counters."""

from macros.settle.declaration import Noise, counted, patterns_of

NOISE = Noise(
    name="statistic",
    what="a counter of the kernel's, as nstat prints it; whether it is zero is a fact",
    rank=130,
    mask=counted,
    patterns=patterns_of((" 0.0", r"^[A-Z][A-Za-z0-9]+ +(\d+) +0\.0$")),
)
