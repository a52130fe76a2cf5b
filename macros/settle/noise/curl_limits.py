"""By how much curl's limit was overrun."""

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="limit",
    what="by how many milliseconds curl's own limit was overrun",
    rank=120,
    mask=lambda value: str(int(value) // 1000),
    patterns=patterns_of((" milliseconds", r"^ *curl: \(28\) .* after (\d+) milliseconds")),
)
