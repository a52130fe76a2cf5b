"""Cut a line into what is said and what only names: literal text, identities, noise."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from macros.ground import mac as macs
from macros.ground import ports
from macros.settle import cluster_identities, identities, noise, translation
from macros.settle.declaration import Identity

Key = tuple[str, str, str]
"""An identity: kind, scope, value. The value of an id is the whole of it, where that is known."""


class Token(NamedTuple):
    """An identity in a text. `shape` says how it is written there: see `write`."""

    raw: str
    key: Key
    form: str
    shape: str


class Mark(NamedTuple):
    """Noise in a text, and what of it counts."""

    raw: str
    mask: str


Part = str | Token | Mark


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line was printed: which node, and which namespace's interfaces it shows.

    `facts` are the kinds of noise that are facts here, `choice` finds what may come one way or
    another: an expression whose groups are one choice. `columns` are where the columns of numbers
    end that a table's head names. `bare` is the scope of an interface's index that stands alone.
    """

    node: str
    netns: str
    facts: frozenset[str] = frozenset()
    choice: re.Pattern[str] | None = None
    columns: tuple[tuple[int, str], ...] = ()
    bare: str = ""


@dataclass(slots=True)
class Names:
    """What one side names.

    `ids`: whole ids by their first 12 digits; `addresses`: IPv4 addresses, written as a MAC's last
    bytes; `tails`: MACs by their last three bytes; `pods`: namespace, name before the five letters
    and these, by the cali interface; `ports`: those that a translation chose; `numbered`: the
    names made by Kubernetes that end in digits only; `lines`: all that it printed.
    """

    ids: dict[str, set[str]] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    tails: dict[str, set[str]] = field(default_factory=dict)
    pods: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    ports: set[str] = field(default_factory=set)
    numbered: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    cut: dict[tuple[str, "Place"], tuple["Part", ...]] = field(default_factory=dict)
    """Lines that were cut already: what machines print repeats itself."""
    told: dict[tuple[str, ...], bool] = field(default_factory=dict)


_ID = identities.ID.patterns[0][1]
_SHORT = tuple(pattern for _, pattern in identities.MAC.patterns[:3])
"""MAC addresses whose bytes have no leading zeros."""
_MAC = identities.MAC.patterns[3][1]
_IDENTITIES = [(hint, pattern, kind) for kind in identities.ALL for hint, pattern in kind.patterns]
_NOISE = [(hint, pattern, kind) for kind in noise.ALL for hint, pattern in kind.patterns]
# No kind is written without one of these.
_ANY = re.compile(
    r"\d|REACHABLE|DELAY|PROBE|STALE|bout an? | than a |veth|[0-9a-f]{12}|-[b-z]{5}|PID"
)
_NETNS = re.compile(r"netns/(?P<v>[0-9a-f]{12})(?![0-9a-f])")
# Numbers stand at the right of their columns (ps, lsns).
_HEAD = re.compile(r"(?<!\S)(?:PID|PPID|NPROCS)(?!\S)")
_LAST = re.compile(r"(?<!\S)\d+$")
_PEER_NETNS = re.compile(r"link-netns(id)? (\S+)")


def learned(texts: Iterable[str], pcaps: Iterable[bytes] = ()) -> Names:
    """What all the texts and the captures of one side name."""
    names = Names(ports=set(translation.chosen(pcaps)))
    texts = list(texts)
    names.addresses |= macs.tails(texts)
    shown: set[str] = set()
    pods: set[tuple[str, str]] = set()
    for text in texts:
        names.lines += text.split("\n")
        named = _named(text)
        for whole in named.ids:
            names.ids.setdefault(whole[:12], set()).add(whole)
        for short in named.short:
            names.ids.setdefault(short, set())
        shown |= named.macs
        pods |= named.pods
        names.ports |= named.ports
        names.numbered |= named.numbered
    for mac in shown:
        if macs.form(mac, names.addresses).chance:
            names.tails.setdefault(mac[9:], set()).add(mac)
    for front, letters in pods:
        for namespace in cluster_identities.NAMESPACES:
            names.pods[cluster_identities.cali(namespace, front + letters)] = (
                namespace,
                front,
                letters,
            )
    return names


class _Named(NamedTuple):
    """What one text names."""

    ids: frozenset[str]
    short: frozenset[str]
    macs: frozenset[str]
    pods: frozenset[tuple[str, str]]
    ports: frozenset[str]
    numbered: frozenset[str]


