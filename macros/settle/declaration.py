"""What a kind of identity, of noise or of free order says of itself, in one declaration."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

from macros.ground import json_text
from macros.ground.model import Recording
from macros.kinds.kind import Span

Scope = Literal["lab", "node", "namespace", "peer"]
Example = tuple[str, str]
"""Two texts, old and new."""
Key = tuple[str, str, str]
"""An identity: kind, scope, value. The value of an id is the whole of it, where that is known."""


Near = Callable[[str], object]
"""A fast search; what it gives says by its truth whether a slow one is worth it."""


CELL = "cell"
BELOW = "below"

WISHES = "spec"
"""The key of an object's JSON under which is what its author wished for: facts, by their keys."""


class Pattern(NamedTuple):
    """An expression that is only tried where a text has the `hint`; `shape`: how it is written.

    Nothing in an expression matches the end of a line: it can be looked for in a whole text.

    The shape `CELL` of a pattern of noise: in a table with a head only below the kind's `heads`;
    `BELOW`: nowhere but below these.

    `near` is a simpler search that must succeed too, one that is fast in a text of a million lines:
    of an expression that begins with a letter or a sign (and knows no begin or end of a line), or
    of letters alone (`any_of`).
    """

    hint: str
    expression: re.Pattern[str]
    shape: str = ""
    near: Near | None = None

    def may_match(self, text: str) -> bool:
        """Whether it is worth the search."""
        return self.hint in text and (self.near is None or bool(self.near(text)))


class Token(NamedTuple):
    """An identity in a text. `shape` says how it is written there: see `Identity.write`."""

    raw: str
    key: Key
    form: str
    shape: str


Form: TypeAlias = str | tuple[str | Token, ...]
"""A line without its noise: text, and where there are identities, these and the text between."""


class Named(NamedTuple):
    """What a written value is: the value itself, its form, and how it is written."""

    value: str
    form: str
    shape: str = ""


class Found(NamedTuple):
    """A value at a place in a line, from `start` to before `end`."""

    start: int
    end: int
    named: Named


@dataclass(frozen=True)
class Evidence:
    """All that one side of a settlement answered: from this a kind learns what only names."""

    recordings: Sequence[Recording] = ()
    more: Sequence[str] = ()
    """Texts beside the outputs: the tools' JSON as it is written."""

    @cached_property
    def texts(self) -> Sequence[str]:
        """Every output and all JSON, as text."""
        return [*(recording.text for recording in self.recordings), *self.more]

    @cached_property
    def documents(self) -> Sequence[Any]:
        """All JSON: what the tools were asked for beside their outputs, and outputs that are it."""
        twins = [recording.twin for recording in self.recordings if recording.twin is not None]
        printed = [
            json_text.value(recording.text)
            for recording in self.recordings
            if recording.text[:1] in {"{", "["}
        ]
        return [*twins, *(value for value in printed if value is not None)]

    def captures(self) -> Iterator[bytes]:
        """The packets of every capture, as their files hold them."""
        for recording in self.recordings:
            if recording.pcap is not None:
                yield recording.pcap.read_bytes()


class Where(NamedTuple):
    """Where a line was printed: the node, the namespace whose interfaces it shows, the command."""

    node: str
    netns: str
    command: str = ""


def nothing(_evidence: Evidence) -> None:
    """What a kind learns whose values are known by themselves."""


def apart(old: Any, new: Any) -> tuple[Any, Any]:
    """What both sides know, for a kind that either side knows by itself."""
    return old, new


def nowhere(_line: str, _known: Any) -> Iterable[Found]:
    """Where a kind stands whose patterns say all."""
    return ()


def unscoped(_where: Where) -> None:
    """The scope of numbers that stand alone, for a kind whose values never do."""


def unprinted(_command: str) -> None:
    """What a command prints alone, for a kind that says all by its patterns."""


