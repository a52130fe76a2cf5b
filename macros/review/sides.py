"""The two sides of a review: the recordings as git has them, and as they are now."""

import io
import subprocess
import tarfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from macros.compare import editions
from macros.compare.change import Change
from macros.compare.editions import Purposes, Recorded
from macros.compare.quoted import Then, unchanged
from macros.ground.errors import GuideError
from macros.review import unexplained
from macros.store import sums

_OWN = frozenset({"page.yml", sums.NAME})
"""Files of a page that are no answers: when it was recorded, and the sums of the others."""


@dataclass(frozen=True, slots=True)
class Sides:
    """`old` and `new` recordings, and what to call them. `restorable`: old can be put back.

    `page_then` gives the text of a page as it was with the old ones.
    """

    old: Recorded
    new: Recorded
    old_name: str
    new_name: str
    restorable: bool
    page_then: Then = unchanged

    @property
    def name(self) -> str:
        """What decisions about it are kept under."""
        return self.new.name if self.restorable else f"{self.old.name}..{self.new.name}"


@contextmanager
def of_git(folder: Path, revision: str) -> Iterator[Sides]:
    """The edition in `folder` as `revision` has it, and as it is in the working tree.

    GuideError where there is no such revision. An edition that it does not have has no pages.
    """
    with TemporaryDirectory(prefix="guide-review-") as temporary:
        old = Path(temporary) / folder.name
        old.mkdir()
        _extract(folder, revision, old)
        recorded = _recorded(old), editions.edition(folder)
        yield Sides(*recorded, revision, "now", restorable=True, page_then=_page_of(revision))


def _page_of(revision: str) -> Then:
    """The text that a revision has of a page; None where it has none, or git none of its folder."""

    def then(source: Path) -> str | None:
        try:
            raw = _git(source.parent, "show", f"{revision}:./{source.name}", of=revision)
            return raw.decode("utf-8")
        except (GuideError, UnicodeDecodeError):
            return None

    return then


def of_editions(old: Path, new: Path) -> Sides:
    """Two editions side by side."""
    return Sides(editions.edition(old), editions.edition(new), old.name, new.name, restorable=False)


def changes(sides: Sides, keeps: Purposes | None = None) -> Iterator[Change]:
    """What differs, in words. For one edition also files that differ without a change of facts."""
    if not sides.restorable:
        yield from editions.compare(sides.old, sides.new, keeps)
        return
    both = [page for page in sides.old.pages if page in sides.new.pages]
    differing = {
        page: list(_differing(sides.old.folder / page, sides.new.folder / page)) for page in both
    }
    same = {page for page, blocks in differing.items() if not blocks}
    told: set[tuple[str, str]] = set()
    for change in editions.compare(_without(sides.old, same), _without(sides.new, same), keeps):
        told.add((change.page, change.block))
        yield change
    for page, blocks in differing.items():
        untold = [block for block in blocks if (page, block) not in told]
        folders = sides.old.folder / page, sides.new.folder / page
        yield from unexplained.changes(*folders, untold, keeps)


def restamped(sides: Sides) -> list[str]:
    """The pages in which nothing differs but the plans that their blocks were recorded for."""
    both = [page for page in sides.old.pages if page in sides.new.pages]
    folders = {page: (sides.old.folder / page, sides.new.folder / page) for page in both}
    return [
        page
        for page, (old, new) in folders.items()
        if not any(_differing(old, new)) and _answers(old) != _answers(new)
    ]


def _answers(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in _OWN}


def _without(recorded: Recorded, pages: Container[str]) -> Recorded:
    return replace(recorded, pages=tuple(page for page in recorded.pages if page not in pages))


def _differing(old: Path, new: Path) -> Iterator[str]:
    """Blocks of which something differs besides the plan that they were recorded for."""
    mine, theirs = _answers(old), _answers(new)
    names = [
        name
        for name in mine.keys() | theirs.keys()
        if name not in mine or name not in theirs or _told(name, mine) != _told(name, theirs)
    ]
    # Most pages have none, and need not be read.
    owners = _captured(old) | _captured(new) if names else {}
    yield from sorted({owners.get(name) or name.split(".", 1)[0] for name in names})


def _captured(folder: Path) -> dict[str, str]:
    """The block of each file of packets: what a trace caught is named after the trace.

    A recording names its file; a file that none names has no block in it.
    """
    recorded = editions.page(folder).blocks.values()
    return {block.pcap.name: block.id for block in recorded if block.pcap is not None}


def _told(name: str, answers: Mapping[str, bytes]) -> bytes:
    raw = answers[name]
    if not name.endswith(".txt"):
        return raw
    head, rule, text = raw.partition(b"\n---\n")
    kept = [line for line in head.split(b"\n") if not line.startswith(b"plan: ")]
    return b"\n".join(kept) + rule + text


def _recorded(folder: Path) -> Recorded:
    """An edition's folder, which may be empty: then nothing was recorded yet."""
    if not any(folder.iterdir()):
        return Recorded(folder.name, folder, (), {})
    return editions.edition(folder)


def _extract(folder: Path, revision: str, out: Path) -> None:
    parent = folder.resolve().parent
    top = Path(_git(parent, "rev-parse", "--show-toplevel", of=revision).decode().strip())
    tree = f"{parent.relative_to(top).as_posix()}/{folder.name}"
    _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", of=revision)
    if not _git(top, "ls-tree", "-d", revision, tree, of=revision).strip():
        return
    # The tree itself: `git archive` then names its files without a way to it.
    packed = _git(top, "archive", "--format=tar", f"{revision}:{tree}", of=revision)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        # Only files, in folders below; extractall's filters came with Python 3.11.4.
        for member in archive:
            packed_file = archive.extractfile(member)
            if packed_file is not None:
                path = out / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(packed_file.read())


def _git(folder: Path, *words: str, of: str) -> bytes:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise GuideError("git is missing", fix="apt-get install git") from error
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip() or "it is not a revision"
        raise GuideError(
            f"git cannot read {of!r}: {message}", fix="name a commit, a branch or a tag with --base"
        )
    return done.stdout
