"""One change: what differs, in words, and both sides of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in facts.

    `page` and `block` say where (empty: of the edition, of the page). `kind` is the kind of
    record, or `text`, `packets`, `exit`, `block`, `page`, `version`. `subject` is what changed
    ("docker0", "10.42.1.0/24"), `what` the whole in words; `old` and `new` are the two values,
    empty where there was none. `outputs` stands for all that was recorded where the words say
    nothing of it: a hash.
    """

    page: str
    block: str
    kind: str
    subject: str
    what: str
    old: str = ""
    new: str = ""
    outputs: str = ""


def said(kind: str, subject: str, what: str, old: str = "", new: str = "") -> Change:
    """A change whose page and block are not known yet."""
    return Change("", "", kind, subject, what, old, new)


def joined(changes: Iterable[Change]) -> Iterator[Change]:
    """The same change of several subjects said once: "mtu of eth0, docker0 1500 -> 1400".

    What is the same in all is said once too, with how often.
    """
    groups: dict[tuple[str, str, str, str], list[Change]] = {}
    for change in changes:
        shape = change.what.replace(change.subject, "\0", 1) if change.subject else change.what
        groups.setdefault((change.kind, shape, change.old, change.new), []).append(change)
    for (_, shape, _, _), alike in groups.items():
        first = alike[0]
        subjects = list(dict.fromkeys(change.subject for change in alike))
        if len(subjects) == 1 or "\0" not in shape:
            times = f" ({len(alike)} times)" if len(alike) > 1 else ""
            yield _unrepeated(replace(first, what=f"{first.what}{times}"))
        else:
            subject = ", ".join(subjects)
            yield _unrepeated(replace(first, subject=subject, what=shape.replace("\0", subject)))


def _unrepeated(change: Change) -> Change:
    """A change whose words do not say a value twice: "target of ping of a a -> b"."""
    if not change.old:
        return change
    arrow = f" {change.old} -> "
    return replace(change, what=change.what.replace(f" of {change.old}{arrow}", arrow, 1))
