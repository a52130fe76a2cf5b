"""An upgrade from its request to its report: build, record on all labs, compare, check.

What is built, and every page that is recorded, is kept: the next call goes on with what is missing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from macros.ground import suites
from macros.ground.enumeration import in_words
from macros.ground.errors import GuideError
from macros.ground.model import Page
from macros.lab import build as machines
from macros.lab.kubernetes import calico, compilation, parts
from macros.lab.progress import Progress
from macros.plan import planner
from macros.rebuild import new_edition
from macros.store import reader
from macros.store.guide import Guide
from macros.upgrade import crew, findings, journal, known_causes, lab_tasks
from macros.upgrade.display import Display
from macros.upgrade.events import Event, Failure
from macros.upgrade.journal import Journal
from macros.upgrade.lab_tasks import Task
from macros.upgrade.outcome_report import Report
from macros.upgrade.request import Request

Check = Callable[[Guide], list[GuideError]]
"""All that a build of an edition would refuse."""


@dataclass(frozen=True, slots=True)
class Options:
    """How it is done: the pages (none: all), the edition's name, labs' names, how many at once."""

    edition: str
    pages: tuple[str, ...] = ()
    labs: str = "upgrade"
    at_once: int | None = None


@dataclass
class _Course:
    """One call of an upgrade, as far as it has come."""

    shown: Guide
    guide: Guide
    request: Request
    notes: Journal
    display: Display
    recorded: list[str] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.guide.recordings / self.guide.edition_name

    def heard(self, task: Task, event: Event) -> None:
        """Take down what a lab's process says."""
        self.display.on(task, event)
        if event.kind == "lab":
            pages = in_words([page.key for page in task.pages])
            self.notes.took(f"lab for {pages}", event.seconds)
        elif event.kind == "page":
            self.notes.took(event.page, event.seconds)
            self.recorded.append(event.page)
        elif event.failure and event.kind == "failed":
            self.failed[event.page] = event.failure
        elif event.failure:
            for page in task.pages:
                if page.key not in self.recorded:
                    self.failed.setdefault(page.key, event.failure)


def upgrade(
    shown: Guide, request: Request, options: Options, console: Console, check: Check
) -> Report:
    """Do all of it, or what an earlier call left. GuideError where it cannot begin.

    `shown` is the guide with the edition that the site shows, which is left as it is.
    """
    since = time.monotonic()
    guide = Guide(shown.docs, shown.recordings, options.edition)
    with journal.alone(str(request)):
        course = _Course(
            shown, guide, request, journal.of(guide.recordings, options.edition), Display(console)
        )
        if not course.folder.is_dir():
            course.notes.seconds.clear()
        _fits(course)
        pages = _chosen(course, options.pages)
        crew.remove_left(course.display.note)
        kept = [page.key for page in pages if _is_recorded(course, page)]
        missing = [page for page in pages if page.key not in kept]
        try:
            if missing:
                _build(course, missing, console)
                _record(course, missing, options)
        except GuideError as error:
            undone = ("building" if not course.recorded else "recording", Failure.of(error))
            return _report(course, kept, since, undone=undone)
        return _report(course, kept, since, check=check)


def _fits(course: _Course) -> None:
    """See that an edition of that name is one of this request, and of this base."""
    if not course.folder.is_dir():
        _ = course.shown.edition
        return
    there = reader.edition(course.guide.recordings, course.guide.edition_name)
    if there.base != course.shown.edition_name or course.request.asks_other_than(there.versions):
        what = course.request.asks_other_than(there.versions) or f"base {there.base or 'none'}"
        raise GuideError(
            f"edition {there.name} exists, and is another one: it has {what}",
            fix="--edition NAME for the new one",
        )


