"""Calls of `kubectl get`: what is asked for, and the same question as JSON. Tables are read here.

Sources: kubernetes.io, kubectl reference; k8s.io/cli-runtime, pkg/printers/tabwriter.go (columns
are at least three spaces apart) and k8s.io/kubectl, pkg/cmd/get/get.go (a table for each kind, an
empty line between two).
"""

import re
from collections.abc import Iterator, Sequence

from macros.ground.commandline import Call
from macros.ground.shell import Word
from macros.kinds.fields import unreadable

# Options of `kubectl get` that change its columns only, and those among them that take a value.
_LOOKS = frozenset({"-o", "--output", "-L", "--label-columns", "--no-headers", "--show-labels"})
_LOOKS_VALUED = frozenset({"-o", "--output", "-L", "--label-columns"})
_TABLES = ("wide", "custom-columns")
_WHOLE = ("json", "yaml")
_COLUMN = re.compile(r"\S+(?: \S+)*")
_NONE = re.compile(r"No resources found")
_REMARK = re.compile(r"Warning: |Error from server|error: |No resources found")


def table_asked(call: Call) -> bool:
    """Whether a call is `kubectl get` with a table as its answer."""
    form = _form(call)
    return _gets(call) and (form is None or form.partition("=")[0] in _TABLES)


def asked(call: Call) -> bool:
    """Whether a call is `kubectl get` with objects as its answer: a table, or they themselves."""
    return table_asked(call) or (_gets(call) and _form(call) in _WHOLE)


def twin(command: str, call: Call) -> str | None:
    """The same question as JSON: whole objects, whichever columns were asked for."""
    if not table_asked(call):
        return None
    dropped: list[Word] = []
    words = list(call.words)
    while words:
        word = words.pop(0)
        name = word.text.partition("=")[0]
        joined = word.text.startswith(("-o", "-L")) and not word.text.startswith("--")
        if name in _LOOKS or joined:
            dropped.append(word)
            if word.text in _LOOKS_VALUED and words:
                dropped.append(words.pop(0))
    for word in reversed(dropped):
        command = command[: word.start].rstrip(" \t") + command[word.end :]
    return f"{command} -o json"


def remark(line: str) -> bool:
    """Whether a line is no row of a table, but what kubectl or the API server says beside it."""
    return _REMARK.match(line) is not None


def rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of all tables, by the small words of their heads (`nominated-node`).

    GuideError where there is no head, or a row does not stand below it.
    """
    head: list[tuple[int, str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            head = None
        elif remark(line):
            continue
        elif head is None:
            head = _head(line)
            if not head:
                raise unreadable("kubernetes", line, number)
        else:
            yield _row(line, head, number)


def labels(lines: Sequence[str]) -> list[str | None]:
    """Rows by what names their object, and by the head above them: see `Kind.labels`.

    The first row of a namespace is always read, for how many there are says how objects are named;
    and so is all where there is no table, or where a name comes twice.
    """
    labels: list[str | None] = []
    objects: list[tuple[str, ...]] = []
    spaces: set[str] = set()
    head: list[tuple[int, str]] = []
    cells: Sequence[slice] = ()
    above = ""
    for line in lines:
        label = None
        if not line.strip():
            head = []
        elif not head and not remark(line):
            above, head = line, _head(line)
            if not head:
                return [None] * len(lines)
            cells = _columns(head, ("name", "namespace"))
        elif head and not remark(line) and _is_row(line, head):
            named = tuple([line[cell].strip() for cell in cells])
            objects.append(named)
            space = "".join(named[1:])
            label = " ".join((*named, above)) if space in spaces else None
            spaces.add(space)
        labels.append(label)
    return labels if len(set(objects)) == len(objects) else [None] * len(lines)


def _columns(head: Sequence[tuple[int, str]], names: Sequence[str]) -> list[slice]:
    """Where in a row these columns are, of those that the table has."""
    ends = [*(start for start, _ in head[1:]), None]
    return [
        slice(start, end)
        for name in names
        for (start, word), end in zip(head, ends, strict=True)
        if word == name
    ]


def _head(line: str) -> list[tuple[int, str]]:
    """Where the columns of a table begin, and their small words; none where it is no head."""
    head = [(word.start(), word[0].lower().replace(" ", "-")) for word in _COLUMN.finditer(line)]
    return head if line == line.upper() and "name" in {name for _, name in head} else []


def _row(line: str, head: Sequence[tuple[int, str]], number: int) -> dict[str, str]:
    if not _is_row(line, head):
        raise unreadable("kubernetes", line, number)
    ends = [*(start for start, _ in head[1:]), len(line)]
    return {name: line[start:end].strip() for (start, name), end in zip(head, ends, strict=True)}


def _is_row(line: str, head: Sequence[tuple[int, str]]) -> bool:
    """Whether a line has its cells below the head."""
    for start, _ in head:
        if start and line[start - 1 : start].strip():
            return False
    return not line[0].isspace()


def _gets(call: Call) -> bool:
    before = call.args[2:] if call.args[:1] in (("-n",), ("--namespace",)) else call.args
    watched = {"-w", "--watch", "--watch-only", "--raw"}
    names = {arg.partition("=")[0] for arg in call.args}
    return call.tool == "kubectl" and before[:1] == ("get",) and not watched & names


def _form(call: Call) -> str | None:
    """What `-o` asks for."""
    for number, arg in enumerate(call.args):
        if arg in ("-o", "--output"):
            return call.args[number + 1] if number + 1 < len(call.args) else None
        if arg.startswith(("-o", "--output=")):
            return arg.removeprefix("--output=").removeprefix("-o").removeprefix("=")
    return None
