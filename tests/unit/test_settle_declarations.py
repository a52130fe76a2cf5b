"""A kind is one file: what it is stands there, its examples beside it, and nothing else names it."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from macros.ground.places import CHECKOUT as ROOT
from macros.settle import examples, identities, noise
from macros.settle.declaration import Identity

SETTLE = ROOT / "macros" / "settle"
ENGINE = ["scan.py", "tree.py", "skeleton.py", "renaming.py", "answer.py", "folder.py"]
FILES = {*identities.FILES.values(), *noise.FILES.values()}
NAMES = {kind.name for kind in identities.ALL} | {kind.name for kind in noise.ALL}


@pytest.mark.parametrize("module", ENGINE)
def test_what_settles_knows_no_kind_by_name(module: str) -> None:
    tree = ast.parse((SETTLE / module).read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert not names & FILES
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    # A tree's words are keys of tools' JSON.
    assert module == "tree.py" or not words & NAMES


@pytest.mark.parametrize("package", ["identities", "noise"])
def test_examples_stand_beside_each_declaration(package: str) -> None:
    files = {path.stem for path in (SETTLE / package).glob("*.py")} - {"__init__"}
    assert {path.stem for path in (SETTLE / package).glob("*.yml")} == files


def test_no_two_kinds_have_one_name_or_one_place() -> None:
    for kinds in (identities.ALL, noise.ALL):
        assert len({kind.name for kind in kinds}) == len(kinds)
        assert len({kind.rank for kind in kinds}) == len(kinds)


def test_a_kind_without_examples_is_said() -> None:
    with pytest.raises(KeyError):
        examples.of(Identity("new", "new", "lab", 1, lambda *_: None))


NEW = '''"""Numbers of orders."""

from macros.settle.declaration import Identity, by_form, patterns_of

IDENTITY = Identity(
    name="order",
    what="the number of an order",
    scope="lab",
    rank=900,
    read=by_form(lambda value: "number" if value != "0" else ""),
    patterns=patterns_of(("order ", r"\\\\border (?P<v>\\\\d+)")),
)
'''
RUN = """
import pathlib, tempfile
from tests.unit.settle_support import settle_text
def settled(old, new):
    with tempfile.TemporaryDirectory() as folder:
        return settle_text(pathlib.Path(folder), old, new)
assert settled("order 7 of ham\\norder 7", "order 9 of ham\\norder 9") == "order 7 of ham\\norder 7"
assert settled("order 7 of ham\\norder 7", "order 9 of ham\\norder 8") != "order 7 of ham\\norder 7"
from macros.site import identities_page
assert "The number of an order" in identities_page.page("identities")
"""


def test_a_new_kind_is_one_file_and_its_examples(tmp_path: Path) -> None:
    for name in ("macros", "tests/unit/settle_support.py", "tests/unit/__init__.py"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tmp_path / name)
    folder = tmp_path / "macros" / "settle" / "identities"
    (folder / "order_numbers.py").write_text(NEW.replace("\\\\", "\\"), encoding="utf-8")
    pair = "- {old: order 7, new: order 9}"
    (folder / "order_numbers.yml").write_text(f"same: [{pair[2:]}]\ndiffer: []\n", "utf-8")
    subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, check=True)
