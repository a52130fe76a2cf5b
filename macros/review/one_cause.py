"""What follows from one change is said once: a VLAN's id, a subnet, a name that is another now.

Such a change puts one word in the place of another wherever it stands. So a cause is a pair of
words, and what it explains is what differs by nothing else.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_interface

from macros.compare.change import Change
from macros.ground import block_count
from macros.ground.enumeration import counted
from macros.ground.model import Page
from macros.kinds.registry import KINDS
from macros.review.items import Item, item_of
from macros.review.line_diff import differing

_TOKEN = re.compile(r"[\w$]+(?:[.:@/-][\w$]+)*")
_OCTETS = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)(/\d+)?")
_LABELS = {"vid": "VLAN", "vlan": "VLAN", "VID": "VLAN", "id": "id", "mtu": "MTU"}
_GONE = re.compile(r"(?<![\w-])(?:gone|no longer says)(?![\w-])")
_NEW = re.compile(r"(?<![\w-])(?:new|says)(?![\w-])")
_RECORDS = frozenset(kind.name for kind in KINDS)
_PACKETS = "packets"
_NOUNS = {kind.name: kind.what for kind in KINDS} | {
    "addresses": "addresses",
    "block": "commands",
    "text": "lines",
    _PACKETS: "captures",
    "exit": "exit codes",
}
_WORD = re.compile(r"(?:\S+\.)?(?P<name>[\w-]+)(?: \([^)]*\))? of ")
Sides = tuple[list[Change], list[Change]]
"""Changes that say what went, and those that say what came."""
_MOST = 200  # gone and new records of a page that are looked at in pairs
_LEAST = 2  # items that one cause has to explain


@dataclass(frozen=True)
class Swap:
    """One word for another; `prefix`: the beginning of addresses, such as `10.2.`."""

    old: str
    new: str
    prefix: bool = False

    def applied(self, text: str) -> str:
        """The text with the new word in the place of the old one."""
        return self._pattern.sub(lambda _: self.new, text)

    def found_in(self, text: str) -> bool:
        """Whether the old word stands in it."""
        return self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # An address is the same one with the length of its network behind it.
        behind = ".:@" if _OCTETS.fullmatch(self.old) else ".:/@"
        end = "" if self.prefix else rf"(?![\w-]|[{behind}]\w)"
        return re.compile(rf"(?<![\w.:/@-]){re.escape(self.old)}{end}")


def by_cause(
    items: Sequence[Item],
    sentences: Callable[[Item], int] | None = None,
    pages: Mapping[str, Page] | None = None,
) -> list[Item]:
    """The items, those that one cause explains as one: its `parts` are what it explains.

    `sentences` says how many of the pages' are listed below an item: those with another value now.
    `pages` are the pages as planned, by whose calls blocks are counted.
    """
    placed: list[tuple[int, Item]] = []
    places = {id(item): index for index, item in enumerate(items)}
    for page in dict.fromkeys(item.page for item in items):
        left = [item for item in items if item.page == page]
        for swap, parts in _causes(left):
            first = min(places[id(part)] for part in parts)
            planned = (pages or {}).get(page)
            placed.append((first, _joined(page, swap, parts, sentences, planned)))
            left = [item for item in left if item not in parts]
        placed += [(places[id(item)], item) for item in left]
    return [item for _, item in sorted(placed, key=lambda pair: pair[0])]


def _causes(items: Sequence[Item]) -> Iterator[tuple[Swap, list[Item]]]:
    """Causes with what each explains, that which explains most first."""
    left = list(items)
    candidates = list(dict.fromkeys(_candidates(left))) if len(left) >= _LEAST else []
    while candidates:
        sides = _one_sided([change for item in left for change in item.changes])
        explained = {swap: _explained(left, sides, swap) for swap in candidates}
        best = max(candidates, key=lambda swap: len(explained[swap]))
        if len(explained[best]) < _LEAST:
            return
        yield best, explained[best]
        left = [item for item in left if item not in explained[best]]
        candidates.remove(best)


def _candidates(items: Sequence[Item]) -> Iterator[Swap]:
    changes = [change for item in items for change in item.changes]
    for change in changes:
        if change.old and change.new:
            yield from _swaps(change.old, change.new)
    gone, come = _one_sided(changes)
    for was in gone[:_MOST]:
        for now in come[:_MOST]:
            if was.kind == now.kind:
                yield from _swaps(_bare(was), _bare(now))


def _swaps(old: str, new: str) -> Iterator[Swap]:
    """The one word that differs between two texts, or the beginning of two addresses."""
    pairs = set()
    for was, now in _lines(old, new):
        tokens = _TOKEN.findall(was), _TOKEN.findall(now)
        if len(tokens[0]) != len(tokens[1]):
            return
        pairs |= {pair for pair in zip(*tokens, strict=True) if pair[0] != pair[1]}
    swaps = {_swap(*pair) for pair in pairs}
    if len(swaps) == 1:
        yield from swaps


def _lines(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Lines that stand for each other."""
    for gone, come in differing(old.splitlines(), new.splitlines()):
        yield "\n".join(gone), "\n".join(come)


