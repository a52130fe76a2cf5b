"""Read an edition strictly: nothing missing, stale or edited by hand."""

import subprocess
from collections.abc import Callable, Container, Iterator
from pathlib import Path

from macros.ground import cache, safe_yaml
from macros.ground.errors import GuideError
from macros.ground.model import Edition, Page, PageRecording
from macros.plan.frontmatter import KNOWN_NEEDS
from macros.store import form, staleness, sums
from macros.store.repair import repair


def edition(recordings: Path, name: str) -> Edition:
    """The edition `recordings/<name>`, its own file checked against its checksum."""
    folder = recordings / name
    fix = "guide record"
    if not (folder / "edition.yml").is_file():
        back = f", or git checkout -- {shown(folder)}" if _in_git(folder / "edition.yml") else ""
        raise GuideError(f"there is no edition {name!r} in {shown(recordings)}", fix=fix + back)
    for path, what in sums.problems(folder):
        back = f", or git checkout -- {shown(folder)}" if _in_git(path) else ""
        raise GuideError(f"recording {shown(path)} {what}", fix=fix + back)
    data = safe_yaml.load((folder / "edition.yml").read_bytes())
    return Edition(
        name=name,
        folder=folder,
        lab=data["lab"],
        base=data.get("base", ""),
        versions=data["versions"],
    )


def page(edition_folder: Path, planned: Page) -> PageRecording:
    """All recordings of a page that are there; `problems` says what is wrong with them."""
    folder = edition_folder / planned.key
    fix = repair(planned, edition_folder)
    meta_path = folder / "page.yml"
    if not meta_path.is_file():
        return PageRecording(planned.key, folder, "", "", (), {})
    meta = safe_yaml.load(meta_path.read_bytes())
    blocks = {path.stem: form.read(path, fix) for path in sorted(folder.glob("*.txt"))}
    return PageRecording(
        key=planned.key,
        folder=folder,
        recorded=meta["recorded"],
        lab=meta["lab"],
        nodes=tuple(meta["nodes"]),
        blocks=blocks,
        start=meta.get("start", {}),
    )


def problems(
    edition_folder: Path,
    planned: Page,
    load: Callable[[], PageRecording] | None = None,
    versions: Container[str] = (),
    misread: staleness.Misread | None = None,
) -> Iterator[GuideError]:
    """What keeps this page from being replayed: each with its place and the repair.

    `load` gives the page's recordings, for callers that keep them. `versions` are the names of
    what the edition was recorded with: a page may be unrecorded only for want of what it needs.
    With `misread` the page is planned in part (see `staleness`).
    """
    folder = edition_folder / planned.key
    fix = repair(planned, edition_folder)
    if not folder.is_dir():
        if not planned.needs or KNOWN_NEEDS[planned.needs] in versions:
            yield _unrecorded(edition_folder.name, planned, fix)
        return
    broken = tuple(_broken(folder, planned, fix))
    yield from broken or _differences(edition_folder, planned, fix, load, misread)


def _differences(
    edition_folder: Path,
    planned: Page,
    fix: str,
    load: Callable[[], PageRecording] | None,
    misread: staleness.Misread | None,
) -> Iterator[GuideError]:
    """What is missing, stale or left over where no file is broken; arguments as of `problems`."""
    folder = edition_folder / planned.key
    # What was found whole is so as long as its sums are the same, and so is what is planned.
    plans = [(block.id, block.plan, block.node, block.command) for block in planned.blocks]
    listed = (folder / sums.NAME).read_text(encoding="ascii")
    seal = cache.entry(f"whole-{edition_folder.name}-{planned.key}", [str(folder), listed, plans])
    if seal.exists() and misread is None:
        return
    try:
        held = load() if load else page(edition_folder, planned)
    except GuideError as error:
        yield error
        return
    differences = tuple(
        staleness.differences(planned, held.blocks, fix, held.start, misread=misread)
    )
    yield from differences
    # A draft that stands in a recording's place, as where an author is served, says nothing of it.
    drafted = any(recording.draft for recording in held.blocks.values())
    if not (differences or drafted or misread):
        cache.keep_only(seal, "")


def _unrecorded(edition_name: str, planned: Page, fix: str) -> GuideError:
    first = planned.blocks[0]
    return GuideError(
        f"block {first.id} and all others of the page have no recording in edition {edition_name}",
        page=planned.source,
        line=first.line,
        fix=fix,
    )


def _broken(folder: Path, planned: Page, fix: str) -> Iterator[GuideError]:
    """The files of a page's recordings that are not as their checksums say."""
    for path, what in sums.problems(folder):
        block = planned.block(path.name.split(".", 1)[0])
        yield GuideError(
            f"recording {shown(path)} {what}",
            page=planned.source,
            line=block.line if block else None,
            fix=f"git checkout -- {shown(path)}, or {fix}" if _in_git(path) else fix,
        )


def _in_git(path: Path) -> bool:
    """Whether git knows the file, so that it can bring it back."""
    folder = next(above for above in path.resolve().parents if above.is_dir())
    command = ["git", "ls-files", "--error-unmatch", "--", str(path.resolve())]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def shown(path: Path) -> str:
    """A path as a person in the checkout writes it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
