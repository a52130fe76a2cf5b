"""`make bench`: the speed of replaying, one `name value` a line.

replay_over_plain       the guide, caches warm, over plain MkDocs with the same configuration
                        less macros and hooks on the Markdown that the macros expand to
replay_over_plain_cold  the same with the guide's own cache empty
replay_growth           the guide with every page twice over the guide

Each figure is a ratio of medians; the two sides of a ratio run in turn, as whole processes.
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
from pathlib import Path

from macros.cli.check import expand
from macros.cli.settings import guide_of_checkout
from macros.guide import ROOT
from macros.store import sums

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

        warm()
        ratios = _ratio(warm, lambda: _build(plain, cache))
        print(f"replay_over_plain {ratios:.2f}")
        _build(twice, cache)
        print(f"replay_growth {_ratio(lambda: _build(twice, cache), warm):.2f}")
        print(f"replay_over_plain_cold {_ratio(cold, lambda: _build(plain, cache), 2):.2f}")


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
        target.write_text(expand(guide, source), encoding="utf-8")
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


if __name__ == "__main__":
    main()
