"""Every way that a packet can take through a table's rules, each with its share.

Where a rule asks what the packet does not tell (`-m addrtype`, an interface not known yet), and
where chance decides, the way forks. What was recorded of the packet says which fork it took.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.ways.ruleset import Action, Branch, Chain, Hook, Packet, Rule, Rules, Test, What

_DEEPEST = 16  # jumps inside jumps; the kernel's own limit is NF_JUMP_STACK_SIZE, 16 too


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that the packet fitted, and by which branch. `share` is chance's part in that."""

    chain: str
    rule: Rule
    branch: Branch
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Way:
    """One way through the base chains of a hook.

    `steps` are the rules that fitted, in order. `share` is the product of all that chance decided.
    `packet` is the packet at the end: marked, its destination rewritten. `masqueraded`: its source
    becomes the address of the interface that it leaves by.
    """

    steps: tuple[Step, ...]
    share: Fraction
    packet: Packet
    dnat: str = ""
    masqueraded: bool = False


def ways(rules: Rules, hook: Hook, packet: Packet) -> tuple[Way, ...]:
    """All ways through the hook's base chains, in the order in which the rules offer them."""
    found = [_State(packet)]
    for base in rules.bases(hook):
        # What a base chain decides for good (accept, a rewrite) ends that chain alone.
        found = [
            replace(state, ended=False)
            for before in found
            for state in _chain(rules, base, before, 0)
        ]
    return tuple(
        Way(each.steps, each.share, each.packet, each.dnat, each.masqueraded) for each in found
    )


@dataclass(frozen=True, slots=True)
class _State:
    """A packet on its way. `ended`: the base chain has decided; `left`: a goto has."""

    packet: Packet
    steps: tuple[Step, ...] = ()
    share: Fraction = Fraction(1)
    dnat: str = ""
    masqueraded: bool = False
    ended: bool = False
    returns: bool = False


def _chain(rules: Rules, chain: Chain, before: _State, depth: int) -> Iterator[_State]:
    """The states after a chain."""
    if depth > _DEEPEST:
        raise GuideError(f"the rules of {rules.table} go in a circle through {chain.name}")
    yield from _from(rules, chain, 0, before, depth)


def _from(rules: Rules, chain: Chain, at: int, before: _State, depth: int) -> Iterator[_State]:
    """The states after the rules of a chain from `at` on."""
    if at == len(chain.rules):
        yield before
        return
    rule = chain.rules[at]
    left = Fraction(1)
    missed = True  # whether it can be that no branch fits
    for branch in rule.branches:
        fits = _fits(branch, before.packet)
        if fits is False or not branch.share:
            continue
        step = Step(chain.name, rule, branch, branch.share)
        taken = replace(before, steps=(*before.steps, step), share=before.share * branch.share)
        for after in _all_done(rules, branch.actions, taken, depth):
            if after.ended:
                yield after
            elif after.returns:
                yield replace(after, returns=False)
            else:
                yield from _from(rules, chain, at + 1, after, depth)
        if fits:
            left -= branch.share
            missed = left > 0
            if not missed:
                break
    if missed and left > 0:
        yield from _from(rules, chain, at + 1, replace(before, share=before.share * left), depth)


def _all_done(
    rules: Rules, actions: tuple[Action, ...], state: _State, depth: int
) -> Iterator[_State]:
    """The states after all actions of a rule."""
    if not actions:
        yield state
        return
    for after in _done(rules, actions[0], state, depth):
        if after.ended or after.returns:
            yield after
        else:
            yield from _all_done(rules, actions[1:], after, depth)


def _done(rules: Rules, action: Action, state: _State, depth: int) -> Iterator[_State]:
    """The states after an action."""
    packet = state.packet
    match action.kind:
        case "none":
            yield state
        case "return":
            yield replace(state, returns=True)
        case "accept" | "drop":
            yield replace(state, ended=True)
        case "mark":
            keep, flip = (int(part, 0) for part in action.to.split("/"))
            yield replace(state, packet=replace(packet, mark=packet.mark & keep ^ flip))
        case "dnat":
            yield replace(state, packet=packet.sent_to(action.to), dnat=action.to, ended=True)
        case "masquerade":
            yield replace(state, masqueraded=True, ended=True)
        case "jump":
            yield from _chain(rules, rules.chain(action.to), state, depth + 1)
        case "goto":
            # A chain entered by goto does not come back to this one, but to whoever called it.
            for after in _chain(rules, rules.chain(action.to), state, depth + 1):
                yield after if after.ended else replace(after, returns=True)


def _fits(branch: Branch, packet: Packet) -> bool | None:
    """Whether all tests hold; None where that is not known."""
    found = [_holds(test, packet) for test in branch.tests]
    if False in found:
        return False
    return None if None in found else True


def _holds(test: Test, packet: Packet) -> bool | None:
    """Whether one of the values fits all fields; None where a field is not known."""
    unknown = False
    for value in test.values:
        found = [_is(field, text, packet) for field, text in zip(test.fields, value, strict=True)]
        if None in found and False not in found:
            unknown = True
        elif all(found):
            return not test.negated
    return None if unknown else test.negated


def _is(field: What, value: str, packet: Packet) -> bool | None:
    match field:
        case "source":
            return _within(packet.source, value)
        case "destination":
            return _within(packet.destination, value)
        case "protocol":
            return value in (packet.protocol, "all")
        case "source-port":
            return _port(packet.source_port, value)
        case "destination-port":
            return _port(packet.destination_port, value)
        case "mark":
            wanted, _, mask = value.partition("/")
            return packet.mark & int(mask or "0xffffffff", 0) == int(wanted, 0)
        case "rewritten":
            return packet.rewritten
        case "seen":
            return packet.seen
        case "in":
            return _named(packet.arrives, value)
        case "out":
            return _named(packet.leaves, value)
        case _:
            return None


def _within(address: str | None, network: str) -> bool | None:
    if address is None:
        return None
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _port(port: int | None, value: str) -> bool | None:
    if port is None:
        return None
    low, dash, high = value.replace(":", "-").partition("-")
    return int(low or 0) <= port <= int((high or 65535) if dash else low)


def _named(name: str | None, value: str) -> bool | None:
    """An interface by its name; `cali+` stands for all names that begin so, in nftables `cali*`."""
    if name is None:
        return None
    return name.startswith(value[:-1]) if value[-1] in "+*" else name == value
