"""What an author may write, declared once: a class whose annotations are its options.

A macro's call and each mapping of a page's front matter is such a class. It is what a page is
checked against, what its values are read into, and what documents them. It is no `dataclass`
because making thirty of those takes longer than rendering a page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from functools import cache
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Any, ClassVar, NamedTuple, Self, dataclass_transform, get_args, get_origin

REQUIRED: Any = object()
"""The default of an option that must be written."""

_LONGEST = 60  # characters of a wrong value that an error quotes
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Option(NamedTuple):
    """One option: its annotation, and its default or REQUIRED.

    `positional` options may be written without their names, in order; one with `rest` takes all
    that follow.
    """

    name: str
    kind: Any
    default: Any
    positional: bool
    rest: bool


class Misuse(NamedTuple):
    """What is wrong with what was written: at which option (or at none), and in words."""

    option: str
    message: str


class MisusedError(Exception):
    """All that is wrong with one call or mapping."""

    def __init__(self, misuses: Sequence[Misuse]) -> None:
        super().__init__("; ".join(misuse.message for misuse in misuses))
        self.misuses = tuple(misuses)


@dataclass_transform(frozen_default=True, eq_default=False)
class Declared:
    """The base of all declarations: `Run(node="node0", id="addresses")` is one that was written.

    An annotation `tuple[str, ...]` takes any number of values without a name, one at least; what
    stands below a `KW_ONLY` has to be named.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {}
    CALLED: ClassVar[str] = ""
    """What errors call it."""
    SORT: ClassVar[str] = "option"
    """What errors call an option."""
    SPELLED: ClassVar[str] = "{}="
    """How errors write one that has to be named."""
    NAMED: ClassVar[bool] = False
    """Whether all of them have to be, as in a mapping."""
    NESTED: ClassVar[Mapping[str, str]] = {}
    """Options that are mappings with a declaration of their own, and what a schema calls it."""
    KNOWN: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Options of which only these words are known."""

    WORDS: ClassVar[Mapping[str, str]] = {}
    """What errors say that an option is, where its annotation says too little."""

    given: tuple[str, ...]
    """The options that were written, in the order written."""

    def __init_subclass__(cls) -> None:
        positional = not cls.NAMED
        own = {}
        for name, kind in get_annotations(cls).items():
            if kind is KW_ONLY:
                positional = False
                continue
            origin: Any = get_origin(kind)
            if ClassVar not in (origin, kind):
                rest = positional and origin is tuple
                default = cls.__dict__.get(name, REQUIRED)
                inner = get_args(kind)[0] if rest else kind
                own[name] = Option(name, inner, default, positional, rest)
        cls.OPTIONS = {**own, **cls.OPTIONS}

    def __init__(self, *values: Any, **options: Any) -> None:
        self.__dict__.update(self._read(values, options))

    @classmethod
    def written(cls, values: Sequence[Any], options: Mapping[str, Any]) -> Self:
        """Values without and with names, read. MisusedError says all that is wrong with them."""
        made = cls.__new__(cls)
        made.__dict__.update(cls._read(values, options))
        return made

    @classmethod
    def misnamed(cls, count: int, names: Sequence[str], *, whole: bool = True) -> list[Misuse]:
        """What is wrong with so many values without names, and with options of these names.

        With `whole` false there may be more of both than can be seen.
        """
        unnamed = [option for option in cls.OPTIONS.values() if option.positional]
        misuses = []
        taken = [option.name for option in unnamed[:count]]
        if count > len(unnamed) and not (unnamed and unnamed[-1].rest):
            words = f"takes {_counted(len(unnamed))} without a name, not {count}"
            listed = f": {', '.join(taken)}" if taken else ""
            misuses.append(Misuse("", f"{cls.CALLED} {words}{listed}"))
        for name in dict.fromkeys(names):
            if name not in cls.OPTIONS:
                words = f"{cls.CALLED} has no {cls.SORT} {cls.SPELLED.format(name)}"
                misuses.append(Misuse(name, words + nearest(name, cls.OPTIONS, cls.SPELLED)))
            elif name in taken or names.count(name) > 1:
                misuses.append(Misuse(name, f"{cls.CALLED} has {name} twice"))
        if whole:
            misuses += [
                Misuse("", f"{cls.CALLED} needs {cls.spelled(option)}")
                for option in cls.OPTIONS.values()
                if option.default is REQUIRED and option.name not in (*taken, *names)
            ]
        return misuses

    @classmethod
    def spelled(cls, option: Option) -> str:
        """How an author writes an option: `node`, `id=`, `nodes:`."""
        return option.name if option.positional else cls.SPELLED.format(option.name)

    @classmethod
    def _read(cls, values: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        misuses = cls.misnamed(len(values), tuple(options))
        read = {}
        unnamed = [option for option in cls.OPTIONS.values() if option.positional]
        for number, option in enumerate(unnamed[: len(values)]):
            read[option.name] = tuple(values[number:]) if option.rest else values[number]
        read |= {name: value for name, value in options.items() if name in cls.OPTIONS}
        given = tuple(read)
        for name, option in cls.OPTIONS.items():
            if name not in read:
                read[name] = option.default
                continue
            for value in read[name] if option.rest else (read[name],):
                if not fits(option.kind)(value):
                    words = (
                        f"{cls.spelled(option)} is {cls.WORDS.get(name) or in_words(option.kind)}"
                    )
                    misuses.append(Misuse(name, f"{cls.CALLED}: {words}, not {_quoted(value)}"))
        if misuses:
            raise MisusedError(misuses)
        return {**read, "given": given}


def nearest(name: str, known: Mapping[str, Any], spelled: str = "{}") -> str:
    """`; did you mean until=?` where one of the known names is near enough, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 only where something is misspelt

    small = {option.lower(): option for option in known}
    near = get_close_matches(name.lower(), small, 1)
    return f"; did you mean {spelled.format(small[near[0]])}?" if near else ""


