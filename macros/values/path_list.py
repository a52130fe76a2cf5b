"""Every path that a record offers, with its value: what a page may quote of it."""

from collections.abc import Iterator

from macros.ground.errors import GuideError
from macros.values import record_path

_DEEPEST = 8  # steps; records of tools are flat, objects of Kubernetes are not


def paths(record: object) -> Iterator[tuple[str, str]]:
    """Each path that leads to a single value, and that value as a sentence shows it.

    Every path is tried: what is printed here works where it is pasted. Values that were not given
    and empty ones are left out.
    """
    yield from _below(record, "", record, _DEEPEST)


def _below(record: object, path: str, part: object, left: int) -> Iterator[tuple[str, str]]:
    # What a record says is inside it is found without its name; so is the entry of a list of one.
    alone = part[0] if isinstance(part, tuple) and len(part) == 1 else part
    inside = getattr(type(alone), "INSIDE", ())
    for name in record_path.following(part) if left else ():
        if name in inside:
            continue
        longer = _longer(record, path, name)
        if longer is None:
            continue
        inner = record_path.lookup(record, longer)
        if inner == part and _again(path, longer):
            continue
        try:
            text = record_path.shown(record, longer)
        except GuideError:
            yield from _below(record, longer, inner, left - 1)
        else:
            if text:
                yield longer, text


def _again(path: str, longer: str) -> bool:
    """Whether the last step repeats the one before: an entry found by its key has that key too."""
    return path.rstrip("]").endswith(longer[len(path) :].strip(".[]"))


def _longer(record: object, path: str, name: str) -> str | None:
    """The path with one step more, in the form that leads somewhere; None where none does."""
    plain = name if name.startswith("[") or not path else f".{name}"
    for step in (plain, f"[{name}]"):
        try:
            if record_path.exists(record, path + step):
                return path + step
        except GuideError:
            continue
    return None