def itself(_token: Token, value: str) -> str:
    """How most values are written: as they are."""
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A value that only names something.

    `patterns` find a value in a line, as the group `v`; `find` finds in lines what no pattern can,
    from what `learn` has read of the whole side, where `near` succeeds (see `Pattern.near`); the
    end of a line ends a value as that of the text does. `meet` completes
    what two sides know by each other. `columns` are heads below which numbers are such values, at
    the right of their column. `keys` are the JSON keys whose number is such a value, or whose text
    if `in_text`; in a `spec`, which is what an author wished for, only if `in_spec`. `alone` gives
    the scope of a number that is all that a command prints.

    `read` says what a found value is, given its pattern's shape and what was learned; None for a
    fact: a fact is never renamed, and neither is a value whose form is another than the old one's.
    `write` writes another value in a token's shape. `scope` is within what its values are unique.
    `pinned`: a value that both runs have names the same thing in both, for it is too long to come
    twice by chance. `shares` is the name of the kind whose numbers these are, if not its own.
    `rank` is its place in the reference.
    """

    name: str
    what: str
    scope: Scope
    rank: int
    read: Callable[[str, str, Any], Named | None]
    patterns: tuple[Pattern, ...] = ()
    find: Callable[[str, Any], Iterable[Found]] = nowhere
    near: Near | None = None
    learn: Callable[[Evidence], Any] = nothing
    meet: Callable[[Any, Any], tuple[Any, Any]] = apart
    write: Callable[[Token, str], str] = itself
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    in_text: bool = False
    in_spec: bool = False
    alone: Callable[[Where], str | None] = unscoped
    pinned: bool = False
    shares: str = ""

    @property
    def numbered_as(self) -> str:
        """The kind in a key."""
        return self.shares or self.name


def by_form(form: Callable[[str], str]) -> Callable[[str, str, Any], Named | None]:
    """The reader of a kind whose values say by themselves what they are; "" is a fact's form."""

    def read(raw: str, _shape: str, _known: Any) -> Named | None:
        word = form(raw)
        return Named(raw, word) if word else None

    return read


def anything(_value: str) -> str:
    """The mask of noise in which nothing counts."""
    return "?"


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """A value that means nothing twice.

    `patterns` find it in a line, as the groups of the expression. `columns` are heads below which
    numbers are such, at the right of their column; `heads` those below which a cell may be. `keys`
    match, as a whole, the JSON keys whose number is such, or whose text if it matches `in_text`; in
    a `spec`, which is what an author wished for, only if `in_spec`. `words` are those of a JSON
    list under `keys`, which is one value as a whole. `printed` gives for a command the expression
    of a value, its first group, that only this command prints so. `mask` is what two values must
    have in common. `counts`: it is a counter, and a fact where a page says so of these. `rank` is
    its place in the reference.
    """

    name: str
    what: str
    rank: int
    mask: Callable[[str], str] = anything
    patterns: tuple[Pattern, ...] = ()
    columns: tuple[str, ...] = ()
    heads: frozenset[str] = frozenset()
    keys: re.Pattern[str] | None = None
    in_text: re.Pattern[str] | None = None
    in_spec: bool = False
    words: frozenset[str] = frozenset()
    counts: bool = False
    printed: Callable[[str], re.Pattern[str] | None] = unprinted


@dataclass(frozen=True, slots=True)
class Order:
    """Lines whose order means nothing.

    `find` gives them for a command and the lines that it printed. `command` is the examples'.
    """

    name: str
    what: str
    find: Callable[[str, Sequence[str]], list[Span]]
    command: str = "true"
    same: tuple[Example, ...] = ()
    differ: tuple[Example, ...] = ()


def patterns_of(
    *pairs: tuple[str | Near, str] | tuple[str | Near, str, str],
) -> tuple[Pattern, ...]:
    """Patterns: a hint, an expression, and the shape where there are several.

    A hint that is no text is a search: see `Pattern.near`.
    """
    return tuple(
        Pattern(
            pair[0] if isinstance(pair[0], str) else "",
            re.compile(pair[1]),
            pair[2] if len(pair) > 2 else "",
            None if isinstance(pair[0], str) else pair[0],
        )
        for pair in pairs
    )


def like(expression: str) -> Near:
    """The search for an expression."""
    return re.compile(expression).search


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The search for any of these words."""

    words: tuple[str, ...]

    def __call__(self, text: str) -> bool:
        """Whether a text has one of them."""
        for word in self.words:  # noqa: SIM110 it is asked of each line, and any() is slower
            if word in text:
                return True
        return False


def any_of(*words: str) -> Near:
    """The search for any of these words."""
    return AnyOf(words)


def counted(value: str) -> str:
    """The mask of a counter: whether it is zero."""
    return "0" if not value.strip(" 0./x") else "n"


Known = Mapping[str, Any]
"""What each kind of identity has learned of a side, by its name."""
