"""A text that is cut as a whole is cut as its lines are, one by one."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import yaml

from macros.ground.places import CHECKOUT as ROOT
from macros.settle import (
    examples,
    identities,
    matches,
    noise,
    scan,
    skeleton,
    tables,
    text_lines,
    vocabulary,
    whole_text,
)
from macros.settle.declaration import Evidence, Form, Identity, Noise, Pattern
from macros.settle.scan import Place, Side
from macros.store import form
from tests.unit.settle_support import recording

KINDS: tuple[Identity | Noise, ...] = (*identities.ALL, *noise.ALL)
PATTERNS = [
    pytest.param(pattern, id=f"{kind.name}-{number}")
    for kind in KINDS
    for number, pattern in enumerate(kind.patterns)
]
PARSER = importlib.import_module("re._parser")
NEWLINE = ord("\n")
PLACE = Place("node0", "")


def _texts() -> dict[str, list[str]]:
    """What was recorded, page by page; foreign outputs; the examples of all kinds as one text."""
    by_kind: dict[str, list[str]] = {}
    for path in sorted((ROOT / "recordings").glob("*/*/*.txt")):
        by_kind.setdefault(str(path.parent.relative_to(ROOT)), []).append(form.read(path, "").text)
    for path in sorted((ROOT / "tests" / "foreign").glob("*/*.yml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        by_kind.setdefault(f"foreign/{path.parent.name}", []).append(case["text"])
    for kind in KINDS:
        pairs = examples.of(kind)
        sides = [side for pair in (*pairs.same, *pairs.differ) for side in pair]
        by_kind[f"examples/{kind.name}"] = [*sides, "\n".join(sides)]
    return by_kind


TEXTS = _texts()


def _one_by_one(text: str, side: Side, fits: matches.Fitting) -> tuple[list[Form], bool]:
    cut = [scan.parts(line, PLACE, side, fits) for line in text.split("\n")]
    forms = [skeleton.form(parts, loose=True) for parts in cut]
    return forms, all(isinstance(part, str) for parts in cut for part in parts)


@pytest.mark.parametrize("name", TEXTS)
def test_lines_are_the_same_at_once_and_one_by_one(name: str) -> None:
    old = TEXTS[name]
    rng = Random(name)  # noqa: S311 no secret
    lines = [line for text in old for line in text.split("\n")]
    new = [*old[1:], "\n".join(rng.sample(lines, len(lines))), "".join(lines)]
    sides = scan.learned(
        *(
            Evidence(tuple(recording(str(n), text) for n, text in enumerate(texts)))
            for texts in (old, new)
        )
    )
    for texts, side in zip((old, new), sides, strict=True):
        for text in texts:
            fits = replace(matches.fitting((text,)), heads=False)
            forms, plain = _one_by_one(text, side, fits)
            fits.forget()
            cut = text_lines.read(text.split("\n"), PLACE, side, fits)
            assert cut.forms == forms
            assert cut.plain == plain
            assert cut.printed == text.split("\n")


@pytest.mark.parametrize("name", TEXTS)
def test_a_large_text_is_read_as_a_small_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large text the words are asked first whether a pattern is worth its search."""
    for text in TEXTS[name]:
        monkeypatch.setattr(vocabulary, "_SMALL", len(text) + 1)
        small = matches.fitting((text,))
        monkeypatch.setattr(vocabulary, "_SMALL", -1)
        large = matches.fitting((text,))
        assert large.heads == small.heads
        for line in text.split("\n"):
            assert matches.matches(line, large) == matches.matches(line, small)


