"""What containers and pods use at a moment: docker stats, crictl stats, kubectl top."""

from macros.settle.declaration import BELOW, Noise, like, patterns_of

_PERCENT = r"\d+\.\d+%"
_BYTES = r"\d[\d.]*[kKMGTP]?i?B"

NOISE = Noise(
    name="usage",
    what="what a container, a pod or a node uses at a moment, as `docker stats`, `crictl stats` and"
    " `kubectl top` print it; what it may use is a fact",
    rank=16,
    heads=frozenset({"CPU(CORES)", "CPU(%)", "CPU%", "MEMORY(BYTES)", "MEMORY(%)", "MEMORY%"}),
    patterns=patterns_of(
        (
            "B / ",
            (
                rf" ({_PERCENT} +{_BYTES}) / {_BYTES} +"
                rf"({_PERCENT}(?: +{_BYTES} / {_BYTES} +{_BYTES} / {_BYTES} +\d+)?)(?!\S)"
            ),
        ),
        # crictl stats
        (
            like(r" \d+\.\d\d +\d[\d.]*[kMG]?B "),
            rf"^[0-9a-f]{{13}} +(?:\S+ +)?(\d+\.\d\d +{_BYTES} +{_BYTES} +\d+(?: +{_BYTES})?) *$",
        ),
        (
            like(r" \d[\d.]*(?:[m%\d]|[kKMGTP]i?B?)"),
            r"(?<=  )(\d[\d.]*(?:m|%|[kKMGTP]i?B?|B)?)(?= |$)",
            BELOW,
        ),
    ),
)
