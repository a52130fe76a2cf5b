"""iptables: order matters within a chain, and means nothing between chains and tables."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from macros.compare.change import Change, said
from macros.ground.alignment import align
from macros.kinds.rules import Chain, Rule, Table
from macros.settle import free_order

# Above so many pairs of rules removed and added, none is said to be another one changed.
_MOST = 10_000


def compare(old: Mapping[str, Table], new: Mapping[str, Table]) -> Iterator[Change]:
    """What differs between two sets of tables."""
    for name in dict.fromkeys((*old, *new)):
        if name not in new or name not in old:
            word = "gone" if name not in new else "new"
            table = old[name] if name not in new else new[name]
            text = "\n".join(map(_whole, table.chains.values()))
            sides = (text, "") if name not in new else ("", text)
            yield said("rules", name, f"table {name} {word}", *sides)
        else:
            yield from _table(old[name], new[name])


def _table(old: Table, new: Table) -> Iterator[Change]:
    for name in dict.fromkeys((*old.chains, *new.chains)):
        before, after = old.chains.get(name), new.chains.get(name)
        subject = name if old.name == "filter" else f"{name} ({old.name})"
        if before is not None and after is not None:
            yield from _chain(subject, before, after)
        elif before is not None:
            what = f"chain {subject} gone{_held(before)}"
            yield said("rules", subject, what, _whole(before))
        elif after is not None:
            what = f"chain {subject} new{_held(after)}"
            yield said("rules", subject, what, "", _whole(after))


def _held(chain: Chain) -> str:
    count = len(chain.rules)
    return f", with {count} rule{'s' * (count != 1)}" if count else ", without rules"


def _whole(chain: Chain) -> str:
    head = f"-P {chain.name} {chain.policy}" if chain.policy else f"-N {chain.name}"
    return "\n".join((head, *(rule.text for rule in chain.rules)))


def _chain(subject: str, old: Chain, new: Chain) -> Iterator[Change]:
    if old.policy != new.policy:
        was, becomes = old.policy or "none", new.policy or "none"
        yield said("rules", subject, f"policy of {subject} {was} -> {becomes}", was, becomes)
    yield from _counter(f"the policy of {subject}", old, new)
    new = replace(new, rules=_in_old_order(old.rules, new.rules))
    pairs = align([rule.text for rule in old.rules], [rule.text for rule in new.rules])
    kept, stayed = {one for one, _ in pairs}, {other for _, other in pairs}
    gone = [rule for at, rule in enumerate(old.rules) if at not in kept]
    come = [rule for at, rule in enumerate(new.rules) if at not in stayed]
    places: dict[str, list[Rule]] = {}
    for rule in reversed(come):
        places.setdefault(rule.text, []).append(rule)
    left: list[Rule] = []
    moved: set[int] = set()
    for rule in gone:
        if not places.get(rule.text):
            left.append(rule)
            continue
        now = places[rule.text].pop()
        moved.add(now.number)
        what = f"rule moved in {subject}, from place {rule.number} to {now.number}: {_said(rule)}"
        yield said("rules", subject, what, str(rule.number), str(now.number))
    gone, come = left, [rule for rule in come if rule.number not in moved]
    few = len(gone) * len(come) <= _MOST
    for rule in gone:
        match = _likeness(rule, come, _gap(rule, pairs, len(new.rules))) if few else None
        if match is None:
            yield said("rules", subject, f"rule removed from {subject}: {_said(rule)}", rule.text)
        else:
            come.remove(match)
            what = f"rule {match.number} of {subject} changed: {_said(rule)} -> {_said(match)}"
            yield said("rules", subject, what, rule.text, match.text)
    for rule in come:
        what = f"rule added to {subject} at place {rule.number}: {_said(rule)}"
        yield said("rules", subject, what, "", rule.text)
    for one, other in pairs:
        rule, stays = old.rules[one], new.rules[other]
        yield from _counter(f"rule {stays.number} of {subject}", rule, stays)


def _in_old_order(old: Sequence[Rule], new: Sequence[Rule]) -> tuple[Rule, ...]:
    """The new rules; those of different Services, which come in any order, as the old ones were."""
    texts = [rule.text for rule in new]
    places = {rule.text: at for at, rule in enumerate(old)}
    found = list(new)
    if free_order.SERVICES.find("", [rule.text for rule in old]):
        for start, end, _ in free_order.SERVICES.find("", texts):
            # One that is new comes behind what it came behind.
            keys, last = [], -1
            for at in range(start, end):
                last = places.get(texts[at], last)
                keys.append((last, at))
            found[start:end] = [new[at] for _, at in sorted(keys)]
    return tuple(replace(rule, number=at) for at, rule in enumerate(found, 1))


def _said(rule: Rule) -> str:
    return rule.text.removeprefix(f"-A {rule.chain} ")


def _gap(rule: Rule, pairs: list[tuple[int, int]], end: int) -> tuple[int, int]:
    """The places in the new chain, between rules that stayed, where this rule would be."""
    at = bisect_left(pairs, (rule.number - 1, 0))
    return (pairs[at - 1][1] + 1 if at else 0), (pairs[at][1] if at < len(pairs) else end)


def _likeness(rule: Rule, come: list[Rule], gap: tuple[int, int]) -> Rule | None:
    """The new rule in the same gap that has the most words of this one, and at least two thirds."""
    words = Counter(_said(rule).split())
    best, most = None, 0.0
    for other in come:
        if gap[0] <= other.number - 1 < gap[1]:
            theirs = Counter(_said(other).split())
            share = (words & theirs).total() / max(words.total(), theirs.total())
            if share > most:
                best, most = other, share
    return best if most >= 2 / 3 else None


def _counter(subject: str, old: Chain | Rule, new: Chain | Rule) -> Iterator[Change]:
    """Whether a counter is zero is a fact, how large it is is not."""
    for word, one, other in (
        ("packets", old.packets, new.packets),
        ("bytes", old.bytes, new.bytes),
    ):
        if (one is None) != (other is None) or bool(one) != bool(other):
            was, now = ("none" if each is None else str(each) for each in (one, other))
            yield said("rules", subject, f"{word} counted by {subject} {was} -> {now}", was, now)
            return
