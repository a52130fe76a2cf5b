"""A kind of output: what it is told by, read as, compared by and called, in one declaration.

One file of this room holds a kind: its parser, and a `Kind` that says the rest. `registry` lists
them. Comparing, settling and drawing ask the kind, and know none of them by name.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from macros.ground.commandline import Call
from macros.kinds.fields import Raw

Records = TypeVar("Records")


class Span(NamedTuple):
    """Lines whose order means nothing: from `start` to before `end`.

    `name` is that by which the other side's are found. `groups` has for each line what it belongs
    to: those of one group stay in order. Without it no two lines belong together.
    """

    start: int
    end: int
    name: str
    groups: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared of a record.

    `words` are chosen by the kind: every difference is a fact. `raw` is the tool's own JSON: it is
    compared field by field, with noise masked by its key, but for the keys in `apart`, which the
    record's key or the other fields have already. `worded` are words as printed, by the word that
    they belong to, and `printed` whole lines by what they tell: noise in them is masked.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    raw: Raw = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    worded: Mapping[str, str] = field(default_factory=dict)
    printed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What a record has several of, each with a name: next hops, addresses, members.

    `items` are their facts by name, in the order printed; that order is a fact where `ordered` has
    the plural of `noun`. With `pairs`, one that went and one that came are one that changed; `by`
    is the key in their raw facts that both must have alike. `alone`: a single one needs no name
    when it goes. `bare`: where its facts change its name says enough, without the noun. `unless`
    is a word of the record: where it differs it has said so already. `says`: they are sentences
    that the record says.
    """

    noun: str
    items: Mapping[str, Facts]
    ordered: str = ""
    pairs: bool = False
    by: str = ""
    alone: bool = False
    bare: bool = False
    unless: str = ""
    says: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One of a record's steps: its whole text, what is said of it, what it has counted."""

    text: str
    summary: str
    counts: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Steps:
    """What a record does one after the other: their order is a fact, but where `free` says not."""

    noun: str
    steps: tuple[Step, ...]
    free: Callable[[Sequence[str]], list[Span]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as two runs are compared.

    `key` makes it the same record in both, `name` is what a sentence calls it. It comes or goes
    as "{noun} {name} {tail} new{held}", with `line` as its value, or its raw facts; `of` is what
    its fields are of, its name unless another is given. One that went and one that came with the
    same `moves` are one that moved from `spot` to `spot`, if there is no third. `owner` is the key
    of the entry that it is part of: with that it comes and goes unsaid. `counts` are of `counted`:
    whether a counter is zero is a fact, how large it is is not. Of several with one key, `traits`
    tell which is which, and a sentence names those that differ; the order of those with one `rank`
    is a fact.
    """

    key: Hashable
    name: str
    noun: str = ""
    facts: Facts = field(default_factory=Facts)
    parts: tuple[Part, ...] = ()
    steps: Steps | None = None
    tail: str = ""
    held: str = ""
    of: str = ""
    line: str = ""
    moves: Hashable = None
    spot: str = ""
    owner: Hashable = None
    counts: Mapping[str, int | None] = field(default_factory=dict)
    counted: str = ""
    traits: Mapping[str, str] = field(default_factory=dict)
    rank: Hashable = None


@dataclass(frozen=True, slots=True)
class Speech:
    """How the fields of a kind's JSON are said.

    `word` turns the path of a field into its word; `sets` are the keys whose list has no order.
    Objects in a list are the same where the first of `names` that all of them have is the same.
    `truth` are the words for no and yes, `silent` the values that are as good as no field.
    """

    word: Callable[[str], str] = str
    sets: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    truth: tuple[str, str] = ("off", "on")
    silent: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Mac:
    """A MAC address in a record.

    `path` is where it stands, by names that another run has too; `owner` is whose it is in a
    sentence. `here`: it belongs to the machine, or the container, that was asked.
    """

    path: tuple[str, ...]
    mac: str
    owner: str
    here: bool = False


def no_twin(_command: str, _call: Call) -> str | None:
    """The twin of a tool without JSON."""
    return None


def in_order(_lines: Sequence[str]) -> list[Span]:
    """The order of lines is a fact."""
    return []


def in_any_order(lines: Sequence[str]) -> list[Span]:
    """The order of lines means nothing, but for the empty one behind the last."""
    return [Span(0, len(lines) - (not lines[-1]), "table")] if lines else []


def plain(_line: str) -> bool:
    """No line is a remark."""
    return False


def by_first_word(lines: Sequence[str]) -> list[str | None]:
    """Each line belongs to what its first word names; an indented one to what is above it."""
    labels: list[str | None] = []
    above: str | None = None
    for line in lines:
        if not line.strip():
            # What comes behind it may go on with what is above.
            labels.append(None)
            continue
        indented = line[:1] in {" ", "\t"} and bool(labels)
        above = above if indented else line.partition(" ")[0] or None
        labels.append(above)
    return labels


def never(_call: Call) -> bool:
    """Not for any call."""
    return False


def always(_call: Call) -> bool:
    """For every call."""
    return True


@dataclass(frozen=True, slots=True)
class Kind(Generic[Records]):
    """All that is known of one kind of output.

    `name` is its word in changes and in errors, `what` what its records are. `asked` says whether a
    call prints it. `read` makes records of an answer's text, its twin (or None), and the call where
    it is known; GuideError where the answer is not in the form of the kind. Without it only the
    twin is recorded, and the text is compared as such. `twin` gives the command of the same
    question in JSON.

    `labels` has for each line a word that only lines of records of one key have, or None: what has
    the same lines in two texts need not be read to compare them.

    `entries` are the records as they are compared; `whole`: they hold all that the text says, else
    its lines are compared too. `free` gives the lines whose order means nothing; `remark` says of a
    line that it is no record's and is compared as text. `wraps`: its lines are words one after the
    other, no columns, and may be broken where the page ends. `macs` are the MAC addresses in it and
    their owners. `sends`: asking sends packets, so it is more than a look.
    """

    name: str
    what: str
    asked: Callable[[Call], bool]
    read: Callable[[str, Any, Call | None], Records] | None = None
    twin: Callable[[str, Call], str | None] = no_twin
    entries: Callable[[Records], Iterable[Entry]] | None = None
    speech: Speech = field(default_factory=Speech)
    free: Callable[[Sequence[str]], list[Span]] = in_order
    labels: Callable[[Sequence[str]], Sequence[str | None]] | None = None
    whole: bool = False
    remark: Callable[[str], bool] = plain
    wraps: Callable[[Call], bool] = never
    macs: Callable[[Records], Iterator[Mac]] | None = None
    sends: bool = False
