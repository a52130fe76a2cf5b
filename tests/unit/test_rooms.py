"""The house: imports go one way through the rooms, and the map in CONTRIBUTING.md is the tree."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "macros"
_ROW = re.compile(r"^\| `(?P<room>[a-z]+)/` \| (?P<purpose>.+?) \|$", re.MULTILINE)


def _map() -> Mapping[str, str]:
    """The rooms of the map in its order, from the ground up, each with its purpose."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {row["room"]: row["purpose"] for row in _ROW.finditer(text)}


def _imported(source: str, known: frozenset[str]) -> Iterator[str]:
    """The modules of the package that a source imports, by dotted name, lazy imports as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "macros":
            for name in node.names:
                module = f"{node.module}.{name.name}"
                yield module if module in known else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "macros")


def _modules() -> dict[str, Path]:
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def _arrows() -> dict[str, frozenset[str]]:
    modules = _modules()
    known = frozenset(modules)
    return {
        name: frozenset(_imported(path.read_text(encoding="utf-8"), known))
        for name, path in modules.items()
    }


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _against(arrows: Mapping[str, frozenset[str]], order: list[str]) -> list[str]:
    """The imports that go up: from a room to one that the map has above it."""
    return sorted(
        f"{module} imports {target}"
        for module, targets in arrows.items()
        for target in targets
        if _room(module) and _room(target)
        if order.index(_room(target)) > order.index(_room(module))
    )


def _cycle(arrows: Mapping[str, frozenset[str]]) -> list[str]:
    """A cycle of files, or nothing."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for target in sorted(arrows.get(module, ())):
            if target != module and (circle := visit(target, [*way, module])):
                return circle
        done.add(module)
        return []

    return next((circle for module in sorted(arrows) if (circle := visit(module, []))), [])


def test_every_import_goes_down_the_map() -> None:
    assert _against(_arrows(), list(_map())) == []


def test_an_arrow_back_is_seen() -> None:
    arrows = {"macros.kinds.links": frozenset({"macros.site.hooks"})}
    assert _against(arrows, list(_map())) == ["macros.kinds.links imports macros.site.hooks"]


def test_a_lazy_import_is_an_import() -> None:
    source = "def late():\n    from macros.cli import lab\n    import macros.site.hooks\n"
    assert sorted(_imported(source, frozenset())) == ["macros.cli", "macros.site.hooks"]


def test_no_files_import_each_other_in_a_circle() -> None:
    assert _cycle(_arrows()) == []


def test_a_circle_is_seen() -> None:
    arrows = {"macros.a": frozenset({"macros.b"}), "macros.b": frozenset({"macros.a"})}
    assert _cycle(arrows) == ["macros.a", "macros.b", "macros.a"]


def test_the_map_names_every_room_and_no_other() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(_map()) == rooms


@pytest.mark.parametrize("room", sorted(_map()))
def test_a_room_says_its_purpose_in_the_line_that_the_map_has(room: str) -> None:
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    purpose = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert purpose == _map()[room]


def test_the_drawing_has_the_rooms_of_the_table() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawing = text.partition("```text")[2].partition("```")[0]
    assert set(re.findall(r"[a-z]+", re.sub(r"\(.*?\)", "", drawing))) == set(_map())


def test_no_two_files_have_one_name() -> None:
    stems = Counter(path.stem for path in PACKAGE.rglob("*.py") if path.stem != "__init__")
    assert [stem for stem, count in stems.items() if count > 1] == []


_NAMED = re.compile(r"\bmacros/[\w/]+\.(?:py|html|xml|sh)\b")


@pytest.mark.parametrize("folder", ["docs/assets/css", "docs/assets/js", "macros", "scripts"])
def test_a_file_that_a_comment_names_is_there(folder: str) -> None:
    missing = sorted(
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".css", ".js", ".py", ".html", ".sh"} and "vendor" not in path.parts
        for name in _NAMED.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    )
    assert missing == []
