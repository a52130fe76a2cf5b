"""Names in a command that nothing gives a value: the shell would put an empty text there.

Judged are names as `bind=` gives them, in capitals, and others that are near to one that is bound.
Where a command may set a name in a way that is not read here (`eval`, a file that it sources),
nothing is said.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from macros.ground.errors import GuideError
from macros.ground.model import Block, Step
from macros.plan.options import nearest

_FIX = "correct the name, bind it in an earlier block (bind=), or set it in the command"


class Unbound(NamedTuple):
    """A name that nothing binds, as it stands in the command, and which may have been meant."""

    name: str
    mention: str
    near: str


_OWN = frozenset(
    # Bash's own (bash(1), Shell Variables), POSIX's, what sshd and PAM give a session; awk's.
    """BASH BASHOPTS BASHPID COLUMNS COMP_CWORD COMP_LINE COMP_WORDS COPROC DIRSTACK EPOCHREALTIME
    EPOCHSECONDS EUID FUNCNAME FUNCNEST GROUPS HISTCMD HISTFILE HISTSIZE HOME HOSTNAME HOSTTYPE IFS
    KUBECONFIG LANG LANGUAGE LINENO LINES LOGNAME MACHTYPE MAIL MAPFILE OLDPWD OPTARG OPTERR OPTIND
    OSTYPE PATH PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PWD RANDOM
    READLINE_LINE REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM TIMEFORMAT TMOUT TMPDIR TZ UID
    USER FILENAME FNR FS NF NR OFS ORS RS""".split()  # noqa: SIM905 a list of words
)
_OWN_BEGINNINGS = ("BASH_", "LC_", "SSH_", "XDG_")
_MENTION = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{#?(?P<braced>[A-Za-z_]\w*)(?P<rest>[^}]*)\})"
)
_DEFAULT = re.compile(r":?[-=?+]")  # ${NAME:-word} and its like say what is done without a value
_UNREADABLE = re.compile(
    r"(?:^|[;&|(\s])(?:eval|source|\.|getopts|mapfile|readarray)\s", re.MULTILINE
)
_SETS = re.compile(
    r"\b(?P<assigned>[A-Za-z_]\w*)(?:\[[^]]*\])?[-+*/%]?=(?!=)"
    r"|\b(?:for|select)\s+(?P<looped>[A-Za-z_]\w*)"
    r"|\bprintf\s+-v\s+(?P<printed>[A-Za-z_]\w*)"
    r"|\b(?:read|local|declare|typeset|export|readonly)\b(?P<listed>[^;|&\n]*)"
)
_DOCUMENT = re.compile(r"<<-?\s*(?P<quoted>[\\'\"]?)(?P<limit>\w+)")


def unbound(command: str, bound: Collection[str]) -> Iterator[Unbound]:
    """The names in a command that neither `bound`, the command nor the shell gives a value."""
    if "$" not in command or _UNREADABLE.search(command):
        return
    given = {*bound, *_set_by(command)}
    named: set[str] = set()
    for hit in _MENTION.finditer(_expanded(command)):
        name = hit["plain"] or hit["braced"]
        if name in given | named or _DEFAULT.match(hit["rest"] or "") or _is_own(name):
            continue
        near = nearest(name, dict.fromkeys(bound), "${}")
        if name.isupper() or near:
            named.add(name)
            yield Unbound(name, hit[0], near)


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith(_OWN_BEGINNINGS)


def _set_by(command: str) -> Iterator[str]:
    for hit in _SETS.finditer(command):
        yield from re.findall(r"[A-Za-z_]\w*", hit[0] if hit["listed"] else "")
        yield from filter(None, (hit["assigned"], hit["looped"], hit["printed"]))


def _expanded(command: str) -> str:
    """A command without what the shell leaves as it is: quoted words, documents and comments."""
    kept: list[str] = []
    documents: list[tuple[str, bool]] = []
    doubled, around = False, list[bool]()  # within double quotes, and those around a bracket
    offset = 0
    while offset < len(command):
        sign = command[offset]
        end = offset + 1
        if sign == "\\":
            offset += 2
            continue
        if sign == '"':
            doubled = not doubled
        elif sign == "(" and (not doubled or command[offset - 1 : offset] == "$"):
            around.append(doubled)
            doubled = False
        elif sign == ")" and not doubled and around:
            doubled = around.pop()
        elif sign == "'" and not doubled:
            end = command.find("'", end) + 1 or len(command)
            sign = " "
        elif sign == "#" and not doubled and command[offset - 1 : offset] in ("", " ", "\n", ";"):
            end = _line_end(command, offset)
            sign = " "
        elif not doubled and (document := _DOCUMENT.match(command, offset)):
            if command[offset : offset + 3] != "<<<":
                documents.append((document["limit"], bool(document["quoted"])))
            end = document.end()
        elif sign == "\n" and documents:
            body, end = _behind(command, end, documents)
            sign += body
        kept.append(sign)
        offset = end
    return "".join(kept)


def problems(source: Path, blocks: Iterable[Block], steps: Iterable[Step]) -> Iterator[GuideError]:
    """What is unbound on a page, in its order, each with its place.

    `steps` are those of setup and clean-up: no block has bound a value for them.
    """
    blocks = tuple(blocks)
    later = {name: block.id for block in reversed(blocks) for name in block.bind}
    lines: list[str] = []
    asked = [(step.command, step.line, frozenset[str]()) for step in steps]
    bound: frozenset[str] = frozenset()
    for block in blocks:
        asked += [] if block.script else [(block.command, block.line, bound)]
        bound |= block.bind.keys()
    for command, line, known in asked:
        for name, mention, near in unbound(command, known):
            lines = lines or source.read_text(encoding="utf-8").splitlines()
            where, column = _place(lines, line, mention)
            message = f"nothing binds ${name}{near}"
            if name in later:
                message = f"${name} has no value here: block {later[name]} binds it later"
            yield GuideError(message, page=source, line=where, column=column, fix=_FIX)


def _place(lines: Sequence[str], line: int, mention: str) -> tuple[int, int]:
    """The line and column where a name stands, from the line of its command on."""
    for number, text in enumerate(lines[line - 1 :], line):
        if mention in text:
            return number, text.index(mention) + 1
    return line, 0


def _behind(command: str, offset: int, documents: list[tuple[str, bool]]) -> tuple[str, int]:
    """What the shell expands in the here-documents that begin here, and where they end."""
    kept = ""
    while documents:
        limit, quoted = documents.pop(0)
        line = ""
        while offset < len(command) and line != limit:
            end = _line_end(command, offset)
            line = command[offset:end].lstrip("\t")
            kept += "" if quoted else re.sub(r"\\.", "", f"{line}\n")
            offset = end + 1
    return kept, offset


def _line_end(command: str, offset: int) -> int:
    end = command.find("\n", offset)
    return end if end >= 0 else len(command)
