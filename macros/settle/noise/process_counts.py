"""How many processes, and which file descriptor."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="count",
    what="how many processes a namespace has (lsns, under NPROCS), which file descriptor one uses",
    rank=80,
    columns=("NPROCS",),
    patterns=patterns_of((",fd=", r",fd=(\d+)\)")),
)
