"""Claims of the prose: relations between recorded values, checked at build."""

from collections.abc import Callable
from typing import Any

from macros.ground.errors import ClaimError, GuideError

BETWEEN = frozenset({"same_as", "differs_from"})
"""Relations to another recorded value instead of one that the page writes."""


def check(value: Any, other: Any, relation: str, wanted: Any, of: str) -> None:
    """Raise ClaimError unless `value` stands in `relation` to `wanted` (or to `other`).

    `of` says in an error whose values these are.
    """
    holds, words = _RELATIONS[relation]
    compared = other if relation in BETWEEN else wanted
    try:
        held = holds(value, compared)
    except GuideError as error:
        raise GuideError(f"{error.message}: {of}") from error
    if not held:
        claim = f"the page claims that {value!r} {words} {compared!r}"
        raise ClaimError(f"{claim}, which is not so: {of}")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise GuideError(f"{value!r} is not a number") from error


_RELATIONS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (lambda value, wanted: str(value) == str(wanted), "equals"),
    "differs": (lambda value, wanted: str(value) != str(wanted), "differs from"),
    "contains": (lambda value, wanted: str(wanted) in str(value), "contains"),
    "lacks": (lambda value, wanted: str(wanted) not in str(value), "lacks"),
    "at_least": (lambda value, wanted: _number(value) >= wanted, "is at least"),
    "same_as": (lambda value, other: str(value) == str(other), "is the same as"),
    "differs_from": (lambda value, other: str(value) != str(other), "differs from"),
}
