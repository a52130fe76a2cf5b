"""From `iptables-save` (or `iptables -S`) to rules a packet can be led through.

Meanings: iptables-extensions(8). A probability is kept by the kernel as a whole number of 1/2^31
(net/netfilter/xt_statistic.c, XT_STATISTIC_MODE_RANDOM), so that 0.33333333349 is what is nearest
to a third. It is read as the simple fraction that it is the rounding of.
"""

from collections.abc import Iterable
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.kinds import rules as records
from macros.ways.ruleset import Action, Branch, Chain, Hook, Rule, Rules, Test, What

_HOOKS: dict[str, Hook] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
_PLAIN: dict[str, What] = {
    "source": "source",
    "destination": "destination",
    "protocol": "protocol",
    "sport": "source-port",
    "dport": "destination-port",
    "in-interface": "in",
    "out-interface": "out",
    "mark": "mark",
}
# Options that ask nothing of a packet.
_SILENT = frozenset({"comment", "mode", "probability"})
_UNIT = 1 << 31
_SIMPLE = 4096  # as many endpoints as any Service here could have


def read(text: str, table: str = "nat") -> Rules:
    """The rules of one table. GuideError where the output has no such table."""
    tables = records.parse(text, table)
    if table not in tables:
        raise GuideError(f"the recorded rules have no table {table}, only {', '.join(tables)}")
    chains = tables[table].chains
    return Rules(
        "iptables",
        table,
        {
            name: Chain(
                name,
                tuple(_rule(each) for each in chain.rules),
                _HOOKS.get(name) if chain.policy is not None else None,
            )
            for name, chain in chains.items()
        },
    )


def share(probability: str) -> Fraction:
    """The chance that `--probability` means, as a fraction: "0.33333333349" is 1/3."""
    kept = round(float(probability) * _UNIT)
    simple = Fraction(kept, _UNIT).limit_denominator(_SIMPLE)
    return simple if round(simple * _UNIT) == kept else Fraction(kept, _UNIT)


def _rule(rule: records.Rule) -> Rule:
    given = rule.given
    chance = share(given["probability"]) if "probability" in given else Fraction(1)
    branch = Branch(tuple(_tests(rule.matches)), (_action(rule),), chance)
    return Rule(rule.chain, rule.number, rule.text, (branch,), rule.comment or "")


def _tests(matches: Iterable[records.Match]) -> Iterable[Test]:
    for match in matches:
        if match.name == "recent":
            # It asks with --rcheck and --update; --set always fits, and only takes note.
            for option in match.options:
                if option.name in ("rcheck", "update"):
                    yield Test(("seen",), (("",),), option.negated)
            continue
        for option in match.options:
            what = _PLAIN.get(option.name)
            if what is not None:
                values = tuple((v,) for value in option.values for v in value.split(","))
                yield Test((what,), values, option.negated)
            elif option.name not in _SILENT:
                asked = f"{option.name} {' '.join(option.values)}"
                yield Test(("other",), ((asked,),), option.negated)


def _action(rule: records.Rule) -> Action:
    options = {option.name: " ".join(option.values) for option in rule.options}
    match rule.target:
        case None:
            return Action("none")
        case "RETURN":
            return Action("return")
        case "ACCEPT":
            return Action("accept")
        case "DROP" | "REJECT":
            return Action("drop")
        case "MASQUERADE":
            return Action("masquerade")
        case "DNAT":
            return Action("dnat", options["to-destination"])
        case "MARK":
            return Action("mark", _mark(options))
        case "LOG" | "NFLOG" | "TRACE" | "CT" | "NOTRACK":
            return Action("none")
        case chain:
            return Action("goto" if rule.goto else "jump", chain)


def _mark(options: dict[str, str]) -> str:
    """`--set-xmark value/mask` clears the mask's bits, then flips the value's (xt_mark.c)."""
    for name, words in options.items():
        value, _, mask = words.partition("/")
        number = int(value, 0)
        bits = int(mask or "0xffffffff", 0)
        match name:
            case "set-xmark":
                return f"{~bits & 0xFFFFFFFF:#x}/{number:#x}"
            case "set-mark":
                return f"{~(bits | number) & 0xFFFFFFFF:#x}/{number:#x}"
            case "or-mark":
                return f"{~number & 0xFFFFFFFF:#x}/{number:#x}"
            case "and-mark":
                return f"{number:#x}/0x0"
            case "xor-mark":
                return f"0xffffffff/{number:#x}"
    raise GuideError(f"a MARK rule with unknown options: {options}")
