"""An address that nobody has, in the table of neighbours while `guide trace` looks."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="trace neighbour",
    what="FAILED or INCOMPLETE, where `guide trace` quotes a neighbour that nobody is: each"
    " packet has the kernel ask again for some seconds (neigh_event_send in net/core/neighbour.c)",
    rank=220,
    patterns=patterns_of(
        (" dev ", r"^ {2,}[0-9a-f.:]+ dev \S+ (?:router )?(FAILED|INCOMPLETE)$"),
    ),
)
