"""Orders of endpoints in one line."""

import re

from macros.settle.declaration import CELL, Noise, Pattern, like


def _members(value: str) -> str:
    return ",".join(sorted(value.split(",")))


_ENDPOINT = r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"
# With `::` or eight groups: a MAC has neither.
_IPV6 = (
    r"(?:(?=[0-9a-f:]*::)[0-9a-f:]+|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})",
    r"\[[0-9a-f:]+\]:\d+",
)

_LISTS = (
    (like(r",\d{1,3}\.\d"), _ENDPOINT),
    (like(r":[0-9a-f:]*,[0-9a-f:]*:"), _IPV6[0]),
    (like(r":\d+,\["), _IPV6[1]),
)
# Where only endpoints stand: a column, a line of `kubectl describe`, an Ingress' backend there.
# Every other list (name servers, allowed sources) is in its author's order.
_PLACES = (
    (r"(?<=[^:\s]  ) *", r"(?=  |\t| *$| \+ \d+ more)", CELL),
    (r"\b(?:Endpoints|(?:NotReady)?Addresses): +", r"(?= *$| \+ \d+ more)", ""),
    (r":\S+ \(", r"(?=\) *$)", ""),
)

NOISE = Noise(
    name="order of endpoints",
    what="the order in which the addresses behind a Service are listed",
    rank=90,
    mask=_members,
    heads=frozenset({"ENDPOINTS"}),
    patterns=tuple(
        Pattern("", re.compile(f"{before}({entry}(?:,{entry})+){behind}"), shape, near)
        for near, entry in _LISTS
        for before, behind, shape in _PLACES
    ),
)
