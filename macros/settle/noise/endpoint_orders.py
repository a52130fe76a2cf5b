"""Orders of endpoints in one line."""

from macros.settle.declaration import Noise, like, patterns_of


def _members(value: str) -> str:
    return ",".join(sorted(value.split(",")))


_ENDPOINT = r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"
# With `::` or eight groups: a MAC has neither.
_IPV6 = (
    r"(?:(?=[0-9a-f:]*::)[0-9a-f:]+|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})",
    r"\[[0-9a-f:]+\]:\d+",
)

NOISE = Noise(
    name="order of endpoints",
    what="the order in which the addresses behind a Service are listed",
    rank=90,
    mask=_members,
    patterns=patterns_of(
        (like(r",\d{1,3}\.\d"), rf"(?<![\w.,])({_ENDPOINT}(?:,{_ENDPOINT})+)(?![\w.:])"),
        (like(r":[0-9a-f:]*,[0-9a-f:]*:"), rf"(?<![\w.:,])({_IPV6[0]}(?:,{_IPV6[0]})+)(?![\w.:/])"),
        (like(r":\d+,\["), rf"(?<![\w.,])({_IPV6[1]}(?:,{_IPV6[1]})+)(?![\w.:])"),
    ),
)