@lru_cache(maxsize=2048)
def _named(text: str) -> _Named:
    return _Named(
        frozenset(_ID.findall(text)),
        frozenset(_NETNS.findall(text)),
        frozenset(_MAC.findall(text)),
        frozenset(
            (front, letters)
            for front, letters in cluster_identities.POD.findall(text)
            if cluster_identities.GENERATED.form(letters)
        ),
        frozenset(
            found[2]
            for found in identities.MASQUERADED.finditer(text)
            if int(found[2]) >= ports.MASQUERADED_FROM
        ),
        frozenset(
            name
            for front in set(cluster_identities.NUMBERED.findall(text))
            for name in re.findall(
                rf"(?<![0-9a-z.-]){re.escape(front)}\d{{5}}(?![0-9A-Za-z])", text
            )
        ),
    )


def below(line: str, place: Place) -> Place:
    """The place of the lines that follow: `line` may be a table's head, or end a table."""
    if not line or "PID" in line:
        ends = tuple((found.end(), found[0]) for found in _HEAD.finditer(line))
        if ends != place.columns:
            return replace(place, columns=ends)
    return place


def cut(line: str, place: Place, names: Names) -> tuple[Part, ...]:
    """The parts of `line`, in order; together they are the line.

    All that a side names must have been learned before.
    """
    known = names.cut.get((line, place))
    if known is None:
        known = names.cut[line, place] = _cut(line, place, names)
    return known


def _cut(line: str, place: Place, names: Names) -> tuple[Part, ...]:
    if place.choice is None and not _ANY.search(line):
        return (line,) if line else ()
    spans = sorted(_tokens(line, place, names), key=lambda span: (span[0], -span[1]))
    spans += _marks(line, place)
    if place.choice is not None:
        # What is chosen is chosen as a whole: nothing in it is a name of its own.
        chosen = list(_chosen(line, place.choice, names))
        spans = chosen + [
            span for span in spans if not any(a < span[1] and span[0] < b for a, b, _ in chosen)
        ]
    if not spans:
        return (line,) if line else ()
    # A mark without width comes before what begins there.
    spans.sort(key=lambda span: (span[0], span[0] < span[1]))
    parts: list[Part] = []
    at = 0
    for start, end, part in spans:
        if start < at:
            continue
        if start > at:
            parts.append(line[at:start])
        parts.append(part)
        at = end
    if at < len(line):
        parts.append(line[at:])
    return tuple(parts)


def _tokens(line: str, place: Place, names: Names) -> Iterator[tuple[int, int, Part]]:
    for hint, pattern, kind in _IDENTITIES:
        if hint in line:
            for found in pattern.finditer(line):
                scope = scope_of(kind, place, line)
                token = token_of(kind, found["v"], scope, names, short=pattern in _SHORT)
                if token is not None:
                    yield found.start("v"), found.end("v"), token
    if line and (place.columns or _HEAD.search(line)):
        # None at all where no number is wider than its head.
        start = len(line) - len(line.lstrip(" "))
        yield 0, start, Mark(line[:start], "width")
    if place.bare and line.isdigit():
        token = token_of(identities.INDEX, line, place.bare, names)
        if token is not None:
            yield 0, len(line), token
    for end, name in place.columns:
        number = _LAST.search(line[:end])
        if number is not None and line[end : end + 1] in {"", " "}:
            if name == "NPROCS":
                yield number.start(), end, Mark(number[0], noise.COUNT.name)
            else:
                token = token_of(identities.PID, number[0], place.node, names)
                if token is not None:
                    yield number.start(), end, token
    for name in names.numbered:
        for found in re.finditer(rf"(?<![0-9a-z.-]){name}(?![0-9A-Za-z])", line):
            token = token_of(cluster_identities.GENERATED, name[-5:], "", names)
            if token is not None:
                yield found.end() - 5, found.end(), token
    if "cali" in line:
        for found in cluster_identities.CALI.finditer(line):
            pod = names.pods.get(found[0])
            if pod is not None:
                key = (cluster_identities.GENERATED.name, "", pod[2])
                yield found.start(), found.end(), Token(found[0], key, pod[1], f"cali {pod[0]}")


def _marks(line: str, place: Place) -> Iterator[tuple[int, int, Part]]:
    for hint, pattern, kind in _NOISE:
        if hint in line and kind.name not in place.facts:
            for found in pattern.finditer(line):
                for group in range(1, pattern.groups + 1):
                    if found[group] is not None:
                        mark = Mark(found[group], f"{kind.name} {kind.mask(found[group])}")
                        yield found.start(group), found.end(group), mark


