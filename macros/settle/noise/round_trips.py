"""Round-trip times."""

from macros.settle.declaration import Noise, like, patterns_of

NOISE = Noise(
    name="rtt",
    what="round-trip times",
    rank=30,
    patterns=patterns_of(
        ("time=", r"\btime=([\d.]+) ms"),
        (" ms", r"= ([\d./]+) ms"),
        ("Query time: ", r"^;; Query time: (\d+) [mu]sec$"),
        (", time ", r", time (\d+)ms"),
        # traceroute and tracepath, a hop a line; mtr -r, with how many were sent
        (like(r"  \d+\.\d{3} ms"), r"(?<=  )(\d+\.\d{3} ms)(?= |$)"),
        (like(r" \d+\.\d{3}ms"), r"^ *\d+\??: [^\n]*? (\d+\.\d{3})ms"),
        (
            like(r"\.\|-- "),
            r"^ *\d+\.\|-- \S+ +\d+\.\d%? +\d+" + r" +(\d+\.\d)" * 5 + " *$",
        ),
        # arping
        (
            " from ",
            r"^(?:Uni|Broad)cast re(?:ply|quest) from \S+ \[[0-9A-Fa-f:]{17}\] +(\d+\.\d+ms)",
        ),
        # kubelet: how long an image took
        (" including waiting)", r" in ([\d.]+m?s) \(([\d.]+m?s) including waiting\)"),
        # iperf3
        (
            " sec  ",
            (
                r"^\[ *(?:\d+|SUM)\] +([\d.]+-[\d.]+) +sec +([\d.]+ [KMGT]?Bytes +[\d.]+"
                r" [KMGT]?bits/sec"
                r"(?: +\d+)?(?: +[\d.]+ [KMGT]?Bytes)?)"
            ),
        ),
        # resolvectl query
        (" via protocol ", r"^-- Information acquired via protocol \S+ in ([\d.]+m?s)\.$"),
    ),
)
