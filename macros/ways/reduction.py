"""Rules without those that have no say in where a packet is sent.

`-s 10.42.0.3 -j KUBE-MARK-MASQ` asks who comes, but its answer decides over a mark alone. Where no
rule on the way looks at marks the question need not be asked, and a way for each answer need not be
told apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from macros.ways.ruleset import Branch, Chain, Hook, Rule, Rules


def deciding(tables: Sequence[Rules], hook: Hook) -> list[tuple[Rules, Chain]]:
    """The base chains of a hook as the kernel asks them, in tables without rules that are idle."""
    by_mark = any(_asks_marks(table, hook) for table in tables)
    bases = []
    for table in tables:
        idle = _idle_chains(table, by_mark=by_mark)
        chains = {
            name: replace(
                chain,
                rules=tuple(
                    rule for rule in chain.rules if not _is_idle(rule, idle, by_mark=by_mark)
                ),
            )
            for name, chain in table.chains.items()
        }
        reduced = replace(table, chains=chains)
        bases += [(reduced, base) for base in reduced.bases(hook)]
    return sorted(bases, key=lambda base: base[1].priority)


def _asks_marks(table: Rules, hook: Hook) -> bool:
    """Whether a rule that a packet of this hook can come to looks at its mark."""
    waiting = [base.name for base in table.bases(hook)]
    seen: set[str] = set()
    while waiting:
        chain = table.chains.get(waiting.pop())
        if chain is None or chain.name in seen:
            continue
        seen.add(chain.name)
        for branch in _branches(chain.rules):
            if any(field.what == "mark" for test in branch.tests for field in test.fields):
                return True
            waiting.append(branch.to)
    return False


def _idle_chains(table: Rules, *, by_mark: bool) -> frozenset[str]:
    """The chains that a packet always comes back from, and no other than it was."""
    idle = frozenset(table.chains)
    while True:
        # A chain stays idle as long as it leads to idle ones alone; what goes in a circle is not.
        kept = frozenset(
            name
            for name in idle
            if all(
                _does_nothing(branch, idle - {name}, by_mark=by_mark, comes_back=True)
                for branch in _branches(table.chains[name].rules)
            )
        )
        if kept == idle:
            return idle - _in_circles(table, idle)
        idle = kept


def _in_circles(table: Rules, idle: frozenset[str]) -> frozenset[str]:
    """Those of some chains from which a packet can come to the same chain again."""
    leads = {
        name: {branch.to for branch in _branches(table.chains[name].rules) if branch.to}
        for name in idle
    }
    while ended := {name for name, to in leads.items() if not to & leads.keys()}:
        leads = {name: to for name, to in leads.items() if name not in ended}
    return frozenset(leads)


def _is_idle(rule: Rule, idle: frozenset[str], *, by_mark: bool) -> bool:
    return all(
        _does_nothing(branch, idle, by_mark=by_mark, comes_back=False) for branch in rule.branches
    )


def _does_nothing(branch: Branch, idle: frozenset[str], *, by_mark: bool, comes_back: bool) -> bool:
    """`comes_back`: to leave its own chain is nothing, for the next rules are nothing too."""
    for action in branch.actions:
        match action.kind:
            case "none":
                continue
            case "mark" | "remark" if not by_mark:
                continue
            case "jump" if action.to in idle:
                continue
            case "goto" if action.to in idle and comes_back:
                continue
            case "return" if comes_back:
                continue
        return False
    return True


def _branches(rules: Iterable[Rule]) -> Iterable[Branch]:
    return (branch for rule in rules for branch in rule.branches)
