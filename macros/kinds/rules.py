"""iptables rules: `iptables-save` and `iptables -S`, with `-c`, `-t` and `-v`.

The order of everything is kept, and so is each rule's text. Sources: iptables(8),
iptables-extensions(8), iptables/iptables-save.c and xtables_save_string() of libxtables/xtables.c.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from macros.ground.commandline import Call
from macros.kinds import service_rules
from macros.kinds.fields import letters, unreadable
from macros.kinds.kind import Entry, Facts, Kind, Step, Steps, always

# The options of iptables itself, by the short names that it prints.
_BUILT_IN = {
    "-s": "source",
    "-d": "destination",
    "-i": "in-interface",
    "-o": "out-interface",
    "-p": "protocol",
    "-f": "fragment",
    "-4": "ipv4",
    "-6": "ipv6",
}
# Inside quotes a backslash takes the next character as it is, the single quote too; shlex, which
# follows the shell, would keep the backslash before that one.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
# print_match_save(), print_rule4() of iptables/iptables.c: the kernel has another revision.
_UNREAD = re.compile(r" (\[unsupported[^\]\"]*\])(?= |$)")
_POLICY = re.compile(r":(\S+) (\S+)(?: \[(\d+):(\d+)\])?$")
_COUNTED = re.compile(r"\[(\d+):(\d+)\] (.*)")
# `iptables -S -v` writes the counters before the target.
_COUNTED_INSIDE = re.compile(r"^((?:[^\"]|\"(?:[^\"\\]|\\.)*\")*?) -c (\d+) (\d+)(?= |$)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option with its values: `--dport 8080` is Option("dport", ("8080",))."""

    name: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @property
    def text(self) -> str:
        """Its values as iptables writes them, `! ` before them where negated."""
        return ("! " if self.negated else "") + " ".join(self.values)