def nearest_or_all(name: str, known: Sequence[str]) -> str:
    """The same, or where none is near all that are known."""
    return nearest(name, dict.fromkeys(known)) or f"; known: {', '.join(known)}"


@cache
def fits(kind: Any) -> Callable[[Any], bool]:
    """Whether a value is of the kind that an annotation says. Text is no list of letters."""
    arguments = get_args(kind)
    origin: Any = get_origin(kind)
    if kind is Any:
        return lambda _: True
    if origin is UnionType:
        checks = [fits(either) for either in arguments]
        return lambda value: any(check(value) for check in checks)
    if origin is Sequence:
        inner = fits(arguments[0])
        return lambda value: isinstance(value, list | tuple) and all(map(inner, value))
    if origin is Mapping:
        key, item = fits(arguments[0]), fits(arguments[1])
        return lambda value: (
            isinstance(value, dict)
            and all(key(name) and item(content) for name, content in value.items())
        )
    if origin is Callable:
        return callable
    if kind in (int, float):
        numbers = (int,) if kind is int else (int, float)
        return lambda value: isinstance(value, numbers) and not isinstance(value, bool)
    return lambda value: isinstance(value, NoneType if kind is None else kind)


def in_words(kind: Any) -> str:
    """What an author has to write for an annotation."""
    arguments = get_args(kind)
    if get_origin(kind) is UnionType:
        return " or ".join(in_words(either) for either in arguments if either is not NoneType)
    if get_origin(kind) is Sequence:
        inner = in_words(arguments[0])
        if " or " in inner:
            return f"a list, each of it {inner}"
        return f"a list of {inner}".replace("of a mapping", "of mappings")
    if get_origin(kind) is Mapping:
        return "a mapping"
    return _WORDS.get(kind, "anything")


def _counted(count: int) -> str:
    return "no value" if not count else f"{count} value{'s' if count > 1 else ''}"


def _quoted(value: Any) -> str:
    str(value)  # an undefined name of a template says here what it is
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
