"""Where a template's calls, options and tags stand: Jinja counts lines, an author wants columns.

Jinja's lexer gives each token its line, and its parser hands that number on to the tree, and to
what it complains about. So the numbers that it is given here know their column too.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.lexer import Token, TokenStream, newline_re
from jinja2.parser import Parser

from macros.plan.options import nearest

_TAGS = ("call", "if", "elif", "else", "endif", "endcall", "for", "endfor", "set", "raw", "endraw")
_VALUES = {"true": True, "false": False, "none": None}
_OPENING, _CLOSING = ("lparen", "lbracket", "lbrace"), ("rparen", "rbracket", "rbrace")


class Place(NamedTuple):
    """A line and a column, both from 1; a column of 0 is not known."""

    line: int
    column: int


class Line(int):
    """The number of a line, and the column of what stands in it."""

    column: int

    @classmethod
    def of(cls, line: int, column: int) -> "Line":
        """A line with a column."""
        made = cls(line)
        made.column = column
        return made


class UnclosedError(jinja2.TemplateSyntaxError):
    """A tag that is not closed, or closed by another's end; `opened` is where it stands."""

    def __init__(self, message: str, lineno: int, opened: int) -> None:
        super().__init__(message, lineno)
        self.opened = opened


def undefined(error: Exception) -> str:
    """What Jinja says of a name that there is not, and which one may have been meant."""
    message = str(error)
    name = re.fullmatch(r"'(\w+)' is undefined", message)
    return message + nearest(name[1], _VALUES) if name else message


def place(number: int | None) -> Place:
    """What Jinja says as a line, as a place."""
    return Place(int(number or 1), getattr(number, "column", 0))


def place_of(node: nodes.Node) -> Place:
    """Where a node begins: a call with its name, for Jinja places it at the bracket."""
    return place(node.node.lineno if isinstance(node, nodes.Call) else node.lineno)


def parse(environment: jinja2.Environment, text: str) -> nodes.Template:
    """The tree of a template whose lines are all `Line`s. Errors are TemplateSyntaxErrors."""
    return _Parser(environment, text).parse()


def options(text: str, call: Place) -> dict[str, Place]:
    """The options of the call whose name stands at `call`, each with its place."""
    tokens = _read(text)
    start = next((i for i, token in enumerate(tokens) if place(token.lineno) == call), None)
    places_of: dict[str, Place] = {}
    depth = 0
    for token, follower in _pairs(tokens[start + 1 :] if start is not None else ()):
        if token.type in _OPENING:
            depth += 1
        elif token.type in _CLOSING:
            depth -= 1
        elif depth == 1 and token.type == "name" and follower.type == "assign":
            places_of[token.value] = place(token.lineno)
        if depth == 0:
            break
    return places_of


class _Parser(Parser):
    """Jinja's parser over tokens that know their columns, and that remembers where tags begin."""

    def __init__(self, environment: jinja2.Environment, text: str) -> None:
        super().__init__(environment, "")
        self.stream = TokenStream(_tokens(environment, text), None, None)
        self._opened: list[int] = []

    def parse_statement(self) -> nodes.Node | list[nodes.Node]:
        self._opened.append(self.stream.current.lineno)
        statement = super().parse_statement()
        self._opened.pop()  # not after an error, which says what is open
        return statement

    def _fail_ut_eof(
        self,
        name: str | None,
        end_token_stack: list[tuple[str, ...]],
        lineno: int | None,
    ) -> NoReturn:
        if not self._tag_stack or not end_token_stack:
            self.fail(f"there is no tag {name!r}{nearest(name or '', _NAMED)}", lineno)
        tag, opened = self._tag_stack[-1], self._opened[len(self._tag_stack) - 1]
        if name is None:
            message = f"{{% {tag} %}} has no {{% end{tag} %}}"
            raise UnclosedError(message, opened, opened)
        if name.startswith("end") or name in _TAGS:
            message = (
                f"{{% {name} %}} stands where {{% {tag} %}} should be closed by {{% end{tag} %}}"
            )
            raise UnclosedError(message, lineno or self.stream.current.lineno, opened)
        self.fail(f"there is no tag {name!r}{nearest(name, _NAMED)}", lineno)


_NAMED = dict.fromkeys(_TAGS)


def _tokens(environment: jinja2.Environment, text: str) -> Iterator[Token]:
    lexer = environment.lexer
    return lexer.wrap(_with_columns(lexer.tokeniter(text, None), text), None, None)


def _with_columns(
    tokens: Iterator[tuple[int, str, str]], text: str
) -> Iterator[tuple[int, str, str]]:
    """Tokens of the lexer, which leaves out no more than spaces, at their places in the text."""
    source = "\n".join(newline_re.split(text)[::2])
    offset = 0
    try:
        for line, kind, value in tokens:
            offset = source.index(value, offset)
            yield Line.of(line, offset - source.rfind("\n", 0, offset)), kind, value
            offset += len(value)
    except jinja2.TemplateSyntaxError as error:
        raise _of_lexer(error, source, offset) from error


def _of_lexer(
    error: jinja2.TemplateSyntaxError, source: str, offset: int
) -> jinja2.TemplateSyntaxError:
    """What the lexer complains about, with its column, which it says in characters from the top."""
    message = str(error.message)
    if told := re.fullmatch(r"unexpected char (.+) at (\d+)", message):
        offset = int(told[2])
        quote = told[1].strip("'\"") in ("", "\\'")
        message = f"unexpected character {told[1]}" + ("; is a quote missing?" if quote else "")
    line = Line.of(source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset))
    return jinja2.TemplateSyntaxError(message, line)


@lru_cache(maxsize=1)
def _read(text: str) -> Sequence[Token]:
    """All tokens of a text that was parsed before."""
    try:
        return tuple(_tokens(jinja2.Environment(), text))  # noqa: S701 nothing is rendered
    except jinja2.TemplateSyntaxError:
        return ()


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    return zip(tokens, (*tokens[1:], Token(0, "eof", "")), strict=False)