@dataclass(frozen=True, slots=True)
class Match:
    """A match extension (`-m conntrack`) with its options; "" is iptables itself (`-s`, `-i`)."""

    name: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `number` counts from 1 in its chain, as `iptables -D CHAIN NUMBER` does.

    `matches` and their options are in the order written. `target` is what `-j` (or, with `goto`,
    `-g`) names, None for a rule that only counts; `options` are the target's. `text` is the rule
    as printed, without its counters. `unread` is what iptables prints in place of what it does not
    read itself: "[unsupported revision]". `strays` are words that belong to no option: what the
    rule says is then not known. A path that is no field is looked for in `given`.
    """

    INSIDE: ClassVar = ("given",)

    table: str
    chain: str
    number: int
    text: str
    matches: tuple[Match, ...] = ()
    target: str | None = None
    goto: bool = False
    options: tuple[Option, ...] = ()
    packets: int | None = None
    bytes: int | None = None
    unread: str = ""
    strays: str = ""

    @property
    def given(self) -> Mapping[str, str]:
        """All options by their long names (`dport`, `to-destination`), with their values as text.

        Where one is given twice the first stands.
        """
        texts: dict[str, str] = {}
        for option in [
            *(matched for match in self.matches for matched in match.options),
            *self.options,
        ]:
            texts.setdefault(option.name, option.text)
        return texts

    @property
    def source(self) -> str | None:
        """The source network of `-s`, `! ` before it where negated."""
        return self.given.get("source")

    @property
    def destination(self) -> str | None:
        """The destination network of `-d`, `! ` before it where negated."""
        return self.given.get("destination")

    @property
    def in_interface(self) -> str | None:
        """The interface of `-i`, `! ` before it where negated."""
        return self.given.get("in-interface")

    @property
    def out_interface(self) -> str | None:
        """The interface of `-o`, `! ` before it where negated."""
        return self.given.get("out-interface")

    @property
    def protocol(self) -> str | None:
        """The protocol of `-p`, `! ` before it where negated."""
        return self.given.get("protocol")

    @property
    def comments(self) -> tuple[str, ...]:
        """All comments: Calico gives some rules two."""
        return tuple(
            option.text
            for match in self.matches
            for option in match.options
            if option.name == "comment"
        )

    @property
    def comment(self) -> str | None:
        """The first comment."""
        return next(iter(self.comments), None)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain and its rules. `policy` is that of a built-in chain, None for one of a user."""

    INSIDE: ClassVar = ("rules",)

    table: str
    name: str
    policy: str | None = None
    packets: int | None = None
    bytes: int | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its chains, in the order printed."""

    INSIDE: ClassVar = ("chains",)

    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)


@dataclass(slots=True)
class _Open:
    """A chain while its rules are read."""

    policy: str | None = None
    packets: int | None = None
    bytes: int | None = None
    rules: list[Rule] = field(default_factory=list)


def read(text: str, _twin: Any = None, call: Call | None = None) -> dict[str, Table]:
    """The tables in an output of `iptables-save` or `iptables -S`. There is no JSON."""
    return parse(text, _table(call.args) if call else _FILTER)


def parse(text: str, table: str) -> dict[str, Table]:
    """The tables by name, in the order printed.

    `iptables -S` does not print its table: `table` says which it was.
    """
    tables: dict[str, dict[str, _Open]] = {}
    for number, printed in enumerate(text.splitlines(), 1):
        line = printed.strip()
        if not line or line.startswith("#") or line == "COMMIT":
            continue
        if line.startswith("*"):
            table = line[1:]
            tables.setdefault(table, {})
        elif not _line(tables.setdefault(table, {}), table, line):
            raise unreadable("rules", printed, number)
    return {name: _closed(name, chains) for name, chains in tables.items()}


def _line(chains: dict[str, _Open], table: str, line: str) -> bool:
    """Read a chain's or a rule's line; False if it is neither."""
    policy = _POLICY.match(line)
    if policy is not None:
        name, verdict, packets, size = policy.groups()
        chains[name] = _Open(None if verdict == "-" else verdict, _number(packets), _number(size))
        return True
    line, packets, size = _counters(line)
    unread = " ".join(dict.fromkeys(_UNREAD.findall(line)))
    match _tokens(_UNREAD.sub("", line) if unread else line):
        case [("-P", _), (name, _), (verdict, _)]:
            chains[name] = _Open(verdict, _number(packets), _number(size))
        case [("-N", _), (name, _)]:
            chains.setdefault(name, _Open())
        case [("-A", _), (name, _), *tokens]:
            rules = chains.setdefault(name, _Open()).rules
            matches, target, goto, options, strays = _parts(tokens)
            rules.append(
                Rule(
                    table,
                    name,
                    len(rules) + 1,
                    line,
                    matches,
                    target,
                    goto,
                    options,
                    _number(packets),
                    _number(size),
                    unread,
                    strays,
                )
            )
        case _:
            return False
    return True


def _closed(table: str, chains: dict[str, _Open]) -> Table:
    return Table(
        table,
        {
            name: Chain(table, name, chain.policy, chain.packets, chain.bytes, tuple(chain.rules))
            for name, chain in chains.items()
        },
    )


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _counters(line: str) -> tuple[str, str | None, str | None]:
    """The line without its counters, and these."""
    counted = _COUNTED.match(line)
    if counted is not None:
        return counted[3], counted[1], counted[2]
    inside = _COUNTED_INSIDE.match(line) if " -c " in line else None
    if inside is not None:
        return inside[1] + line[inside.end() :], inside[2], inside[3]
    return line, None, None


def _tokens(line: str) -> list[tuple[str, bool]]:
    """The words of a line, and of each whether it was quoted."""
    return [
        (bare, False) if bare else (re.sub(r"\\(.)", r"\1", quoted), True)
        for quoted, bare in _TOKEN.findall(line)
    ]


def _parts(
    tokens: list[tuple[str, bool]],
) -> tuple[tuple[Match, ...], str | None, bool, tuple[Option, ...], str]:
    """The matches, the target, whether it is a goto, the target's options, words of none."""
    groups: list[tuple[str, list[Option]]] = [("", [])]
    target: tuple[str, bool, list[Option]] | None = None
    negated = False
    strays: list[str] = []
    rest = iter(tokens)
    for word, quoted in rest:
        options = groups[-1][1] if target is None else target[2]
        if quoted or not word.startswith(("-", "!")):
            # A value; iptables never prints one before the first option.
            if not options:
                strays.append(word)
                continue
            last = options[-1]
            options[-1] = Option(last.name, (*last.values, word), last.negated)
        elif word == "!":
            negated = True
        elif word == "-m":
            groups.append((next(rest, ("", False))[0], []))
        elif word in ("-j", "-g"):
            target = (next(rest, ("", False))[0], word == "-g", [])
        elif word in _BUILT_IN:
            # iptables prints these before all matches; wherever they stand, they are its own.
            if groups[-1][0]:
                groups.append(("", []))
            groups[-1][1].append(Option(_BUILT_IN[word], (), negated))
            negated = False
        else:
            options.append(Option(word.lstrip("-"), (), negated))
            negated = False
    matches = tuple(Match(name, tuple(options)) for name, options in groups if name or options)
    if target is None:
        return matches, None, False, (), " ".join(strays)
    return matches, target[0], target[1], tuple(target[2]), " ".join(strays)


