"""A command as a shell takes it apart: pipelines of simple commands, and where their words stand.

Nothing is expanded: `$NAME` and `$( )` stay as they are written. The grammar is POSIX's "Shell
Command Language" (2.3 to 2.9) as far as it says which words make one simple command.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


class UnreadableError(ValueError):
    """A quote or a bracket that is never closed."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes, and where it stands in the command."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class Simple:
    """A simple command: its words, and whether its output goes to a file instead of on.

    `into` are the files that take its output, `out_of` those that it reads by `<`.
    """

    words: list[Word] = field(default_factory=list)
    into_file: bool = False
    into: list[str] = field(default_factory=list)
    out_of: list[str] = field(default_factory=list)

    @property
    def start(self) -> int:
        """Where its first word begins."""
        return self.words[0].start

    @property
    def end(self) -> int:
        """Where its last word ends."""
        return self.words[-1].end


Pipeline = list[Simple]
"""Simple commands, each of which reads what the one before prints."""

_OPERATOR = re.compile(r"&&|\|\||;;&?|;&|\|&|[|;&()\n]")
_REDIRECTION = re.compile(r"(?P<from>\d*)(?P<sign><<<|<<-?|<&|<>|<|>>|>\||>&|>)|(?P<both>&>>?)")
# A run of characters of which each is a piece of its own, and none ends a word.
_PLAIN = re.compile(r"[^\s|&;()<>\\\"'`$]+")
_QUOTES = re.compile(r"[\\\"'`$<>]")
# Words after which another command begins, and words that head no command of their own.
_BEFORE_A_COMMAND = frozenset({"if", "then", "elif", "else", "while", "until", "do", "{", "!"})
_NO_COMMAND = frozenset({"for", "select", "case", "esac", "done", "fi", "}", "function"})


def pipelines(command: str) -> list[Pipeline]:
    """The pipelines of a command in the order in which they are written.

    What a loop, a condition or a group does is among them; what is in `$( )` is not.
    UnreadableError where quotes do not end.
    """
    ended: list[Pipeline] = []
    pipeline: Pipeline = []
    simple = Simple()
    for part in _without_patterns(_parts(command)):
        if isinstance(part, Word):
            simple.words.append(part)
        elif isinstance(part, _Redirection):
            simple.into_file |= part.into_file
            simple.into += [part.target] if part.into_file else []
            simple.out_of += [part.target] if part.reads else []
        else:
            if simple.words:
                pipeline.append(simple)
            simple = Simple()
            if part not in {"|", "|&"} and pipeline:
                ended.append(pipeline)
                pipeline = []
    pipeline += [simple] if simple.words else []
    ended += [pipeline] if pipeline else []
    stripped = ([inner for simple in pipeline if (inner := _command(simple))] for pipeline in ended)
    return [pipeline for pipeline in stripped if pipeline]


def words(command: str) -> tuple[Word, ...]:
    """The words of a command that is one simple command on one line; none for any other.

    A redirection, a comment, a continued line or a group is more than a simple command.
    """
    if "\\\n" in command:
        return ()
    try:
        parts = list(_parts(command, comments=False))
    except UnreadableError:
        return ()
    return tuple(part for part in parts if isinstance(part, Word)) if _are_words(parts) else ()


@dataclass(frozen=True, slots=True)
class _Redirection:
    into_file: bool
    reads: bool
    target: str


_Part = Word | _Redirection | str


def _without_patterns(parts: Iterator[_Part]) -> Iterator[_Part]:
    """The parts without the heads of `case` and its patterns: `gre | sit)` runs no command."""
    depth, pattern, begins = 0, False, True
    for part in parts:
        word = part.text if isinstance(part, Word) else ""
        if pattern:
            # Up to the bracket behind the pattern; behind the last of them stands esac.
            if word == "esac" and begins:
                depth, pattern = depth - 1, False
            begins = part in {"\n", "(", ")"}
            pattern = pattern and part != ")"
            continue
        if word == "case" and begins:
            depth, pattern, begins = depth + 1, True, False
            continue
        if word == "esac" and begins:
            depth -= 1
        pattern = depth > 0 and part in {";;", ";&", ";;&"}
        if not isinstance(part, _Redirection):
            begins = not word or (begins and word in _BEFORE_A_COMMAND)
        yield part


def _are_words(parts: list[_Part]) -> bool:
    return all(isinstance(part, Word) for part in parts)


def _command(simple: Simple) -> Simple | None:
    """The command behind the words of the shell's own grammar; None where nothing is left."""
    left = list(simple.words)
    while left and left[0].text in _BEFORE_A_COMMAND:
        left.pop(0)
    if not left or left[0].text in _NO_COMMAND:
        return None
    return Simple(left, simple.into_file, simple.into, simple.out_of)


