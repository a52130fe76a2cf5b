"""The tests that a change touches, the nearest first: `make test-quick`, python -m tests.touched.

What changed is what differs from the branch point with main (or from --since), committed or not. A
test is as near as the shortest way from its file to a changed one: it imports it, or it names its
path or a folder above it. Tests of single pages of the guide run for the pages that changed.
When the time is over the rest is skipped, and counted.
"""

import ast
import json
import os
import posixpath
import re
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from functools import cache
from heapq import heappop, heappush
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

from tests.sharing import PAGE

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("macros", "tests")
_FOREIGN = frozenset({".git", ".venv", ".cache", "__pycache__", "node_modules"})
VARIABLE = "PACKETS_TOUCHED"
_LATE = "no time left, `make test` runs them"


class Touched(NamedTuple):
    """What the processes that run the tests are told."""

    # File -> how many steps it is from a change. Only files that a change touches.
    steps: dict[str, int]
    # Pages of the guide that changed: "docker.html".
    pages: list[str]
    # When no further test begins: seconds since 1970.
    until: float


def main(arguments: list[str]) -> int:
    """Runs them; the exit code is pytest's: 5 where the time was over before the first began.

    0 where no test is touched, 128 and more where a signal ended pytest.
    """
    started = time.time()
    parser = ArgumentParser("python -m tests.touched", description=__doc__)
    parser.add_argument("--since", metavar="COMMIT", help="what to compare with")
    parser.add_argument("--until", type=float, metavar="TIME", help="seconds since 1970")
    parser.add_argument("--list", action="store_true", help="name files and steps, run nothing")
    given = parser.parse_args(arguments)
    since = given.since or branch_point(ROOT)
    changed = changes(ROOT, since)
    steps = nearness(ROOT, changed)
    files = sorted(
        (path for path in steps if PurePosixPath(path).match("tests/[us]*/test_*.py")),
        key=lambda path: (steps[path], path),
    )
    print(
        f"{len(changed)} files changed since {since[:10]}: they touch {len(files)} files of tests"
    )
    if given.list:
        print(*(f"{steps[path]} {path}" for path in files), sep="\n")
        return 0
    if not files:
        return 0
    touched = Touched(steps, pages(changed), max(given.until or started + 20, started + 8))
    command = [sys.executable, "-m", "pytest", "-p", "tests.touched", "-n", "auto", *files]
    done = subprocess.run(
        [*command, "--no-loadscope-reorder"],
        cwd=ROOT,
        env={**os.environ, VARIABLE: json.dumps(touched)},
        check=False,
    )
    return exit_code(done.returncode)


def exit_code(returned: int) -> int:
    """What a shell shows for how pytest ended; a signal is named, which a bare number is not."""
    if returned < 0:
        name = signal.Signals(-returned).name
        print(f"pytest was ended by {name} before it was done: that says nothing of the tests")
        return 128 - returned
    return returned