_TOOL = re.compile(r"ip6?tables(-nft|-legacy)?(-save)?")
_FILTER = "filter"


def _asked(call: Call) -> bool:
    if not _TOOL.fullmatch(call.tool):
        return False
    listed = call.tool.endswith("-save") or "S" in letters(call.args)
    return listed or "--list-rules" in call.args


def _table(args: tuple[str, ...]) -> str:
    """The table that an iptables command names; filter is the default."""
    for number, arg in enumerate(args):
        if arg in ("-t", "--table"):
            return args[number + 1] if number + 1 < len(args) else _FILTER
        if arg.startswith("--table="):
            return arg.partition("=")[2]
    return _FILTER


def entries(tables: Mapping[str, Table]) -> Iterator[Entry]:
    """Order matters within a chain, and means nothing between chains and tables."""
    for table in tables.values():
        own = ("table", table.name)
        text = "\n".join(map(_whole, table.chains.values()))
        yield Entry(own, table.name, "table", line=text)
        for chain in table.chains.values():
            name = chain.name if table.name == _FILTER else f"{chain.name} ({table.name})"
            count = len(chain.rules)
            yield Entry(
                key=("chain", table.name, chain.name),
                name=name,
                noun="chain",
                held=f", with {count} rule{'s' * (count != 1)}" if count else ", without rules",
                line=_whole(chain),
                owner=own,
                facts=Facts({"policy": chain.policy or ""}),
                counts={"packets": chain.packets, "bytes": chain.bytes},
                counted=f"the policy of {name}",
                steps=Steps("rule", tuple(map(_step, chain.rules)), service_rules.free),
            )


def _step(rule: Rule) -> Step:
    words = rule.text.removeprefix(f"-A {rule.chain} ")
    return Step(rule.text, words, {"packets": rule.packets, "bytes": rule.bytes})


def _whole(chain: Chain) -> str:
    head = f"-P {chain.name} {chain.policy}" if chain.policy else f"-N {chain.name}"
    return "\n".join((head, *(rule.text for rule in chain.rules)))


_OF_CHAIN = re.compile(r"(?::|-[APN] )(\S+) ?")


def _labels(lines: Sequence[str]) -> list[str | None]:
    """By chain and table; a line that says no chain is always read."""
    labels: list[str | None] = []
    table = _FILTER
    for line in lines:
        table = line[1:] if line.startswith("*") else table
        chain = _OF_CHAIN.match(line)
        labels.append(f"{table} {chain[1]}" if chain else None)
    return labels


KIND = Kind(
    name="rules",
    what="rules of iptables",
    asked=_asked,
    read=read,
    entries=entries,
    labels=_labels,
    free=service_rules.free,
    # Which iptables wrote it stands in comments.
    remark=lambda line: line.startswith("#"),
    wraps=always,
)
