"""What holds only from, or only until, some version: `only("Docker >= 28")` on a page.

Whether it does is known before anything is recorded: from the lab's versions when recording, from
the edition's when building. So no recorded value decides which commands are run.
"""

import operator
import re
from collections.abc import Callable, Mapping

from macros.ground.errors import GuideError

_ONE = re.compile(r"(?P<name>[A-Za-z][\w -]*?) *(?P<sign><=|>=|<|>|==|!=) *v?(?P<version>\d[\d.]*)")
_SIGNS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(condition: str, versions: Mapping[str, str]) -> bool:
    """Whether `condition` holds for these versions; the empty one always does.

    A condition is a name, a sign and a version, or several of these joined by ` and `. As many
    parts of a version count as the condition names: 28.5.2 is `== 28`. What the edition does not
    name counts as newer than any version, for pages are written for the newest. GuideError for a
    condition that does not read.
    """
    if not condition:
        return True
    return all(_holds(part.strip(), versions) for part in condition.split(" and "))


def names(condition: str) -> list[str]:
    """The names of what a condition that reads is about."""
    ones = (_ONE.fullmatch(part.strip()) for part in condition.split(" and "))
    return [one["name"] for one in ones if one is not None]


def _holds(condition: str, versions: Mapping[str, str]) -> bool:
    match = _ONE.fullmatch(condition)
    if match is None:
        raise GuideError(
            f"{condition!r} is not a condition", fix='write it as "Docker >= 28" or "Docker < 28"'
        )
    wanted = parts(match["version"])
    version = versions.get(match["name"])
    if version is None:
        return match["sign"] in (">", ">=", "!=")
    own = (*parts(version), *(0 for _ in wanted))[: len(wanted)]
    return _SIGNS[match["sign"]](own, wanted)


def parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, to be compared; none of a name such as `sid`."""
    return tuple(map(int, re.findall(r"\d+", version)))
