"""The guide as a whole: every page planned, and one edition's recordings beside it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from macros.ground.errors import FollowsError, GuideError, raise_all
from macros.ground.model import Block, Edition, Page, PageRecording, Recording
from macros.plan import planner
from macros.plan.options import nearest
from macros.store import drafts, naming, reader


@dataclass(frozen=True)
class Guide:
    """`docs` and `recordings` are folders, `edition` the name of the edition shown.

    `partly` leaves out pages that cannot be planned, which are an error otherwise; with `drafts`
    what was drafted of a page stands in the place of what is recorded.
    """

    docs: Path
    recordings: Path
    edition_name: str
    partly: bool = False
    drafts: bool = False
    _pages: dict[str, PageRecording] = field(default_factory=dict)
    _editions: "dict[str, Guide]" = field(default_factory=dict)
    _whole: "Guide | None" = None
    _beside: Page | None = None

    def of_edition(self, name: str) -> "Guide":
        """The same pages with another edition's recordings."""
        return Guide(self.docs, self.recordings, name, self.partly, self.drafts, _whole=self)

    @cached_property
    def planned(self) -> Mapping[str, Page]:
        """Every page that has blocks, by key, with those of all versions."""
        if self._whole is not None:
            beside = {self._beside.key: self._beside} if self._beside is not None else {}
            return {**self._whole.planned, **beside}
        if not self.partly:
            raise_all(list(self._plan.wrong.values()))
        return {page.key: page for page in self._plan.pages}

    @property
    def unplanned(self) -> Mapping[Path, GuideError]:
        """The files of pages that cannot be planned, and what is wrong with each."""
        return self._plan.wrong if self._whole is None else self._whole.unplanned

    @property
    def planned_partly(self) -> Mapping[Path, Page]:
        """What can be planned of them, by file."""
        return self._plan.partly if self._whole is None else self._whole.planned_partly

    def with_part_of(self, source: Path) -> "Guide | None":
        """The same with what can be planned of a page that has errors; None where nothing can.

        For what else is wrong with such a page: what follows from its errors is `FollowsError`.
        """
        page = self.planned_partly.get(source)
        if page is None:
            return None
        name = self.edition_name
        return Guide(self.docs, self.recordings, name, self.partly, _whole=self, _beside=page)

    @cached_property
    def _plan(self) -> planner.Plans:
        return planner.plannable(self.docs)

    @cached_property
    def pages(self) -> Mapping[str, Page]:
        """The pages of this edition, by key, as its versions have them.

        Those are all that have blocks; where the edition has a base, those that it has recorded.
        """
        try:
            edition = self.edition
        except GuideError:
            return self.planned  # `problems` says what is wrong with the edition
        held = [
            page
            for page in self.planned.values()
            if not edition.base or (edition.folder / page.key).is_dir()
        ]
        return {page.key: planner.for_versions(page, edition.versions) for page in held}

    @cached_property
    def base(self) -> "Guide | None":
        """The guide in the edition that this one is settled against; None where it has none."""
        try:
            name = self.edition.base
        except GuideError:
            return None  # `problems` says what is wrong with the edition
        return self.beside(name) if name else None

    def beside(self, name: str) -> "Guide":
        """The guide in another edition; what it has read is not read again."""
        if name == self.edition_name:
            return self
        if self._whole is not None:
            return self._whole.beside(name)
        if name not in self._editions:
            self._editions[name] = self.of_edition(name)
        return self._editions[name]

    def holder(self, key: str) -> "Guide":
        """Where a page is shown and quoted from: this edition, or its base if it lacks the page.

        A page that needs what an edition without a base was not made with is another edition's.
        """
        if key not in self.pages:
            return self.base.holder(key) if self.base is not None else self
        if not self.pages[key].needs or (self.recordings / self.edition_name / key).is_dir():
            return self
        held = [name for name in self.others if (self.recordings / name / key).is_dir()]
        return self.beside(held[-1]) if held else self

    @property
    def shown(self) -> "Guide":
        """The guide in the edition shown by default: this one, or the one that this is beside."""
        return self._whole.shown if self._whole is not None else self

    @cached_property
    def held(self) -> Mapping[str, "Guide"]:
        """Where each page that has blocks is shown from, by key: see `holder`."""
        return {key: self.holder(key) for key in self.planned}

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """The files under docs/ that stand in this edition; with a base, those that it recorded."""
        try:
            base = self.edition.base
        except GuideError:
            base = ""  # `problems` says what is wrong with the edition
        if not base:
            lent = {self.planned[key].source for key, own in self.held.items() if own is not self}
            return tuple(sorted(path for path in self.docs.rglob("*.md") if path not in lent))
        return tuple(sorted(page.source for page in self.pages.values()))

    @cached_property
    def others(self) -> tuple[str, ...]:
        """The names of all other editions, by name."""
        names = (path.parent.name for path in self.recordings.glob("*/edition.yml"))
        return tuple(sorted(name for name in names if name != self.edition_name))

    @cached_property
    def edition(self) -> Edition:
        """The edition shown. GuideError where it is missing or was edited by hand."""
        return reader.edition(self.recordings, self.edition_name)

    def problems(self) -> Iterator[GuideError]:
        """All that keeps the guide from being replayed, page by page."""
        folder = self.recordings / self.edition_name
        versions: frozenset[str] = frozenset()
        if self.pages:
            try:
                versions = frozenset(self.edition.versions)
            except GuideError as error:
                yield error
                if not folder.is_dir():
                    return
        for page in self.pages.values():
            yield from reader.problems(folder, page, partial(self.recorded, page.key), versions)
        yield from self._problems_of_parts(folder)
        known = self.pages.keys() | {planner.page_key(self.docs, page) for page in self.unplanned}
        if folder.is_dir():
            for other in sorted(path for path in folder.iterdir() if path.is_dir()):
                if other.name not in known and not other.name.startswith("."):
                    yield GuideError(
                        f"recordings {reader.shown(other)} belong to no page",
                        fix=f"git rm -r {reader.shown(other)}, or bring the page back",
                    )

    def _problems_of_parts(self, folder: Path) -> Iterator[GuideError]:
        """The same of what could be planned of pages that have errors, where they are recorded."""
        if not self.partly or self.drafts:
            return
        try:
            versions = self.edition.versions
        except GuideError:
            return  # `problems` says what is wrong with the edition
        for source, page in self.planned_partly.items():
            if (folder / page.key).is_dir():
                part = planner.for_versions(page, versions)
                text = source.read_text(encoding="utf-8-sig")
                misread = partial(planner.is_misread, page, text)
                yield from reader.problems(folder, part, misread=misread)

    def recorded(self, key: str) -> PageRecording:
        """What the edition holds of a page."""
        if key not in self._pages:
            folder = self.recordings / self.edition_name
            page = reader.page(folder, self.pages[key])
            if self.drafts:
                mine = drafts.folder(self.recordings, self.edition_name, key)
                page = drafts.over(page, mine, self.pages[key])
            self._pages[key] = page
        return self._pages[key]

    def find(self, reference: str, page: str) -> tuple[Block, Recording | None]:
        """The block that `reference` names: an id of `page`, or `page:id` of another.

        What this edition has not recorded, its base answers for.
        """
        key, _, block_id = reference.rpartition(":")
        key = key or page
        holder = self.holder(key)
        if key not in holder.pages:
            if key in {planner.page_key(self.docs, page) for page in self.unplanned}:
                raise FollowsError(f"page {key} has errors of its own")
            raise GuideError(f"there is no page {key!r} with blocks{nearest(key, holder.pages)}")
        block = holder.pages[key].block(block_id)
        if block is None and self.is_wrong(key, block_id):
            raise FollowsError(f"block {block_id} has errors of its own")
        if block is None:
            raise naming.no_block(holder.pages[key], block_id, holder.recorded(key).blocks)
        return block, holder.recorded(key).blocks.get(block_id)

    def is_wrong(self, key: str, block_id: str) -> bool:
        """Whether this is a block or trace of the page with errors that only they kept unknown."""
        page = self._beside
        if page is None or key != page.key:
            return False
        return planner.is_misread(page, page.source.read_text(encoding="utf-8-sig"), block_id)


def interfaces(recordings: Iterable[Recording]) -> frozenset[str]:
    """All interface names in the tools' own JSON of these recordings, loopback left out."""
    names: set[str] = set()
    for recording in recordings:
        _collect(recording.twin, names)
    return frozenset(names - {"lo"})


def _collect(value: Any, names: set[str]) -> None:
    if isinstance(value, dict):
        name = value.get("ifname")
        if isinstance(name, str):
            names.add(name)
        for inner in value.values():
            if isinstance(inner, dict | list):
                _collect(inner, names)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, names)