def branch_point(root: Path) -> str:
    """Where this branch left main; on main itself the last commit."""
    for name in ("origin/main", "main"):
        done = subprocess.run(
            ["git", "merge-base", "HEAD", name],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
    return "HEAD"


def changes(root: Path, since: str) -> list[str]:
    """Paths that differ from a commit, and those that git does not know yet."""
    listings = (
        ["git", "diff", "--name-only", "--no-renames", "-z", since],
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
    )
    paths: set[str] = set()
    for command in listings:
        output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        paths.update(path for path in output.stdout.split("\0") if path)
    return sorted(paths)


def pages(changed: Iterable[str]) -> list[str]:
    """Pages of the guide whose source or recording is among the changed paths."""
    names = set()
    for path in map(PurePosixPath, changed):
        if path.parts[0] == "docs" and path.suffix == ".md":
            names.add(str(path.relative_to("docs").with_suffix(".html")))
        elif path.parts[0] == "recordings" and len(path.parts) > 3:
            names.add(f"{path.parts[2]}.html")
    return sorted(names)


def nearness(root: Path, changed: Iterable[str]) -> dict[str, int]:
    """Each file that the changed paths touch, and they -> how many steps it is from one of them.

    An import is a step, so is a path that is named; three where only a folder at the top is.
    """
    users = _users(root)
    steps: dict[str, int] = {}
    queue = [(0, path) for path in changed]
    while queue:
        step, path = heappop(queue)
        if path in steps:
            continue
        steps[path] = step
        for name in _with_folders(path):
            vague = name != path and "/" not in name
            for user in users.get(name, ()):
                heappush(queue, (step + (3 if vague else 1), user))
    return steps


@cache
def _with_folders(path: str) -> tuple[str, ...]:
    """A path, and each folder that it lies in."""
    return (path, *map(str, PurePosixPath(path).parents))


@cache
def _paths(root: Path) -> frozenset[str]:
    """All files and folders of the project; asking the disk for each text of it takes seconds."""
    paths: set[str] = set()
    for folder, folders, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        built = {"site"} if folder == str(root) else set()
        folders[:] = [name for name in folders if name not in _FOREIGN | built]
        paths.update((inside / name).as_posix() for name in (*folders, *names))
    return frozenset(paths)


@cache
def _users(root: Path) -> dict[str, set[str]]:
    """Each file or folder -> the files that import it or name its path."""
    users: dict[str, set[str]] = {}
    for folder in SOURCES:
        for file in (root / folder).rglob("*.py"):
            path = file.relative_to(root).as_posix()
            tree = ast.parse(file.read_bytes())
            texts = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            for used in (
                *_imports(root, path, tree),
                *_fixtures(root, path),
                *_named(root, texts, bare=path.startswith("tests/")),
            ):
                users.setdefault(used, set()).add(path)
    site = root / "mkdocs.yml"
    if site.is_file():
        for used in _named(root, re.findall(r"[\w./-]+", site.read_text()), bare=False):
            users.setdefault(used, set()).add(site.name)
    return users


def _imports(root: Path, path: str, tree: ast.Module) -> Iterator[str]:
    """The files of this repository that a file imports, wherever in it, and their packages'."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            modules = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for module in modules:
            yield from _files(root, module.split("."))


def _files(root: Path, names: list[str]) -> Iterator[str]:
    """The file of a module, if there is one; its own package's __init__.py runs first."""
    if names[0] not in SOURCES:
        return
    for file in ("/".join(names) + ".py", "/".join([*names, "__init__.py"])):
        if (root / file).is_file():
            yield file
            yield "/".join([*names[:-1], "__init__.py"])


def _fixtures(root: Path, path: str) -> Iterator[str]:
    """The conftest.py files that pytest loads for a test."""
    if PurePosixPath(path).name.startswith("test_"):
        for folder in PurePosixPath(path).parents:
            if (root / folder / "conftest.py").is_file():
                yield str(folder / "conftest.py")


def _named(root: Path, texts: Iterable[str], *, bare: bool) -> Iterator[str]:
    """The paths in this repository among some texts: "docs/assets/css/tokens.css".

    With `bare` also folders at its top: "docs". In the package itself that is mostly another word.
    """
    for text in {text.strip("/") for text in texts if len(text) < 200 and text.isprintable()}:
        likely = bare or "/" in text or "." in text
        if likely and posixpath.normpath(text) in _paths(root):
            yield text


def _told() -> Touched:
    return Touched(*json.loads(os.environ[VARIABLE]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pages that changed come first, then what is nearest; tests of other single pages go."""
    touched = _told()
    kept: list[tuple[int, pytest.Item]] = []
    dropped: list[pytest.Item] = []
    for item in items:
        page = PAGE.search(item.nodeid.partition("[")[2])
        if page and "guide" in getattr(item, "fixturenames", ()):
            if page[0] in touched.pages:
                kept.append((0, item))
            else:
                dropped.append(item)
        else:
            kept.append((touched.steps.get(item.nodeid.split("::")[0], 0), item))
    items[:] = [item for _, item in sorted(kept, key=lambda pair: pair[0])]
    config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Skips what has not begun in time."""
    if time.time() > _told().until:
        pytest.skip(_LATE)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that had no time for a single test is not one that passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _late(reporter) and not _run(reporter):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def _late(reporter: pytest.TerminalReporter) -> int:
    """How many tests had no time."""
    return sum(_LATE in str(report.longrepr) for report in reporter.stats.get("skipped", []))


def _run(reporter: pytest.TerminalReporter) -> int:
    """How many tests were run."""
    return sum(len(reporter.stats.get(how, [])) for how in ("passed", "failed", "error"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many had no time."""
    late = _late(terminalreporter)
    if late and not _run(terminalreporter):
        terminalreporter.write_line(
            f"NO TEST WAS RUN: the time was over before the first of {late};"
            " this machine is busy, `make test` takes the time it needs"
        )
    elif late:
        terminalreporter.write_line(f"{late} tests, the farthest from the change: {_LATE}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