def _chosen(course: _Course, names: Sequence[str]) -> list[Page]:
    """The pages to record; those that no lab of these versions can are left out, and said."""
    planned = course.guide.planned
    pages = [planned[name] for name in names] if names else list(planned.values())
    fit, course.left_out = lab_tasks.fitting(pages, course.request.suite)
    for page in [page for page in fit if page.needs]:
        try:
            calico.check()
        except GuideError as error:
            course.left_out[page.key] = f"it needs {page.needs}: {error.message}"
            fit.remove(page)
    if not fit:
        whys = "; ".join(f"{key}: {why}" for key, why in course.left_out.items())
        raise GuideError(f"none of the pages can be recorded with {course.request} ({whys})")
    return fit


def _is_recorded(course: _Course, page: Page) -> bool:
    """Whether an earlier call recorded the page, as it is now."""
    if not (course.folder / page.key).is_dir():
        return False
    versions = reader.edition(course.guide.recordings, course.guide.edition_name).versions
    return not any(reader.problems(course.folder, planner.for_versions(page, versions)))


def _kubernetes(course: _Course) -> str:
    """The version of clusters: as asked for, else that of the edition shown."""
    shown = course.shown.edition.versions.get("Kubernetes", "")
    return course.request.kubernetes or (f"v{shown}" if shown else suites.KUBERNETES)


@contextmanager
def _timed(course: _Course, stage: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        course.notes.took(stage, time.monotonic() - started)


def _build(course: _Course, pages: Sequence[Page], console: Console) -> None:
    """Build what the labs of these pages are made of, where it is not in the cache as a whole.

    What is there is not asked of the builders: another build may be at work on something else.
    """
    suite, version = course.request.suite, _kubernetes(course)
    with _timed(course, "building"), Progress(console) as progress:
        if not _is_there(lambda: machines.built(suite)):
            _ = machines.build(progress, suite=suite)
        if any(page.cluster for page in pages) and not _is_there(lambda: parts.found(version)):
            compilation.build(progress, version)
            parts.make(progress, version)


def _is_there(find: Callable[[], object]) -> bool:
    try:
        find()
    except GuideError:
        return False
    return True


def _record(course: _Course, pages: Sequence[Page], options: Options) -> None:
    guide = course.guide
    if not course.folder.is_dir():
        base = course.shown.edition_name
        new_edition.start(guide.recordings, guide.edition_name, base=base, lab="uml")
    at_once = options.at_once or lab_tasks.AT_ONCE
    tasks = lab_tasks.tasks(
        pages, kubernetes=_kubernetes(course), suite=course.request.suite,
        at_once=at_once, names=crew.names(options.labs),
        seconds=journal.earlier_seconds(guide.recordings),
    )  # fmt: skip
    with _whole_or_none(course.folder), course.display.shown():
        crew.work(tasks, lab_tasks.room(tasks, options.at_once), guide, course.heard)


@contextmanager
def _whole_or_none(folder: Path) -> Iterator[None]:
    """However the block ends, an edition in which no page came to be is none."""
    try:
        yield
    finally:
        new_edition.remove_empty(folder)


def _report(
    course: _Course,
    kept: Sequence[str],
    since: float,
    *,
    check: Check | None = None,
    undone: tuple[str, Failure] | None = None,
) -> Report:
    """What came of it."""
    outcome = None
    there = course.folder.is_dir() and any(course.folder.glob("*/page.yml"))
    if check is not None and there:
        course.display.note(f"comparing with {course.shown.edition_name}, checking every claim")
        with _timed(course, "comparing and checking"):
            fresh = course.shown.of_edition(course.guide.edition_name)
            lists = known_causes.lists(fresh.docs, fresh.recordings)
            outcome = findings.find(fresh, course.shown.edition_name, lists, check(fresh))
    versions = reader.edition(course.guide.recordings, course.folder.name).versions if there else {}
    return Report(
        words=str(course.request), base=course.shown.edition_name, edition=course.folder.name,
        versions=versions, recorded=tuple(course.recorded), kept=tuple(kept),
        failed=course.failed, left_out=course.left_out, findings=outcome, undone=undone,
        seconds=dict(course.notes.seconds), all_seconds=time.monotonic() - since,
    )  # fmt: skip
