"""What an author may write, as a table's rows for the manual and as a JSON schema for editors.

Both are made from the declarations that pages are checked against, their annotations and the
strings below them, so neither can name an option that there is not.
"""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin

from macros.ground.errors import GuideError
from macros.plan.frontmatter import LabKeys, PageKeys, StepKeys
from macros.plan.options import REQUIRED, Declared, Option, in_words, nearest
from macros.plan.signatures import MACROS

KEYS: Mapping[str, type[Declared]] = {"front matter": PageKeys, "lab": LabKeys, "step": StepKeys}
"""The mappings of the front matter, by what the manual calls them."""

_SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


class Row(NamedTuple):
    """One option as the manual shows it: how it is written, of what, what else holds, and why."""

    name: str
    kind: str
    default: str
    words: str


def rows(name: str) -> list[Row]:
    """The options of a macro, or the keys of a mapping of the front matter. GuideError: neither."""
    declared = _declared(name)
    words = described(declared)
    return [
        Row(
            declared.spelled(option) + ("…" if option.rest else ""),
            in_words(option.kind),
            _default(option),
            words.get(option.name, ""),
        )
        for option in declared.OPTIONS.values()
        if option.name != "caller" and (option.name in words or not _of_the_site(declared, option))
    ]


def summary(name: str) -> str:
    """What a macro is for: its docstring, Markdown."""
    return inspect.cleandoc(_declared(name).__doc__ or "")


def schema() -> dict[str, Any]:
    """A JSON schema (2020-12) of the front matter; each macro's options are below `$defs`."""
    macros = {f"macro-{name}": _object(macro) for name, macro in MACROS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The front matter of a page",
        **_object(PageKeys),
        "$defs": {"lab": _object(LabKeys), "step": _object(StepKeys), **macros},
    }


def described(declared: type[Declared]) -> Mapping[str, str]:
    """The string below each annotation of a declaration and of those that it is made from."""
    docstrings: dict[str, str] = {}
    for part in reversed(declared.__mro__):
        if not issubclass(part, Declared) or part is Declared:
            continue
        (tree,) = ast.parse(dedent(inspect.getsource(part))).body
        assert isinstance(tree, ast.ClassDef)  # noqa: S101 it is the source of a class
        for line, below in zip(tree.body, tree.body[1:], strict=False):
            if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
                continue
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                docstrings[line.target.id] = inspect.cleandoc(str(below.value.value))
    return docstrings


def _declared(name: str) -> type[Declared]:
    known: dict[str, type[Declared]] = {**MACROS, **KEYS}
    if name not in known:
        raise GuideError(f"there is no macro and no mapping {name!r}{nearest(name, known)}")
    return known[name]


def _of_the_site(declared: type[Declared], option: Option) -> bool:
    """Whether a key is not the guide's but MkDocs' or the theme's."""
    return declared is PageKeys and option.kind is Any


def _default(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    if isinstance(option.default, bool):
        return str(option.default).lower()
    return "" if option.default in (None, "", ()) or option.default == {} else str(option.default)


def _object(declared: type[Declared]) -> dict[str, Any]:
    words = described(declared)
    properties, required = {}, []
    for option in declared.OPTIONS.values():
        if get_origin(option.kind) is Callable or option.name == "caller":
            continue
        properties[option.name] = _of_option(declared, option)
        if option.name in words:
            properties[option.name]["description"] = words[option.name]
        if option.default is REQUIRED:
            required.append(option.name)
    made: dict[str, Any] = {"type": "object", "properties": properties}
    if declared.__doc__:
        made["description"] = inspect.cleandoc(declared.__doc__)
    if required:
        made["required"] = required
    return {**made, "additionalProperties": False}


def _of_option(declared: type[Declared], option: Option) -> dict[str, Any]:
    if option.name in declared.NESTED:
        inner = {"$ref": f"#/$defs/{declared.NESTED[option.name]}"}
        return {"type": "array", "items": inner} if get_origin(option.kind) is Sequence else inner
    made = _of_kind(option.kind)
    if option.rest:
        made = {"type": "array", "items": made, "minItems": 1}
    if known := declared.KNOWN.get(option.name):
        word = {"enum": list(known)}
        lists = "array" in str(made)
        made = {"anyOf": [word, {"type": "array", "items": word}]} if lists else word
    if option.default is not REQUIRED and isinstance(option.default, bool | int | float):
        made["default"] = option.default
    return made


def _of_kind(kind: Any) -> dict[str, Any]:
    """An annotation as a schema."""
    arguments = get_args(kind)
    if get_origin(kind) is UnionType:
        either = [_of_kind(argument) for argument in arguments if argument is not NoneType]
        return either[0] if len(either) == 1 else {"anyOf": either}
    if get_origin(kind) is Sequence:
        return {"type": "array", "items": _of_kind(arguments[0])}
    if get_origin(kind) is Mapping:
        return {"type": "object", "additionalProperties": _of_kind(arguments[1])}
    return {"type": _SIMPLE[kind]} if kind in _SIMPLE else {}