def _swap(old: str, new: str) -> Swap:
    was, now = _OCTETS.fullmatch(old), _OCTETS.fullmatch(new)
    if was and now and was[5] == now[5]:
        last = max(index for index in range(1, 5) if was[index] != now[index])
        if last < 4:
            begin = ".".join(was.groups()[:last]) + ".", ".".join(now.groups()[:last]) + "."
            return Swap(*begin, prefix=True)
        return Swap(old.partition("/")[0], new.partition("/")[0])
    return Swap(old, new)


def _explained(items: Sequence[Item], sides: Sides, swap: Swap) -> list[Item]:
    """The items all of whose changes come of this one; `sides` are theirs."""
    gone, come = sides
    became = {(was.page, was.kind, swap.applied(_bare(was))) for was in gone if _has(was, swap)}
    born = {(now.page, now.kind, _bare(now)) for now in come}

    def holds(change: Change) -> bool:
        if change.old and change.new:
            return swap.applied(change.old) == change.new
        if change in gone:
            key = (change.page, change.kind, swap.applied(_bare(change)))
            return _has(change, swap) and key in born
        return (change.page, change.kind, _bare(change)) in became

    return [item for item in items if item.page and all(map(holds, item.changes))]


def _has(change: Change, swap: Swap) -> bool:
    return swap.found_in(_bare(change))


def _one_sided(changes: Iterable[Change]) -> Sides:
    """Changes that say what went, and those that say what came."""
    gone, come = [], []
    for change in changes:
        if change.kind not in ("page", "version") and not (change.old and change.new):
            words = change.what
            if _GONE.search(words):
                gone.append(change)
            elif _NEW.search(words):
                come.append(change)
    return gone, come


def _bare(change: Change) -> str:
    """What a one-sided change says and is about, but for whether it went or came."""
    what = (_GONE if _GONE.search(change.what) else _NEW).sub("", change.what, count=1)
    return f"{what}\n{change.old or change.new}"


def _joined(
    page: str,
    swap: Swap,
    parts: Sequence[Item],
    sentences: Callable[[Item], int] | None,
    planned: Page | None,
) -> Item:
    changes = [change for part in parts for change in part.changes]
    blocks = {change.block for change in changes if change.block}
    known = [block for block in planned.blocks if block.id in blocks] if planned else []
    told = [block_count.in_words(known, others=len(blocks) - len(known))]
    told += [
        counted(number, _NOUNS.get(kind, kind)) for kind, number in _counts(swap, changes).items()
    ]
    label = _label(swap, changes)
    # What was decided stays so while the author mends the sentences, which are counted too.
    joined = item_of(page, label, changes, parts)
    if sentences is not None and (number := sentences(joined)):
        told.append(counted(number, "sentences") + " with another value")
    return replace(joined, what=f"{label}: {', '.join(told)}")


def _counts(swap: Swap, changes: Sequence[Change]) -> Counter[str]:
    """How many records differ, by kind: what several changes are about is one."""
    known: dict[tuple[str, str], set[str]] = {}
    for change in sorted(changes, key=lambda change: change.kind == "block", reverse=True):
        whole = swap.applied(change.subject)
        subjects = whole.split(", ") if change.kind in _RECORDS else [whole]
        if change.kind == _PACKETS:
            # How many packets of a conversation are others is not what they are counted by.
            subjects = [change.block]
        # `ip addr` tells of links, too.
        own = change.kind != "addresses" or change.what.startswith("address")
        known.setdefault((change.kind if own else "links", change.block), set()).update(subjects)
    counts: Counter[str] = Counter()
    for (kind, _), names in known.items():
        # An answer of a run of ping is no other record than the run.
        counts[kind] += sum(
            not any(one.endswith(f" of {other}") for other in names) for one in names
        )
    return counts


def _label(swap: Swap, changes: Sequence[Change]) -> str:
    """What changed, by what it is called where it stands."""
    texts = [text for change in changes for text in (change.old, _bare(change))]
    if swap.prefix:
        addresses = (match for text in texts for match in _OCTETS.finditer(text))
        nets = [
            address[0] for address in addresses if address[0].startswith(swap.old) and address[5]
        ]
        if nets:
            networks = Counter(str(ip_interface(address).network) for address in nets)
            net, _ = networks.most_common(1)[0]
            return f"subnet {net} -> {swap.applied(net)}"
        return f"addresses {swap.old}… -> {swap.new}…"
    before = re.compile(rf'([A-Za-z][\w-]*)"?[ =:]+{re.escape(swap.old)}(?![\w.])')
    words = Counter(match[1] for text in texts for match in before.finditer(text))
    known = Counter({_LABELS[word]: number for word, number in words.items() if word in _LABELS})
    label = known.most_common(1)[0][0] if known else ""
    if _OCTETS.fullmatch(swap.old):
        label = label or "address"
    label = label or _word(changes)
    return f"{label} {swap.old} -> {swap.new}".strip()


def _word(changes: Sequence[Change]) -> str:
    """What all of these say is another now: "index" of "index of eth0 2 -> 10"; "" of several."""
    words = {_WORD.match(change.what) for change in changes if change.old and change.new}
    names = {word["name"] if word else "" for word in words}
    both = all(change.old and change.new for change in changes)
    return names.pop() if both and len(names) == 1 else ""
