"""The glossary's terms in the prose of a page: where each comes first, its sentence is at hand.

A term is a link to its place in the glossary, with its sentence as the link's title: a pointer
sees it, and a keyboard reaches it. Terms that are everyday words too (`.everyday` in the glossary)
are left alone: not every table is iptables'.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape

_ENTRY = re.compile(
    r"^(?P<term>\S[^{\n]*?) \{ #(?P<id>[\w-]+)(?P<everyday> \.everyday)? \}\n"
    r":   (?P<text>.+?)(?=\n\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_AT_WORK = re.compile(r"(?:[\s,]*(?:and )?\[[^\]]+\]\([^)]+\))+\s*$")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_TAG = re.compile(r"(<[^>]+>)")
_NAME = re.compile(r"</?([a-z0-9]+)")
_NOT_PROSE = frozenset(
    ("a", "code", "pre", "kbd", "summary", "button", "th", "h1", "h2", "h3", "h4", "h5", "h6")
)


@dataclass(frozen=True, slots=True)
class Term:
    """A term, where it stands in the glossary, and what it means."""

    term: str
    id: str
    meaning: str


def terms(glossary: str) -> tuple[Term, ...]:
    """The terms of the glossary's Markdown that are no everyday words."""
    return tuple(
        Term(entry["term"].partition(" (")[0], entry["id"], _plain(entry["text"]))
        for entry in _ENTRY.finditer(glossary)
        if not entry["everyday"]
    )


def _plain(markdown: str) -> str:
    """A term's sentences as plain text, without the link to where it is at work."""
    text = " ".join(_AT_WORK.sub("", markdown).split())
    return re.sub(r"[`*]", "", _LINK.sub(r"\1", text))


def linked(html: str, known: tuple[Term, ...], glossary: str, title: str) -> str:
    """A page's prose with the first of each term as a link; `glossary` is where that is.

    The term that a page has as its `title` is not explained on it.
    """
    expression, by_form = _searched(known)
    done = {title.casefold()}

    def link(match: re.Match[str]) -> str:
        term = by_form[match[1]]
        if term.term.casefold() in done:
            return match[0]
        done.add(term.term.casefold())
        address, meaning = escape(f"{glossary}#{term.id}"), escape(term.meaning)
        return f'<a class="term" href="{address}" title="{meaning}">{match[0]}</a>'

    return "".join(
        expression.sub(link, piece) if is_prose else piece for piece, is_prose in _pieces(html)
    )


@lru_cache(maxsize=4)
def _searched(known: tuple[Term, ...]) -> tuple[re.Pattern[str], dict[str, Term]]:
    """What finds all terms in a text, the longest first; and which term a form is."""
    by_form = {form: term for term in known for form in _forms(term.term)}
    longest = sorted(map(re.escape, by_form), key=len, reverse=True)
    return re.compile(rf"(?<![\w.-])({'|'.join(longest)})s?(?![\w-])"), by_form


def _forms(term: str) -> Iterable[str]:
    """A term, and as it begins a sentence."""
    return {term, term[:1].upper() + term[1:]}


def _pieces(html: str) -> Iterator[tuple[str, bool]]:
    """A page's HTML in pieces, each with whether it is text of its prose."""
    within: list[str] = []
    for piece in _TAG.split(html):
        name = _NAME.match(piece)
        if name is None:
            yield piece, not within
            continue
        if name[1] in _NOT_PROSE:
            if not piece.startswith("</"):
                within.append(name[1])
            elif within:
                within.pop()
        yield piece, False
