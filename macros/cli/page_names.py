"""Pages as people name them at the command line: `docker` or `docs/docker.md`."""

from collections.abc import Iterable

from macros.ground.errors import GuideError
from macros.plan.options import nearest


def key(name: str) -> str:
    """The key of the page that a person names."""
    return name.removeprefix("docs/").removesuffix(".md").replace("/", "-")


def unknown(name: str, known: Iterable[str], what: str = " with blocks") -> GuideError:
    """The error for a name of no page; `known` are the keys of those that there are.

    `what` says in it which pages those are.
    """
    listed = dict.fromkeys(known)
    return GuideError(
        f"there is no page {name!r}{what}{nearest(key(name), listed)}",
        fix=f"one of: {', '.join(listed)}",
    )
