"""How much TCP hands down in one piece where it leaves the cutting to a later step."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="trace piece",
    what="how many bytes, 2000 or more, the last piece has that `guide trace` saw of a connection:"
    " TCP makes it as large as its pace and window allow (tcp_tso_autosize in tcp_output.c)",
    rank=210,
    patterns=patterns_of(
        ("last seen at", r"^last seen at .*: TCP [A-Z ]+, ([2-9]\d{3}|\d{5,}) bytes\b"),
    ),
)
