"""Which sentences of a page quote a block: source lines with value() and expect()."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2
from jinja2 import nodes

from macros.ground import conditions
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.plan import frontmatter
from macros.values import lookup

_QUOTES = frozenset({"value", "expect"})
_CALL = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HIDDEN = re.compile(r"\b(?:show\s*=\s*false|absent\s*=\s*true)\b", re.IGNORECASE)
# A claim that is not shown belongs to the sentence before it, as the mark _OWN.
_END = re.compile(r"(?:(?<=[.!?:])|(?<=[.!?:]\0))\s+(?=[A-Z`*\[<])")
_OWN = "\0"
_MARK = re.compile("<\1([0-9]+)>")
"""What stands for a call while a paragraph is divided into sentences: its number."""
# What is no prose: the body of a call, but for the conditions of a part of the page, and fences.
_CODE = re.compile(
    r"\{%-?\s*call\s+(?!only\b)\w+\s*\(.*?\{%-?\s*endcall\s*-?%\}"
    r"|^(?P<fence> *(?:`{3,}|~{3,})).*?^(?P=fence)[`~]*[ \t]*$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a call quotes, as the page writes it: `of` is the block, with its page where told."""

    of: str
    path: str

    def __str__(self) -> str:
        return f"<{self.of} {self.path}>"


@dataclass(frozen=True, slots=True)
class Quote:
    """A call of value() or expect(): where, of which block (page and id), by which path.

    `line` counts from 1 in the page's file. `parts` are the prose around it, with the places of
    its calls between; none for a claim that stands alone. `paragraph` is the line in which that
    prose begins. `only` are the conditions of the parts of the page that it stands in: see
    macros/ground/conditions.py.
    """

    source: Path
    line: int
    page: str
    block: str
    path: str
    place: Place
    parts: tuple[str | Place, ...]
    paragraph: int
    only: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The prose around it, in which blocks and paths stand for the values."""
        return "".join(map(str, self.parts))

    def shown(self, versions: Mapping[str, str]) -> bool:
        """Whether a page recorded with these versions has it."""
        return all(conditions.holds(condition, versions) for condition in self.only)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote, and the value it gives on either side; empty where it finds nothing there."""

    quote: Quote
    old: str
    new: str


def quotes(source: Path, key: str, text: str | None = None) -> Iterator[Quote]:
    """All quotes of a page, in order. A call whose arguments are computed is left out.

    `text` is the page's, where it is not what its file has now.
    """
    text = source.read_text(encoding="utf-8") if text is None else text
    front = frontmatter.read(source, text)
    try:
        tree = jinja2.Environment(autoescape=True).parse(front.body)
    except jinja2.TemplateSyntaxError as error:
        line = front.body_line - 1 + error.lineno
        raise GuideError(f"macro syntax: {error.message}", page=source, line=line) from error
    lines = front.body.split("\n")
    prose = _CODE.sub(lambda code: "\n" * code[0].count("\n"), front.body).split("\n")
    conditioned = _conditioned(tree)
    seen: Counter[tuple[int, Place]] = Counter()
    for call in tree.find_all(nodes.Call):
        if (place := _place(call)) is None:
            continue
        page, _, block = place.of.rpartition(":")
        line = call.lineno
        # What code quotes is told with the code around it.
        around = prose if prose[line - 1].strip() else lines
        parts, paragraph = _sentence(around, line, place, seen[line, place])
        seen[line, place] += 1
        yield Quote(
            source,
            front.body_line - 1 + line,
            page or key,
            block,
            place.path,
            place,
            parts,
            front.body_line + paragraph,
            conditioned.get(id(call), ()),
        )


def gathered(quoted: Iterable[Quoted]) -> list[list[Quoted]]:
    """Quotes by the sentences that they stand in, so that each sentence is told once."""
    by_sentence: dict[object, dict[object, Quoted]] = {}
    for one in quoted:
        quote = one.quote
        alone = () if quote.parts else (quote.line, quote.place)
        sentence = quote.source, quote.paragraph, quote.parts, alone
        by_sentence.setdefault(sentence, {})[quote.line, quote.place] = one
    return [sorted(same.values(), key=lambda one: one.quote.line) for same in by_sentence.values()]


