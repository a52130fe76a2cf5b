"""Where blocks stand in a page's Markdown: each in a paragraph of its own, or it is no block.

A macro that prints a block leaves a word in the Markdown, in planning as in a build. What
Markdown makes of the page's text says whether the word has a paragraph to itself.
"""

import json
import re
from collections.abc import Container, Iterator
from functools import lru_cache
from html import unescape
from typing import NamedTuple

import markdown

from macros.ground import project, site_settings
from macros.ground.errors import GuideError

WORD = re.compile(r"xguideslot(\d+)x")
ALONE = re.compile(r"<p>((?:xguideslot\d+x\s*)+)</p>")
FIX = "give it a paragraph of its own: an empty line before and after it"

_BLOCK_TAG = re.compile(r"</?(?:p|li|[uod]l|d[td]|h[1-6]|t[dhr]|table|div|pre|blockquote)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_BUILT_IN = ("toc", "tables", "fenced_code")  # what MkDocs itself always has Markdown do
_LONGEST = 50  # characters that an error quotes of what stands beside a block


class Astray(NamedTuple):
    """A block's number that has no paragraph of its own, and the text that stands beside it."""

    number: int
    beside: str


def word(number: int) -> str:
    """What stands in the Markdown for the block of this number."""
    return f"xguideslot{number}x"


def without_words(text: str) -> str:
    """A text without what stands for blocks in it."""
    return WORD.sub("", text)


def astray(html: str, inline: Container[int]) -> Iterator[Astray]:
    """The blocks of a page's HTML that have no paragraph of their own, one of each paragraph.

    `inline` are the numbers of words that stand for values: those are text, except beside nothing
    but blocks. Of several blocks in one paragraph it is that which the text touches.
    """
    text = ALONE.sub("", html)
    text = WORD.sub(lambda word: "…" if int(word[1]) in inline else word[0], text)
    for part in _BLOCK_TAG.split(text):
        numbers = [int(number) for number in WORD.findall(part)]
        if not numbers:
            continue
        pieces = [unescape(_TAG.sub("", piece)).strip() for piece in WORD.split(part)[::2]]
        # Piece n stands before word n: the first text that there is touches the word after it,
        # or the last word where none comes after it.
        first = next((place for place, piece in enumerate(pieces) if piece), None)
        if first is None:
            yield Astray(numbers[0], "")
        elif first == 0:
            yield Astray(numbers[0], pieces[0])
        else:
            yield Astray(numbers[first - 1], pieces[first])


def error(called: str, beside: str) -> GuideError:
    """What an author is told of a block, `called` by its macro and its id, that is astray."""
    text = " ".join(beside.split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    if not text:
        return GuideError(f"{called} has no paragraph of its own", fix=FIX)
    return GuideError(f"{called} stands in the middle of a sentence: beside {text!r}", fix=FIX)


def rendered(text: str) -> str:
    """The HTML that Markdown makes of a page, with the extensions that the project names.

    Nothing where one of them cannot be had: a build says why.
    """
    try:
        settings = site_settings.read(project.root() / project.SETTINGS)
    except GuideError:
        settings = {}
    listed = settings.get("markdown_extensions") or []
    try:
        made = _markdown(json.dumps(listed, default=str))
        return str(made.reset().convert(text))
    except Exception:  # noqa: BLE001 an extension is any program
        return ""


@lru_cache(maxsize=1)
def _markdown(listed: str) -> markdown.Markdown:
    """Markdown as mkdocs.yml lists extensions: by name, or as a mapping of a name to its options.

    Options that name Python's objects are left out, as those are not read.
    """
    items = json.loads(listed)
    pairs = items.items() if isinstance(items, dict) else ()
    for item in () if pairs else items:
        pairs = (*pairs, *(item.items() if isinstance(item, dict) else [(item, None)]))
    names = dict.fromkeys((*_BUILT_IN, *(name for name, _ in pairs)))
    whole = {name: given for name, given in pairs if given and "null" not in json.dumps(given)}
    return markdown.Markdown(extensions=list(names), extension_configs=whole)
