"""From `iptables-save` (or `iptables -S`) to rules a packet can be led through.

Meanings: iptables-extensions(8). A probability is kept by the kernel as a whole number of 1/2^31
(net/netfilter/xt_statistic.c, XT_STATISTIC_MODE_RANDOM), so that 0.33333333349 is what is nearest
to a third. It is read as the simple fraction that it is the rounding of.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.kinds import rules as records
from macros.ways import ends
from macros.ways.iptables_matches import tests_of
from macros.ways.ruleset import Action, Branch, Chain, Field, Hook, Rule, Rules, Test

_HOOKS: dict[str, Hook] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
# Targets after which the next rule is asked, the packet's addresses and mark as they were: they
# return XT_CONTINUE in the kernel's net/netfilter/xt_*.c.
_GO_ON = frozenset(
    [
        "AUDIT",
        "CHECKSUM",
        "CLASSIFY",
        "CONNSECMARK",
        "CT",
        "DSCP",
        "ECN",
        "HL",
        "IDLETIMER",
        "LED",
        "LOG",
        "NFLOG",
        "NOTRACK",
        "RATEEST",
        "SECMARK",
        "SET",
        "TCPMSS",
        "TCPOPTSTRIP",
        "TEE",
        "TOS",
        "TRACE",
        "TTL",
        "ULOG",
    ]
)
_UNIT = 1 << 31
_SIMPLE = 4096  # as many endpoints as any Service here could have
_COUNTERS = re.compile(r"^\[\d+:\d+\] ")
# An address of IPv6 where a rule has one.
_OF_IPV6 = re.compile(r" (?:-s|-d|--to-(?:destination|source)|--to) \[?[0-9a-f]*:[0-9a-f:]*:")


def read(text: str, table: str = "nat") -> Rules:
    """The rules of one table. GuideError where the output has no such table.

    Where it has the table twice, as after `iptables-save; ip6tables-save`, the second is among the
    `others` of the first.
    """
    read_parts = (_rules(part, table, text) for part in _parts(text))
    tables = [rules for rules in read_parts if rules is not None]
    if not tables:
        there = ", ".join(dict.fromkeys(re.findall(r"^\*(\S+)", text, re.MULTILINE)))
        unread = re.search(rf"^# Table `{re.escape(table)}' is incompatible.*$", text, re.MULTILINE)
        if unread is not None:
            raise GuideError(
                f"iptables itself does not read table {table}: {unread[0]}",
                fix="record it by `nft list ruleset`",
            )
        raise GuideError(
            f"the recorded rules have no table {table}, only {there or 'those of another'}"
        )
    return replace(tables[0], others=tuple(tables[1:]))


def share(probability: str) -> Fraction:
    """The chance that `--probability` means, as a fraction: "0.33333333349" is 1/3."""
    kept = round(float(probability) * _UNIT)
    simple = Fraction(kept, _UNIT).limit_denominator(_SIMPLE)
    # kube-proxy writes ten digits of it (computeProbability() of pkg/proxy/iptables/proxier.go).
    roundings = {round(simple * _UNIT), round(float(f"{float(simple):.10f}") * _UNIT)}
    return simple if kept in roundings else Fraction(kept, _UNIT)


def _parts(text: str) -> Iterator[str]:
    """The output in parts that have each table once."""
    seen: set[str] = set()
    part: list[str] = []
    for line in text.splitlines():
        if line.startswith("*"):
            if line in seen:
                yield "\n".join(part)
                part, seen = [], set()
            seen.add(line)
        part.append(line)
    yield "\n".join(part)


def _rules(part: str, table: str, text: str) -> Rules | None:
    tables = records.parse(part, table)
    if table not in tables:
        return None
    chains = tables[table].chains
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        lines.setdefault(_COUNTERS.sub("", line.strip()), number)
    own = [rule.text for chain in chains.values() for rule in chain.rules]
    if any(_OF_IPV6.search(line) for line in own):
        family = "ip6"
    else:
        family = "ip" if any(re.search(r" (-s|-d) \d", line) for line in own) else ""
    return Rules(
        "iptables",
        table,
        {
            name: Chain(
                name,
                tuple(_rule(rule, chains.keys(), lines) for rule in chain.rules),
                _HOOKS.get(name) if chain.policy is not None else None,
            )
            for name, chain in chains.items()
        },
        family,
    )


def _rule(rule: records.Rule, chains: Collection[str], lines: dict[str, int]) -> Rule:
    line = lines.get(rule.text)
    origin = f"line {line}" if line else f"rule {rule.number} of {rule.chain}"
    try:
        branch = None if rule.strays else _branch(rule, chains, origin)
    except (ValueError, LookupError, ArithmeticError):
        branch = None
    if branch is None:
        # What it says is not what iptables prints: it is this rule that is not known, no other.
        own = [match for match in rule.matches if not match.name]
        unread = Test((Field("other", f"the rule of {origin}"),), (("yes",),))
        branch = Branch(
            (*tests_of(own, origin, ""), unread),
            (Action("end", f"a rule that does not read ({origin})"),),
        )
    return Rule(rule.chain, rule.number, rule.text, (branch,), rule.comment or "")


def _branch(rule: records.Rule, chains: Collection[str], origin: str) -> Branch:
    chance, in_turn = _chance(rule)
    action = _action(rule, chains)
    if rule.unread and action.kind == "end":
        action = Action("end", f"{action.to}, which iptables prints as {rule.unread} ({origin})")
    return Branch(
        tuple(tests_of(rule.matches, origin, rule.unread)), (action,), chance, in_turn=in_turn
    )


def _chance(rule: records.Rule) -> tuple[Fraction, bool]:
    """How often `-m statistic` lets a packet through, and whether it counts (`--mode nth`).

    Of every so many packets that come to the rule nth takes one: that is its share of them.
    """
    chance, in_turn = Fraction(1), False
    for match in rule.matches:
        if match.name != "statistic":
            continue
        for option in match.options:
            own = Fraction(1)
            if option.name == "probability":
                own = share(option.values[0])
            elif option.name == "every":
                own, in_turn = Fraction(1, int(option.values[0])), True
            else:
                continue
            chance *= 1 - own if option.negated else own
    if not 0 <= chance <= 1:
        raise ValueError(chance)
    return chance, in_turn


def _action(rule: records.Rule, chains: Collection[str]) -> Action:
    options = {option.name: " ".join(option.values) for option in rule.options}
    match rule.target:
        case None:
            return Action("none")
        case chain if chain in chains:
            return Action("goto" if rule.goto else "jump", chain)
        case "RETURN":
            return Action("return")
        case "ACCEPT":
            return Action("accept")
        case "DROP" | "REJECT":
            return Action("drop")
        case "MASQUERADE":
            return Action("masquerade")
        case "DNAT" | "SNAT":
            return _rewriting(rule.target, options)
        case "MARK":
            return _mark(options)
        case "CONNMARK":
            mask = options.get("nfmask") or options.get("mask") or "0xffffffff"
            restores = "restore-mark" in options
            return Action("remark", mask) if restores else Action("none")
        case target if target in _GO_ON:
            return Action("none")
    given = " ".join(f"--{name} {value}".strip() for name, value in options.items())
    return Action("end", f"{rule.target} {given}".strip())


def _rewriting(target: str, options: dict[str, str]) -> Action:
    name = "to-destination" if target == "DNAT" else "to-source"
    to = options.get(name)
    if to is None:
        return Action("end", target)
    refused = ends.refused(to)
    if refused:
        return Action("end", f"{target} --{name} {to}: {refused}")
    return Action("dnat" if target == "DNAT" else "snat", to)


def _mark(options: dict[str, str]) -> Action:
    """`--set-xmark value/mask` clears the mask's bits, then flips the value's (xt_mark.c)."""
    for name, words in options.items():
        value, _, mask = words.partition("/")
        number = int(value or "0", 0)
        bits = int(mask or "0xffffffff", 0)
        keep, flip = 0, 0
        match name:
            case "set-xmark":
                keep, flip = ~bits, number
            case "set-mark":
                keep, flip = ~(bits | number), number
            case "or-mark":
                keep, flip = ~number, number
            case "and-mark":
                keep = number
            case "xor-mark":
                keep, flip = 0xFFFFFFFF, number
            case _:
                continue
        return Action("mark", f"{keep & 0xFFFFFFFF:#x}/{flip:#x}")
    return Action("remark", "0xffffffff")