def _place(call: nodes.Call) -> Place | None:
    """What a call quotes; None of any other call, and where its arguments are computed."""
    if not isinstance(call.node, nodes.Name) or call.node.name not in _QUOTES:
        return None
    words = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
    if len(words) < 2 or not all(isinstance(word, str) for word in words[:2]):
        return None
    return Place(words[0], words[1])


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


def value_of(quote: Quote, recorded: Mapping[str, Recording]) -> str:
    """What a quote says in these recordings of its page; empty where it finds nothing."""
    recording = recorded.get(quote.block)
    if recording is None:
        return ""
    bound = {name: value for answer in recorded.values() for name, value in answer.bound.items()}
    path = re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda name: bound.get(name[1], name[0]), quote.path)
    try:
        return lookup.text(recording, path)
    except GuideError:
        return ""


def _sentence(
    lines: list[str], line: int, place: Place, nth: int
) -> tuple[tuple[str | Place, ...], int]:
    """The sentence with the `nth` call of a place in line `line` (from 1), and where it begins."""
    low, high = _paragraph(lines, line - 1)
    paragraph = "\n".join(lines[low : high + 1])
    before = len("\n".join(lines[low : line - 1])) + (line - 1 > low)
    # A call can begin above its line and several can stand in one.
    calls = list(_CALL.finditer(paragraph))
    own = [call for call in calls if call.end() > before and _quotes(call[0]) == place]
    if not own:
        return (), low
    start, end = own[min(nth, len(own) - 1)].span()
    places: list[Place] = []
    head, shows = _marked(paragraph[:start], places), _shows(paragraph[start:end])
    mark = f"<\1{len(places)}>" if shows else _OWN
    if shows:
        places.append(place)
    text = f"{head if shows else head.rstrip()}{mark}{_marked(paragraph[end:], places)}"
    whole = next((sentence for sentence in _divided(text) if mark in sentence), "")
    words = " ".join(whole.replace(_OWN, "").split())
    if words.replace(mark, "").strip(" .,"):
        return _parts(words, places), low
    return _before(lines, low)


def _divided(text: str) -> list[str]:
    """The sentences of a marked paragraph. Values alone belong to what leads to them."""
    whole: list[str] = []
    for sentence in _END.split(text):
        words = _MARK.sub("", sentence).replace(_OWN, "").strip(" .,;:!?\n")
        if words or not whole:
            whole.append(sentence)
        else:
            whole[-1] = f"{whole[-1]} {sentence}"
    return whole


def _marked(text: str, places: list[Place]) -> str:
    """Text with marks for the calls that show a value, whose places are added to those before."""

    def mark(call: re.Match[str]) -> str:
        place = _quotes(call[0])
        if place is None or not _shows(call[0]):
            return ""
        places.append(place)
        return f"<\1{len(places) - 1}>"

    return _CALL.sub(mark, text)


def _parts(text: str, places: Sequence[Place]) -> tuple[str | Place, ...]:
    """Marked text as words, and places for its marks."""
    split = _MARK.split(text)
    parts = [places[int(part)] if index % 2 else part for index, part in enumerate(split)]
    return tuple(part for part in parts if part)


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


def _before(lines: list[str], number: int) -> tuple[tuple[str | Place, ...], int]:
    """The last sentence above a line: what a claim that stands alone is about."""
    while number > 0:
        number -= 1
        if not lines[number].strip():
            continue
        low, high = _paragraph(lines, number)
        places: list[Place] = []
        marked = _marked("\n".join(lines[low : high + 1]), places)
        text = " ".join(_divided(marked.strip())[-1].split())
        if text and not text.startswith(("{%", "#", "|")):
            return _parts(text, places), low
        number = low
    return (), number


@lru_cache(maxsize=4096)
def _quotes(call: str) -> Place | None:
    """What a call in its braces quotes; None where it is another macro, or a tag."""
    if not call.startswith("{{"):
        return None
    try:
        tree = jinja2.Environment(autoescape=True).parse(call)
    except jinja2.TemplateSyntaxError:
        return None  # braces that stand in a string of another call
    return next((place for each in tree.find_all(nodes.Call) if (place := _place(each))), None)


def _shows(call: str) -> bool:
    """Whether a call shows the value that it quotes, and does not only claim something of it."""
    return _HIDDEN.search(call) is None
