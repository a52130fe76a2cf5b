"""How interfaces queue what they send: what `tc qdisc` shows.

Text and JSON: iproute2, tc/tc_qdisc.c, print_qdisc(), and the q_*.c of each discipline.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds.fields import Raw, counted, must, objects, string, unreadable
from macros.kinds.kind import Entry, Facts, Kind

_HEAD = re.compile(
    r"qdisc (?P<kind>\S+) (?P<handle>[0-9a-f]+:) (?:dev (?P<device>\S+) )?"
    r"(?:(?P<root>root) |parent (?P<parent>\S+) |)(?:refcnt \d+ )?(?:offloaded )?(?P<rest>.*)"
)
CHOSEN = re.compile(r"(?!ffff)[89a-f][0-9a-f]{3}:")
"""A handle that the kernel chose: from 8001: on (qdisc_alloc_handle() in net/sched/sch_api.c)."""
_WITH_VALUE = frozenset({"-n", "-netns", "-b", "-batch", "-cf", "-conf"})
_JSON = ("-j", "-json")
# print_tcstats2_attr() of tc/tc_util.c: what -s adds to the JSON.
_COUNTS = frozenset({"bytes", "packets", "drops", "overlimits", "requeues", "backlog", "qlen"})
_LOOKS = frozenset({"-p", "-pretty", "-c", "-color", "-iec", "-o", "-oneline"})


@dataclass(frozen=True, slots=True)
class Queue:
    """One queueing discipline.

    `device` is its interface where the output names it, `parent` "root" or the class that it is
    in. `settings` are its words with their values, as printed: `delay` "80ms 10ms 25%"; in JSON
    they are below `options`, in the kernel's units. `counts` are its lines of statistics.
    """

    KEY: ClassVar = "kind"
    INSIDE: ClassVar = ("settings",)

    kind: str
    handle: str
    parent: str
    device: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict, compare=False)
    counts: tuple[str, ...] = field(default=(), compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


def read(text: str, twin: Any = None, _call: Call | None = None) -> tuple[Queue, ...]:
    """The disciplines in the text of `tc qdisc`, in the order printed, each with its JSON."""
    printed = [] if text.lstrip()[:1] in ("[", "{") else list(_parse(text))
    raws = objects(text, twin, "queues") or []
    if printed and raws and len(printed) != len(raws):
        # Asked one after the other: each is told of what both have.
        raws = []
    if not printed:
        return tuple(map(_of_json, raws))
    joined = zip(printed, raws or [{}] * len(printed), strict=True)
    return tuple(_queue(head, lines, raw) for (head, lines), raw in joined)


def _parse(text: str) -> Iterator[tuple[re.Match[str], list[str]]]:
    """The heads of disciplines, each with the lines of statistics below it."""
    head: re.Match[str] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line[:1].isspace() and head is not None:
            lines.append(line.rstrip())
            continue
        if head is not None:
            yield head, lines
        head, lines = _HEAD.fullmatch(f"{line.rstrip()} "), []
        if head is None:
            raise unreadable("queues", line, number)
    if head is not None:
        yield head, lines


def _queue(head: re.Match[str], lines: list[str], raw: Raw) -> Queue:
    return Queue(
        kind=head["kind"],
        handle=head["handle"],
        parent=head["root"] or head["parent"] or "",
        device=head["device"],
        settings=_settings(head["rest"]),
        counts=tuple(lines),
        raw=raw,
    )


def _of_json(raw: Raw) -> Queue:
    return Queue(
        kind=must(raw, "kind", "queues"),
        handle=must(raw, "handle", "queues"),
        parent="root" if raw.get("root") else string(raw, "parent") or "",
        device=string(raw, "dev"),
        raw=raw,
    )


def _settings(text: str) -> dict[str, str]:
    """Words with what follows each: a value begins with a digit, all else is a word."""
    settings: dict[str, str] = {}
    name = ""
    for word in text.split():
        if word[0].isalpha() and not (name and settings.get(name) == "" and word in ("on", "off")):
            name = word
            settings.setdefault(name, "")
        elif name:
            settings[name] = f"{settings[name]} {word}".strip()
    return settings


def _asked(call: Call) -> bool:
    if call.tool != "tc":
        return False
    words = _words(call)
    verb = words[1] if len(words) > 1 else "show"
    shown = any(word.startswith(verb) for word in ("show", "list", "lst"))
    return bool(words) and "qdisc".startswith(words[0]) and shown


def _words(call: Call) -> list[str]:
    """A call's words without its options."""
    words = list(call.args)
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] in _WITH_VALUE else 1]
    return words


def _twin(command: str, call: Call) -> str | None:
    """The same question as JSON; what only changes the looks is left out."""
    if call.contained or any(word in _JSON for word in call.args):
        return None
    for word in reversed(call.words[1:]):
        if word.text in _LOOKS:
            command = command[: word.start].rstrip(" \t") + command[word.end :]
    tool = call.words[0].end
    return f"{command[:tool]} -j{command[tool:]}".strip()


def _entries(queues: Iterable[Queue]) -> Iterator[Entry]:
    for queue in queues:
        parent = f"at {queue.parent}" if queue.parent else ""
        of = f"{parent} of {queue.device}" if queue.device else parent
        chosen = CHOSEN.fullmatch(queue.handle) is not None
        inside = _parent(queue.parent)
        settings = {
            word: counted(value) if word == "direct_packets_stat" else value
            for word, value in queue.settings.items()
            if word != "seed"
        }
        options = {} if queue.settings else queue.raw.get("options") or {}
        counts = {key: value for key, value in queue.raw.items() if key in _COUNTS}
        yield Entry(
            key=(queue.device, inside, queue.kind),
            name=queue.kind,
            noun="queue",
            tail=of,
            of=f"{queue.kind} {of}".strip(),
            facts=Facts(
                words={"handle": "" if chosen else queue.handle},
                raw={**options, **counts},
                apart=frozenset({"seed"}),
                worded=settings,
                printed={
                    f"line {number} of the statistics": line
                    for number, line in enumerate(queue.counts, 1)
                },
            ),
            line=" ".join(f"{word} {value}".strip() for word, value in settings.items()),
        )


def _parent(parent: str) -> str:
    """Where a discipline is, without a number that the kernel chose."""
    major, colon, minor = parent.partition(":")
    return f"{colon}{minor}" if CHOSEN.fullmatch(f"{major}:") else parent


KIND = Kind(
    name="queues",
    what="queues",
    asked=_asked,
    read=read,
    twin=_twin,
    entries=_entries,
    whole=True,
)