@pytest.mark.parametrize("name", TEXTS)
def test_the_second_side_is_read_as_if_it_were_the_first(name: str) -> None:
    old = "\n".join(TEXTS[name])
    lines = old.split("\n")
    new = "\n".join([*lines[len(lines) // 2 :], *lines[: len(lines) // 3], *("x 1", "0s ago")])
    evidence = (Evidence((recording("a", text),)) for text in (old, new))
    _, side = scan.learned(*evidence)
    fits = replace(matches.fitting((old, new)), heads=False)
    alone = text_lines.read(new.split("\n"), PLACE, side, fits)
    fits.forget()
    text_lines.read(old.split("\n"), PLACE, side, fits)
    both = text_lines.read(new.split("\n"), PLACE, side, fits)
    assert (both.forms, both.printed, both.plain) == (alone.forms, alone.printed, alone.plain)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_nothing_in_an_expression_matches_the_end_of_a_line(pattern: Pattern) -> None:
    searches = [pattern.expression, whole_text.search(pattern.hint, pattern.near)]
    for expression in filter(None, searches):
        assert not list(_ends_of_lines(PARSER.parse(expression.pattern)))


def test_what_matches_the_end_of_a_line_is_found() -> None:
    for expression in (
        "a\\s",
        "[^)]*",
        "[^x]",
        "(?<![^ ])a",
        "a\\Z",
        "a\\n",
        "(?=\\s)",
        "(a|\\D)+",
        "b{2,}\\W",
    ):
        assert list(_ends_of_lines(PARSER.parse(expression))), expression
    for expression in (
        "a\\S",
        "[^)\\n]",
        "(?<![^ \\n])a",
        "^a$",
        ".",
        "(?=\\s|$)",
        "(?!\\w)",
        "\\b",
    ):
        assert not list(_ends_of_lines(PARSER.parse(expression))), expression


def _ends_of_lines(tree: Any) -> Iterator[str]:
    """What in an expression matches the end of a line, or is not the same in a line alone."""
    for code, value in tree:
        match str(code):
            case "LITERAL" if value == NEWLINE:
                yield "a line's end itself"
            case "NOT_LITERAL" if value != NEWLINE:
                yield f"[^{chr(value)}]"
            case "IN" if _is_in(value):
                yield f"a set: {value}"
            case "AT" if str(value) in {"AT_BEGINNING_STRING", "AT_END_STRING"}:
                yield "the end of the text"
            case "BRANCH":
                for branch in value[1]:
                    yield from _ends_of_lines(branch)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield from _ends_of_lines(value[2])
            case "SUBPATTERN":
                yield from _ends_of_lines(value[3])
            case "ASSERT" if value[0] > 0 and "AT_END" in str(value[1]):
                pass  # a line may end here
            case "ASSERT" | "ASSERT_NOT":
                yield from _ends_of_lines(value[1])


def _is_in(items: Any) -> bool:
    """Whether the end of a line is in a set of signs."""
    differs = any(
        (str(code) == "LITERAL" and value == NEWLINE)
        or (str(code) == "RANGE" and value[0] <= NEWLINE <= value[1])
        or str(value) in {"CATEGORY_SPACE", "CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD"}
        for code, value in items
    )
    return differs != (str(items[0][0]) == "NEGATE")


LINE = "event for web-bcdf2 was seen"
"""Nothing in it says that a name was made up."""
POD = "web-bcdf2   1/1   Running"


@pytest.mark.parametrize("telling", [0, 1])
def test_a_line_of_both_sides_is_read_with_what_its_own_side_told(telling: int) -> None:
    texts = ["", ""]
    texts[telling] = POD
    evidence = (Evidence((recording("pods", told), recording("events", LINE))) for told in texts)
    fits = replace(matches.fitting((LINE, LINE)), heads=False)
    read = [text_lines.read([LINE], PLACE, side, fits) for side in scan.learned(*evidence)]
    assert isinstance(read[1 - telling].forms[0], str)
    assert not isinstance(read[telling].forms[0], str)


@pytest.mark.parametrize(
    "line", ["a  b c   d", "", "   ", " a", "a  b  ", "a \t b", "a\tb  c", "a\u00a0b  c", "a    b"]
)
def test_cells_are_counted_as_they_are_found(line: str) -> None:
    assert tables._count(line) == len(tables.CELL.findall(line))