def _chosen(line: str, choice: re.Pattern[str], names: Names) -> Iterator[tuple[int, int, Part]]:
    for found in choice.finditer(line):
        words = tuple(word for word in found.groups() if word)
        if words and _told(words, choice, names):
            for group in range(1, choice.groups + 1):
                if found[group]:
                    start, end = found.span(group)
                    if found[group].isdigit():
                        # Numbers stand at the right of their column.
                        start = len(line[:start].rstrip(" "))
                    yield start, end, Mark(line[start:end], "choice")


def _told(words: tuple[str, ...], choice: re.Pattern[str], names: Names) -> bool:
    """Whether what was chosen is there to be chosen: elsewhere, a line has all its words."""
    # A number says how often something was chosen.
    words = tuple(word for word in words if not word.isdigit())
    known = names.told.get(words)
    if known is None:
        whole = [re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)") for word in words]
        known = names.told[words] = any(
            all(word in line for word in words)
            and not choice.search(line)
            and all(pattern.search(line) for pattern in whole)
            for line in names.lines
        )
    return known


def scope_of(kind: Identity, place: Place, line: str) -> str:
    """Within what a value of `kind` is unique, for one found in `line`."""
    if kind.scope == "lab":
        return ""
    if kind.scope == "node":
        return place.node
    if kind.scope == "namespace":
        return f"{place.node}/{place.netns}"
    found = _PEER_NETNS.search(line)
    return peer_scope(place, found[2] if found else "", named=bool(found and not found[1]))


def peer_scope(place: Place, other: str, *, named: bool) -> str:
    """The scope of a link's other end: the namespace it is said to be in, by name or by number.

    A number says something only to who knows the namespace that counts. All that containers and
    namespaces of the pages' labs reach this way is the node's own namespace.
    """
    if other and named:
        return f"{place.node}/{other}"
    if place.netns:
        return f"{place.node}/"
    return f"{place.node}/{place.netns}" if not other else f"{place.node}/#{other}"


def token_of(
    kind: Identity, raw: str, scope: str, names: Names, *, short: bool = False
) -> Token | None:
    """The identity that `raw` is; None for a fact. `short`: a MAC without leading zeros."""
    if kind is identities.MAC:
        return _mac_token(raw, names, short=short)
    form = kind.form(raw)
    if kind is identities.PORT and raw in names.ports:
        form = identities.CHOSEN
    if not form:
        return None
    if kind is identities.ID:
        wholes = {raw} if len(raw) > 13 else names.ids.get(raw[:12])
        if wholes is None or len(wholes) > 1:
            return None
        value = next(iter(wholes), raw)
        if not value.startswith(raw):
            return None
        return Token(raw, (kind.name, scope, value), form, "whole" if len(raw) > 13 else "first")
    if kind is cluster_identities.UID and "_" in raw:
        return Token(raw, (kind.name, scope, raw.replace("_", "-")), form, "low")
    # An interface's index and its peer's view of it are one number.
    name = identities.INDEX.name if kind is identities.PEER else kind.name
    return Token(raw, (name, scope, raw), form, "")


def _mac_token(raw: str, names: Names, *, short: bool) -> Token | None:
    if raw.startswith("fe80:"):
        mac, shape = macs.of_link_local(raw), "link-local"
    elif raw.startswith(("33:33:ff", "ff02:")):
        known: Collection[str] = names.tails.get(macs.tail_of_group(raw), ())
        if len(known) != 1:
            return None
        mac, shape = next(iter(known)), "33:33" if raw.startswith("33") else "solicited"
    elif short:
        mac, shape = macs.long(raw), "short"
    else:
        mac, shape = raw, ""
    form = macs.form(mac, names.addresses) if mac else macs.Form("")
    return Token(raw, ("mac", "", mac), form.words, shape) if form.chance else None


def write(token: Token, value: str) -> str:
    """`token` as it is written for another value of its kind."""
    match token.shape:
        case "link-local":
            return macs.link_local(value)
        case "33:33":
            return macs.multicast(value)
        case "solicited":
            return macs.solicited(value)
        case "short":
            return macs.short(value)
        case "whole":
            return value if len(value) > 13 else token.raw
        case "first":
            return value[: len(token.raw)]
        case "low":
            return value.replace("-", "_")
        case _ if token.shape.startswith("cali "):
            # The interface of a pod whose name is part of it: `form` is all before the letters.
            return cluster_identities.cali(token.shape[5:], token.form + value)
        case _:
            return value


def renamed(parts: tuple[Part, ...], mapping: Mapping[Key, str]) -> str:
    """The line with every identity that has an old name under that name."""
    return "".join(
        part
        if isinstance(part, str)
        else part.raw
        if isinstance(part, Mark) or part.key not in mapping
        else write(part, mapping[part.key])
        for part in parts
    )
