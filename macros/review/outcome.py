"""What decisions come to, page by page: what stays, what is put back, what is still open."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from macros.review.decisions import Decision, Decisions
from macros.review.items import Item
from macros.review.sides import Sides
from macros.store import sums, writer


@dataclass(frozen=True, slots=True)
class Outcome:
    """A page, or the edition's versions (`page` empty), with its items by decision."""

    page: str
    accepted: tuple[Item, ...]
    rejected: tuple[Item, ...]
    open: tuple[Item, ...]

    @property
    def decision(self) -> Decision:
        """Rejected as a whole by one rejected change; accepted when nothing is open."""
        if self.rejected:
            return Decision.REJECTED
        return Decision.OPEN if self.open else Decision.ACCEPTED


def outcomes(items: Iterable[Item], decisions: Decisions) -> list[Outcome]:
    """What has been decided, by page, in the items' order."""
    by_page: dict[str, dict[Decision, list[Item]]] = {}
    for item in items:
        by_page.setdefault(item.page, {}).setdefault(decisions.of(item), []).append(item)
    return [
        Outcome(
            page,
            tuple(by.get(Decision.ACCEPTED, ())),
            tuple(by.get(Decision.REJECTED, ())),
            tuple(by.get(Decision.OPEN, ())),
        )
        for page, by in by_page.items()
    ]


def to_put_back(by_page: Sequence[Outcome], sides: Sides) -> list[str]:
    """The pages whose earlier recordings are to be put back.

    Those with a rejected change; and when the edition's versions changed, all that it has now:
    pages of one edition are of one set of versions.
    """
    rejected = [outcome.page for outcome in by_page if outcome.decision is Decision.REJECTED]
    if rejected and sides.old.versions != sides.new.versions:
        return sorted({*sides.old.pages, *sides.new.pages})
    return [page for page in rejected if page]


def put_back(pages: Iterable[str], sides: Sides) -> None:
    """Restore the earlier recordings of these pages back, each as a whole.

    A page that had none loses its new ones: the run itself is still among the transcripts, and
    `guide settle` brings them back. GuideError when a recorder is writing.
    """
    folder = sides.new.folder
    with writer.lock(folder.parent):
        writer.recover(folder)
        for page in pages:
            earlier = sides.old.folder / page
            if earlier.is_dir():
                with TemporaryDirectory(prefix="guide-review-") as temporary:
                    staged = Path(temporary) / page
                    shutil.copytree(earlier, staged)
                    writer.replace(staged, folder, page)
            elif (folder / page).is_dir():
                shutil.rmtree(folder / page)
        if sides.old.versions != sides.new.versions and sides.old.pages:
            for name in ("edition.yml", sums.NAME):
                shutil.copyfile(sides.old.folder / name, folder / name)
