"""Which sentences of a page quote a block: source lines with value() and expect()."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2 import nodes

from macros.compare.change import Change
from macros.ground import conditions
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.plan import frontmatter
from macros.plan.planner import page_key
from macros.values import lookup

_QUOTES = frozenset({"value", "expect"})
_CALL = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SHOWN = re.compile(r'\{\{\s*(?:value|expect)\(\s*"[^"]*",\s*"((?:[^"\\]|\\.)*)"')
_HIDDEN = re.compile(r"\b(?:show\s*=\s*false|absent\s*=\s*true)\b", re.IGNORECASE)
# A claim that is not shown belongs to the sentence before it, as the mark _OWN.
_END = re.compile(r"(?:(?<=[.!?:])|(?<=[.!?:]\0))\s+(?=[A-Z`*\[<])")
_OWN = "\0"


@dataclass(frozen=True, slots=True)
class Quote:
    """A call of value() or expect(): where, of which block (page and id), by which path.

    `line` counts from 1 in the page's file. `sentence` is the prose around it, its calls replaced
    by the paths they quote; empty for a claim that stands alone. `only` are the conditions of the
    parts of the page that it stands in: see macros/ground/conditions.py.
    """

    source: Path
    line: int
    page: str
    block: str
    path: str
    sentence: str
    only: tuple[str, ...] = ()

    def shown(self, versions: Mapping[str, str]) -> bool:
        """Whether a page recorded with these versions has it."""
        return all(conditions.holds(condition, versions) for condition in self.only)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote, and the value it gives on either side; empty where it finds nothing there."""

    quote: Quote
    old: str
    new: str


def quotes(source: Path, key: str) -> Iterator[Quote]:
    """All quotes of a page, in order. A call whose arguments are computed is left out."""
    text = source.read_text(encoding="utf-8")
    front = frontmatter.read(source, text)
    try:
        tree = jinja2.Environment(autoescape=True).parse(front.body)
    except jinja2.TemplateSyntaxError as error:
        line = front.body_line - 1 + error.lineno
        raise GuideError(f"macro syntax: {error.message}", page=source, line=line) from error
    lines = front.body.splitlines()
    conditioned = _conditioned(tree)
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in _QUOTES:
            continue
        words = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
        if len(words) < 2 or not all(isinstance(word, str) for word in words[:2]):
            continue
        page, _, block = words[0].rpartition(":")
        line = call.lineno
        yield Quote(
            source,
            front.body_line - 1 + line,
            page or key,
            block,
            words[1],
            _sentence(lines, line, words[0], words[1]),
            conditioned.get(id(call), ()),
        )


def _conditioned(tree: nodes.Template) -> Mapping[int, tuple[str, ...]]:
    """The calls that stand in `{% call only("Docker >= 28") %}`, by identity."""
    conditions_of: dict[int, tuple[str, ...]] = {}
    for part in tree.find_all(nodes.CallBlock):
        of, words = part.call.node, part.call.args
        if isinstance(of, nodes.Name) and of.name == "only":
            given = tuple(word.value for word in words if isinstance(word, nodes.Const))
            for statement in part.body:
                for call in statement.find_all(nodes.Call):
                    conditions_of[id(call)] = (*conditions_of.get(id(call), ()), *given)
    return conditions_of


def with_values(quote: Quote, old: Mapping[str, Recording], new: Mapping[str, Recording]) -> Quoted:
    """A quote with what it says in either recording of its page."""
    return Quoted(quote, _value(quote, old), _value(quote, new))


def quoted_by(
    docs: Path,
    old: Callable[[str], Mapping[str, Recording]],
    new: Callable[[str], Mapping[str, Recording]],
    changes: Iterable[Change],
    versions: Mapping[str, str],
) -> dict[tuple[str, str], list[Quoted]]:
    """What the pages under `docs` quote of the blocks that changed, by page and block.

    `old` and `new` give a page's recordings on either side; `versions` are the new side's: what
    its pages do not have is left out.
    """
    changed = {(change.page, change.block) for change in changes if change.block}
    pages: dict[str, tuple[Mapping[str, Recording], Mapping[str, Recording]]] = {}
    by_block: dict[tuple[str, str], list[Quoted]] = {}
    for source in sorted(docs.rglob("*.md")) if changed else ():
        for quote in quotes(source, page_key(docs, source)):
            block = (quote.page, quote.block)
            if block not in changed or not quote.shown(versions):
                continue
            if quote.page not in pages:
                pages[quote.page] = old(quote.page), new(quote.page)
            by_block.setdefault(block, []).append(with_values(quote, *pages[quote.page]))
    return by_block


def _value(quote: Quote, recorded: Mapping[str, Recording]) -> str:
    recording = recorded.get(quote.block)
    if recording is None:
        return ""
    bound = {name: value for answer in recorded.values() for name, value in answer.bound.items()}
    path = re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda name: bound.get(name[1], name[0]), quote.path)
    try:
        return lookup.text(recording, path)
    except GuideError:
        return ""


def _sentence(lines: list[str], line: int, block: str, path: str) -> str:
    """The sentence with the call of `block` and `path` in line `line` (from 1)."""
    low, high = _paragraph(lines, line - 1)
    paragraph = "\n".join(lines[low : high + 1])
    before = len("\n".join(lines[low : line - 1])) + (line - 1 > low)
    calls = [*_CALL.finditer(paragraph)]
    # A call can begin above its line and several can stand in one.
    own = [
        call
        for call in calls
        if call.end() > before and f'"{block}"' in call[0] and _quoted(path) in call[0]
    ]
    if not own:
        return ""
    start, end = own[0].span()
    before_, hidden = _CALL.sub(_path, paragraph[:start]), not _path(own[0])
    plain = (before_.rstrip() if hidden else before_) + _OWN + _CALL.sub(_path, paragraph[end:])
    whole = next((sentence for sentence in _END.split(plain) if _OWN in sentence), "")
    text = " ".join(whole.replace(_OWN, "" if hidden else f"<{path}>").split())
    if text.replace(f"<{path}>", "").strip(" .,"):
        return text
    return _before(lines, low)


def _paragraph(lines: list[str], number: int) -> tuple[int, int]:
    """The first and the last line of a paragraph; a table's row stands alone."""
    low = high = number
    if lines[number].startswith("|"):
        return number, number
    while low > 0 and lines[low - 1].strip():
        low -= 1
    while high + 1 < len(lines) and lines[high + 1].strip():
        high += 1
    return low, high


def _before(lines: list[str], number: int) -> str:
    """The last sentence above a line: what a claim that stands alone is about."""
    while number > 0:
        number -= 1
        if not lines[number].strip():
            continue
        low, high = _paragraph(lines, number)
        plain = _CALL.sub(_path, "\n".join(lines[low : high + 1]))
        text = " ".join(_END.split(plain.strip())[-1].split())
        if text and not text.startswith(("{%", "#", "|")):
            return text
        number = low
    return ""


def _quoted(path: str) -> str:
    """A path as it stands in a call, in quotes."""
    inside = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _path(call: re.Match[str]) -> str:
    """What stands for a call in a sentence: the path it shows, or nothing."""
    inside = _SHOWN.match(call[0])
    if inside is None or _HIDDEN.search(call[0]):
        return ""
    return "<" + re.sub(r"\\(.)", r"\1", inside[1]) + ">"
