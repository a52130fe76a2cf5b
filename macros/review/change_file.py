"""The committed list of what changed between two editions, as it is read.

It is `changes.yml` in the folder of the edition that has a base. The page "What changed" is made
from it, so building the site compares nothing; `macros.review.change_list` makes it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.store import reader, sums

NAME = "changes.yml"


@dataclass(frozen=True, slots=True)
class Listed:
    """One change on one page: in which blocks, in words, by which cause (a place in `whys`)."""

    page: str
    blocks: tuple[str, ...]
    what: str
    why: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The list from edition `old` to edition `new`. `whys` are causes: name, and why, Markdown.

    `first` are those (places in `whys`) that a reader is told before all others, in this order.
    """

    old: str
    new: str
    whys: tuple[tuple[str, str], ...]
    listed: tuple[Listed, ...]
    of: str
    first: tuple[int, ...] = ()


def load(recordings: Path, edition: str) -> Changes:
    """Read the list in an edition's folder. GuideError where it is older than the recordings."""
    path = recordings / edition / NAME
    fix = f"guide edition changes {edition}"
    if not path.is_file():
        raise GuideError(f"{reader.shown(path)} is missing", fix=fix)
    data = safe_yaml.load(path.read_bytes())
    changes = Changes(
        data["old"],
        data["new"],
        tuple((cause["cause"], cause["why"]) for cause in data["causes"]),
        tuple(
            Listed(change["page"], tuple(change["blocks"]), change["what"], change["why"] - 1)
            for change in data["changes"]
        ),
        data["of"],
        tuple(number - 1 for number in data.get("first", ())),
    )
    if changes.of != hash_of(recordings, changes.old, changes.new):
        raise GuideError(
            f"{reader.shown(path)} is older than the recordings that it compares", fix=fix
        )
    return changes


def hash_of(recordings: Path, old: str, new: str) -> str:
    """A hash over all that is compared: the checksums of the pages that both have.

    Versions are not in it: recording another page may add one to an edition.
    """
    digest = hashlib.sha256()
    pages = [
        {path.parent.name: path for path in (recordings / name).glob(f"*/{sums.NAME}")}
        for name in (old, new)
    ]
    for page in sorted(pages[0].keys() & pages[1].keys()):
        for side in pages:
            digest.update(side[page].read_bytes())
    return digest.hexdigest()[:16]