def _parts(command: str, *, comments: bool = True) -> Iterator[_Part]:
    """Words, redirections and operators; without `comments`, one is an operator."""
    offset = 0
    bodies: list[str] = []
    while offset < len(command):
        if command.startswith("\\\n", offset):
            offset += 2
        elif command[offset] == "#":
            offset = _line_end(command, offset)
            if not comments:
                yield "#"
        elif command[offset] == "\n":
            offset = _behind_documents(command, offset + 1, bodies)
            yield "\n"
        elif command[offset].isspace():
            offset += 1
        elif (redirection := _REDIRECTION.match(command, offset)) and not _substitutes(
            command, offset
        ):
            offset, target = _target(command, redirection.end())
            if (redirection["sign"] or "").startswith("<<") and redirection["sign"] != "<<<":
                bodies.append(target)
            reads = redirection["sign"] == "<"
            yield _Redirection(_leads_away(redirection, target), reads, target)
        elif operator := _OPERATOR.match(command, offset):
            offset = operator.end()
            yield operator[0]
        else:
            end = _word_end(command, offset)
            yield Word(_unquoted(command[offset:end]), offset, end)
            offset = end


def _leads_away(redirection: re.Match[str], target: str) -> bool:
    """Whether a redirection takes the standard output, and not to where the errors go."""
    if redirection["both"]:
        return True
    output = redirection["sign"].startswith(">") and redirection["from"] in {"", "1"}
    return output and not (redirection["sign"] == ">&" and target in {"1", "2"})


def _target(command: str, offset: int) -> tuple[int, str]:
    """Where the word of a redirection ends, and that word."""
    while command[offset : offset + 1] in {" ", "\t"}:
        offset += 1
    end = _word_end(command, offset)
    return end, _unquoted(command[offset:end])


def _substitutes(command: str, offset: int) -> bool:
    """Whether `<(` or `>(` stands here: a process, not a file."""
    return command[offset : offset + 2] in {"<(", ">("}


def _behind_documents(command: str, offset: int, bodies: list[str]) -> int:
    """Where the lines go on behind the here-documents that were announced before."""
    while bodies:
        limit = bodies.pop(0)
        line = ""
        while offset < len(command) and line != limit:
            end = _line_end(command, offset)
            line, offset = command[offset:end].lstrip("\t"), end + 1
    return offset


def _line_end(command: str, offset: int) -> int:
    end = command.find("\n", offset)
    return end if end >= 0 else len(command)


def _word_end(command: str, offset: int) -> int:
    start = offset
    while offset < len(command):
        if plain := _PLAIN.match(command, offset):
            offset = plain.end()
            continue
        stops = command[offset].isspace() or command[offset] in "|&;()<>"
        if stops and not (offset == start and _substitutes(command, offset)):
            break
        offset = _piece_end(command, offset)
    return offset


def _piece_end(command: str, offset: int) -> int:
    """Behind one character, or behind all that is quoted or substituted as one piece."""
    if command[offset] == "\\":
        return min(offset + 2, len(command))
    if command[offset] == '"':
        offset += 1
        while command[offset : offset + 1] != '"':
            if plain := _PLAIN.match(command, offset):
                offset = plain.end()
                continue
            if offset >= len(command):
                raise UnreadableError
            offset = offset + 1 if command[offset] == "'" else _piece_end(command, offset)
        return offset + 1
    if command[offset] in "'`":
        end = command.find(command[offset], offset + 1)
    elif command.startswith("${", offset):
        end = command.find("}", offset)
    elif command.startswith("$(", offset) or _substitutes(command, offset):
        return _bracket_end(command, offset + 2)
    else:
        return offset + 1
    if end < 0:
        raise UnreadableError
    return end + 1


def _bracket_end(command: str, offset: int) -> int:
    """Behind the bracket that closes the one before `at`."""
    depth = 1
    while depth:
        if offset >= len(command):
            raise UnreadableError
        depth += {"(": 1, ")": -1}.get(command[offset], 0)
        offset = offset + 1 if command[offset] in "()" else _piece_end(command, offset)
    return offset


def _unquoted(raw: str) -> str:
    """A word without the quotes that hold it together; what is substituted stays as it is."""
    if not _QUOTES.search(raw):
        return raw
    texts: list[str] = []
    offset = 0
    while offset < len(raw):
        end = _piece_end(raw, offset)
        piece = raw[offset:end]
        if piece[0] == "'":
            piece = piece[1:-1]
        elif piece[0] == '"':
            piece = re.sub(r'\\([$`"\\])', r"\1", piece[1:-1])
        elif piece[0] == "\\":
            piece = piece[1:]
        texts.append(piece)
        offset = end
    return "".join(texts)
