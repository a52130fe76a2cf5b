"""`make house`: the code in numbers, one `name value` a line, for a checkout before and after.

    python -m tests.house [CHECKOUT]

lines ROOM               lines of a room's Python files, and of all
files_over_400           files that are longer
functions, functions_over_40, functions_over_60
complexity_mean, complexity_D, complexity_E_F   McCabe's, by radon's ranks
file_cycles, room_knot   groups of files that import each other; rooms that do, the largest group
rooms_imported MOST      how many rooms the room that imports most of them imports
imports_inside_functions
stems_used_more_than_once
bindings, bindings_that_say_nothing   names given to values; those of found, one, each, said, at, place
duplicated_places        pairs of places with six equal lines and more, by pylint
suppressions KIND        noqa, type: ignore, fmt: skip
dead                     what vulture is sure that nobody uses
"""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SILENT = frozenset({"found", "one", "each", "said", "at", "place"})
"""Names that say nothing of what they hold (the review of the code, section C)."""


def main() -> None:
    """Print the figures of the checkout named on the command line, or of this one."""
    checkout = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    trees = _trees(checkout)
    for name, value in {
        **_sizes(checkout),
        **_functions(trees),
        **_complexity(checkout),
        **_imports(trees),
        **_names(checkout, trees),
        "duplicated_places": _duplicates(checkout),
        **_suppressions(checkout),
        "dead": len(_run("vulture", "--min-confidence", "80", str(checkout / "macros"))),
    }.items():
        print(name, value)


def _trees(checkout: Path) -> dict[str, ast.Module]:
    """Every module of the package by dotted name, parsed."""
    trees = {}
    for path in sorted((checkout / "macros").rglob("*.py")):
        parts = path.relative_to(checkout).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[module] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def _sizes(checkout: Path) -> dict[str, int]:
    lengths = {
        path.relative_to(checkout / "macros"): len(path.read_text(encoding="utf-8").splitlines())
        for path in (checkout / "macros").rglob("*.py")
    }
    rooms: Counter[str] = Counter()
    for path, length in lengths.items():
        rooms[path.parts[0] if len(path.parts) > 1 else "top"] += length
    return {
        **{f"lines {room}": rooms[room] for room in sorted(rooms)},
        "lines": sum(lengths.values()),
        "files": len(lengths),
        "files_over_400": sum(length > 400 for length in lengths.values()),
    }


def _functions(trees: Mapping[str, ast.Module]) -> dict[str, int]:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    return {
        "functions": len(lengths),
        "functions_over_40": sum(length > 40 for length in lengths),
        "functions_over_60": sum(length > 60 for length in lengths),
    }


def _complexity(checkout: Path) -> dict[str, float]:
    blocks = json.loads("\n".join(_run("radon", "cc", "--json", str(checkout / "macros"))))
    units = [unit for units in blocks.values() for unit in units if unit["type"] != "class"]
    ranks = Counter(unit["rank"] for unit in units)
    return {
        "complexity_mean": round(sum(unit["complexity"] for unit in units) / len(units), 2),
        "complexity_D": ranks["D"],
        "complexity_E_F": ranks["E"] + ranks["F"],
    }


def _imported(tree: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """The package's modules that a tree imports, by dotted name, lazy imports as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "macros":
            for name in node.names:
                module = f"{node.module}.{name.name}"
                yield module if module in known else str(node.module)


def _imports(trees: Mapping[str, ast.Module]) -> dict[str, int]:
    known = frozenset(trees)
    files = {module: set(_imported(tree, known)) - {module} for module, tree in trees.items()}
    rooms: dict[str, set[str]] = {}
    for module, targets in files.items():
        room = _room(module)
        rooms.setdefault(room, set()).update(_room(target) for target in targets)
        rooms[room].discard(room)
    inside = sum(
        isinstance(node, ast.ImportFrom | ast.Import)
        for tree in trees.values()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    )
    return {
        "file_cycles": sum(len(group) > 1 for group in _groups(files)),
        "room_knot": max(len(group) for group in _groups(rooms)),
        "rooms_imported MOST": max(len(targets) for targets in rooms.values()),
        "imports_inside_functions": inside,
    }


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def _groups(arrows: Mapping[str, set[str]]) -> list[set[str]]:
    """What reaches each other both ways: the strongly connected components."""
    reach = {start: _reached(arrows, start) for start in arrows}
    groups = []
    left = set(arrows)
    while left:
        start = left.pop()
        group = {start} | {other for other in reach[start] & left if start in reach[other]}
        left -= group
        groups.append(group)
    return groups


def _reached(arrows: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(arrows[start])
    while waiting:
        target = waiting.pop()
        if target not in seen:
            seen.add(target)
            waiting += arrows.get(target, ())
    return seen


def _names(checkout: Path, trees: Mapping[str, ast.Module]) -> dict[str, int]:
    stems = Counter(path.stem for path in (checkout / "macros").rglob("*.py"))
    del stems["__init__"]
    bindings = [
        node.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {
        "stems_used_more_than_once": sum(count > 1 for count in stems.values()),
        "bindings": len(bindings),
        "bindings_that_say_nothing": sum(name in SILENT for name in bindings),
    }


def _duplicates(checkout: Path) -> int:
    lines = _run(
        "pylint", "--disable=all", "--enable=duplicate-code", "--min-similarity-lines=6",
        "--ignore-imports=y", "--ignore-docstrings=y", str(checkout / "macros"),
    )  # fmt: skip
    return sum("R0801" in line for line in lines)


def _suppressions(checkout: Path) -> dict[str, int]:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in (checkout / "macros").rglob("*.py")
    )
    kinds = ("noqa", "type: ignore", "fmt: skip")
    return {f"suppressions {kind}": len(re.findall(f"# {kind}", text)) for kind in kinds}


def _run(tool: str, *words: str) -> list[str]:
    """What a tool prints, line by line; these say by their exit codes what they have seen."""
    done = subprocess.run(
        [sys.executable, "-m", tool, *words], capture_output=True, text=True, check=False
    )
    if "No module named" in done.stderr:
        sys.exit(f"{tool} is missing: make house installs it")
    return done.stdout.splitlines()


if __name__ == "__main__":
    main()
