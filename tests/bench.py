"""`make bench`: the speed of replaying and of settling, one `name value` a line.

replay_over_plain       the guide, caches warm, over plain MkDocs with the same configuration
                        less macros and hooks on the Markdown that the macros expand to
replay_over_plain_edited  the same where the prose of its longest page has changed since
replay_over_plain_cold  the same with the guide's own cache empty
replay_growth           the guide with every page twice over the guide
settle_s_per_million_lines  a page of all recordings, many times over with names of their own, read
                        anew as a fresh lab would print it: seconds of one core for a million lines
settle_growth           twice such a page over one

Each figure of replaying is a ratio of medians; the two sides of a ratio run in turn, as whole
processes.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from macros.cli.settings import guide_of_checkout
from macros.ground.places import CHECKOUT as ROOT
from macros.review import change_file
from macros.settle import folder as settle_page
from macros.site import edition_links
from macros.site.claims_check import expand
from macros.store import sums
from tests.mutate import harmless
from tests.mutate.files import Run, load

RUNS = 5


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        once, plain, twice = folder / "once", folder / "plain", folder / "twice"
        _guide(once)
        _plain(plain)
        _guide(twice)
        _double(twice)
        cache = folder / "cache"

        def cold() -> float:
            shutil.rmtree(cache, ignore_errors=True)
            return _build(once, cache)

        def warm() -> float:
            return _build(once, cache)

        def edited() -> float:
            longest = max((once / "docs").glob("*.md"), key=lambda path: path.stat().st_size)
            longest.write_text(f"{longest.read_text(encoding='utf-8')}\nMore.\n", "utf-8")
            return _build(once, cache)

        warm()
        ratios = _ratio(warm, lambda: _build(plain, cache))
        print(f"replay_over_plain {ratios:.2f}")
        _build(twice, cache)
        print(f"replay_growth {_ratio(lambda: _build(twice, cache), warm):.2f}")
        print(f"replay_over_plain_edited {_ratio(edited, lambda: _build(plain, cache), 3):.2f}")
        print(f"replay_over_plain_cold {_ratio(cold, lambda: _build(plain, cache), 2):.2f}")
    _settle()


def _settle() -> None:
    """Settle harmless copies of all recordings: text and JSON, without their captures."""
    guide = guide_of_checkout()
    known = guide.recordings / guide.edition_name
    runs = [load(page, known / key) for key, page in guide.pages.items() if (known / key).is_dir()]
    seconds: list[float] = []
    lines: list[int] = []
    for copies in (2, 4):
        old: dict[str, bytes] = {}
        new: dict[str, bytes] = {}
        for copy in range(copies):
            for run in runs:
                # Each copy is of another lab: its names are its own.
                mine = _fresh(run, copy)
                for side, recording in ((old, mine), (new, _fresh(mine, copy + 1000))):
                    for name, raw in recording.files.items():
                        if name not in run.captures and not name.endswith(".pcap"):
                            side[f"{run.page.key}-{copy}-{name}"] = raw
        with tempfile.TemporaryDirectory() as folder:
            before, after, out = (Path(folder) / name for name in ("old", "new", "out"))
            for path, files in ((before, old), (after, new), (out, {})):
                path.mkdir()
                for name, raw in files.items():
                    (path / name).write_bytes(raw)
                (path / "page.yml").write_text("lab: uml\n", encoding="utf-8")
                sums.write(path)
            (out / "page.yml").unlink()
            page = replace(runs[0].page, blocks=())
            started = time.process_time()
            settle_page.settle(page, before, after, out, {})
            seconds.append(time.process_time() - started)
        lines.append(sum(raw.count(b"\n") for raw in new.values()))
    print(f"settle_s_per_million_lines {seconds[1] / lines[1] * 1_000_000:.1f}")
    print(f"settle_growth {seconds[1] / seconds[0]:.2f}")


def _fresh(run: Run, seed: int) -> Run:
    rng = Random(seed)  # noqa: S311 seeded, no secret
    for kind in ("random MACs", "veth suffixes", "container and network ids", "times and ages"):
        run = harmless.KINDS[kind](rng, run)
    return run


def _ratio(one: Callable[[], float], other: Callable[[], float], runs: int = RUNS) -> float:
    pairs = [(one(), other()) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)


def _build(folder: Path, cache: Path) -> float:
    environment = {**os.environ, "GUIDE_CACHE": str(cache), "NO_MKDOCS_2_WARNING": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled modules are a warm cache too
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-f", str(folder / "mkdocs.yml")],
        check=True,
        cwd=folder,
        env=environment,
    )
    return time.perf_counter() - started


def _guide(folder: Path) -> None:
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copytree(ROOT / "recordings", folder / "recordings")
    shutil.copytree(ROOT / "overrides", folder / "overrides")
    (folder / "macros").symlink_to(ROOT / "macros")
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    text = re.sub(r"^nav:\n(?:[ -].*\n|\n)*", "", text, flags=re.MULTILINE)
    text = text.replace("strict: true", "strict: false")
    text = text.replace("extra:\n", f"extra:\n  recordings: {folder / 'recordings'}\n", 1)
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")


def _plain(folder: Path) -> None:
    """The same pages as Markdown that needs no macro, built without macros and hooks."""
    _guide(folder)
    guide = guide_of_checkout()
    for source in guide.docs.rglob("*.md"):
        target = folder / "docs" / source.relative_to(guide.docs)
        key = source.relative_to(guide.docs).with_suffix("").as_posix()
        target.write_text(expand(guide.holder(key), source), encoding="utf-8")
    # The guide builds its pages in the other editions too; so must this.
    for other in map(guide.of_edition, guide.others):
        for source in other.sources:
            name = source.relative_to(guide.docs).as_posix()
            target = folder / "docs" / edition_links.uri(other.edition_name, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(expand(other, source), encoding="utf-8")
    path = folder / "mkdocs.yml"
    text = path.read_text(encoding="utf-8")
    text, macros = re.subn(r"^  macros:\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    text, hooks = re.subn(r"^hooks:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    if (macros, hooks) != (1, 1):
        sys.exit("mkdocs.yml no longer has one macros: plugin and one hooks: list")
    path.write_text(text, encoding="utf-8")


def _double(folder: Path) -> None:
    """Every page a second time, with its recordings."""
    for source in sorted((folder / "docs").rglob("*.md")):
        shutil.copy(source, source.with_name(f"{source.stem}-again.md"))
    for edition in (folder / "recordings").iterdir():
        for page in [path for path in edition.iterdir() if path.is_dir()]:
            again = page.with_name(f"{page.name}-again")
            shutil.copytree(page, again)
            sums.write(again)
    for path in (folder / "recordings").glob(f"*/{change_file.NAME}"):
        text = path.read_text(encoding="utf-8")
        sides = re.findall(r"^(?:old|new): (.*)$", text, re.MULTILINE)
        of = change_file.hash_of(folder / "recordings", *sides)
        path.write_text(re.sub(r"(?m)^of: .*$", f"of: {of}", text), encoding="utf-8")
        sums.write(path.parent)


if __name__ == "__main__":
    main()
