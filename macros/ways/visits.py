"""A way through rules as one reads it: the chains in the order visited, their rules judged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from macros.ways.ruleset import Action, Chain, Rule, Rules
from macros.ways.walk import Step, Way

Verdict = Literal["fits", "chance", "misses", "unreached"]
"""Of a rule: the packet fitted it; chance passed it by; it asks for another packet; not asked."""

_ENDS = ("accept", "drop", "dnat", "snat", "masquerade", "end")
_LEAVES = ("goto", "return", *_ENDS)
_COMMENT = re.compile(r'(?:-m comment --)?comment ("(?:[^"\\]|\\.)*"|\S+) ?')
# What iptables prints of its extensions is not a condition: `-m tcp --dport 80`.
_EXTENSION = re.compile(
    r"-m (?:tcp|udp|sctp|mark|statistic|addrtype|conntrack|set) |--mode random "
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule of a visited chain.

    `number` counts the rules that the packet fitted, over its whole way; None for others. `share`
    is chance's part where it has one: of those who come to this rule, and of all.
    """

    rule: Rule
    verdict: Verdict
    number: int | None = None
    step: Step | None = None
    share: tuple[Fraction, Fraction] | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A chain that the packet came to. `caller` is the rule that sent it here, None of a hook."""

    chain: Chain
    depth: int
    caller: Judged | None
    rules: tuple[Judged, ...]


def visits(rules: Rules, way: Way, bases: Sequence[Chain], first: int) -> tuple[Visit, ...]:
    """The chains of a way in order; `first` is the number of the first rule that it fitted."""
    numbers = {id(step): number for number, step in enumerate(way.steps, first)}
    callers: dict[str, tuple[int, Step | None]] = {base.name: (0, None) for base in bases}
    for step in way.steps:
        if step.branch.to and step.branch.to not in callers:
            callers[step.branch.to] = (callers[step.chain][0] + 1, step)
    open_at_end = _open(way, callers)
    visited: dict[str, Visit] = {}
    for name, (depth, calling) in callers.items():
        caller = None
        if calling is not None:
            above = visited[calling.chain].rules
            caller = next((judged for judged in above if judged.step is calling), None)
        steps = [step for step in way.steps if step.chain == name]
        judged = tuple(_judged(rules.chain(name), steps, numbers, ends=name in open_at_end))
        visited[name] = Visit(rules.chain(name), depth, caller, judged)
    return tuple(visited.values())


def short(rule: Rule) -> str:
    """A rule's text without its chain, its comment, and names of extensions."""
    text = rule.text.removeprefix(f"-A {rule.chain} ")
    return _EXTENSION.sub("", _COMMENT.sub("", text)).strip()


def ended(way: Way) -> Action | None:
    """What ended the way; None where the packet came to the end of the last chain."""
    if not way.steps:
        return None
    last = way.steps[-1].branch.actions[-1]
    return last if last.kind in _ENDS else None


def _open(way: Way, callers: dict[str, tuple[int, Step | None]]) -> frozenset[str]:
    """The chains that the packet was in, deeper and deeper, when the way ended."""
    if ended(way) is None:
        return frozenset()
    names = set()
    name: str | None = way.steps[-1].chain
    while name is not None:
        names.add(name)
        calling = callers[name][1]
        name = calling.chain if calling else None
    return frozenset(names)


def _judged(
    chain: Chain, steps: Sequence[Step], numbers: dict[int, int], *, ends: bool
) -> Iterator[Judged]:
    """The rules of a chain; `ends`: no rule was asked after the last that fitted."""
    by_rule = {step.rule.number: step for step in steps}
    last = max(by_rule, default=0)
    left_by = by_rule[last].branch.actions[-1].kind if last else ""
    stop = last if ends or left_by in _LEAVES else len(chain.rules)
    remaining = Fraction(1)
    by_chance = any(branch.share < 1 for rule in chain.rules for branch in rule.branches)
    for rule in chain.rules:
        own = rule.branches[0].share if len(rule.branches) == 1 else Fraction(1)
        share = None
        if by_chance and (
            own < 1 or (remaining < 1 and rule.branches and not rule.branches[0].tests)
        ):
            share = (own, own * remaining)
            remaining -= own * remaining
        step = by_rule.get(rule.number)
        verdict: Verdict = "misses"
        if step is not None:
            verdict = "fits"
        elif rule.number > stop:
            verdict = "unreached"
        elif share is not None:
            verdict = "chance"
        yield Judged(rule, verdict, numbers[id(step)] if step else None, step, share)
