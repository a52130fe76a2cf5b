"""Every way that a packet can take through a table's rules, each with its share.

Where a rule asks what the packet does not tell (`-m addrtype`, an interface not known yet), and
where chance decides, the way forks. What was recorded of the packet says which fork it took.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from macros.ground.errors import GuideError
from macros.ways import questions, spans
from macros.ways.questions import Known, Question, Subject
from macros.ways.ruleset import Action, Branch, Chain, Hook, Packet, Rule, Rules
from macros.ways.spans import Spans

OTHERS = "another's"
"""Whose turn it was where a rule that counts let a packet pass."""
_MOST = 1 << 16  # ways; more of them no reader could tell apart
_LONGEST = 20_000  # rules that one packet fits; chains that call each other twice and twice again


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

    `steps` are the rules that fitted, in order. `share` is the product of all that chance decided:
    among the ways of packets that answer alike, `known`, the shares add up to 1.
    `packet` is the packet at the end: marked, its destination rewritten. `masqueraded`: its source
    becomes the address of the interface that it leaves by; `snat` is what else it is rewritten to.
    `stopped` says what ended the way so that it is not followed any further: a drop, a REDIRECT.
    `turns` are the rules with counters that had a part in it, each with what its turn was.
    """

    steps: tuple[Step, ...]
    share: Fraction
    packet: Packet
    dnat: str = ""
    masqueraded: bool = False
    snat: str = ""
    stopped: Action | None = None
    known: Known = field(default_factory=dict)
    turns: tuple[tuple[str, str], ...] = ()

    @property
    def source_rewritten(self) -> bool:
        """Whether its source is another in the end."""
        return self.masqueraded or bool(self.snat)


@dataclass(slots=True)
class Asked:
    """All that was asked of a subject: what it could be at first, and each part by its words."""

    among: Spans
    parts: dict[str, Spans] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A chain that the packet is in: the rule that comes next, and the chains it came by."""

    rules: Rules
    chain: Chain
    number: int = 0
    trail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    """A packet on its way. `bases` are the base chains that wait; `over`: nothing comes any more.

    `remarks` counts how often its mark got a value that the rules do not tell.
    """

    way: Way
    frames: tuple[_Frame, ...]
    bases: tuple[tuple[Rules, Chain], ...]
    remarks: int = 0
    over: bool = False


def ways(rules: Rules, hook: Hook, packet: Packet) -> tuple[Way, ...]:
    """All ways through the hook's base chains, in the order in which the rules offer them."""
    bases = [(rules, base) for base in rules.bases(hook)]
    return tuple(walk(bases, packet, {}, {}))


def walk(
    bases: Sequence[tuple[Rules, Chain]],
    packet: Packet,
    known: Known,
    asked: dict[Subject, Asked],
) -> Iterator[Way]:
    """All ways through these base chains; `asked` takes what had to be asked on them.

    GuideError for rules that go in a circle, and where they leave too many ways open.
    """
    waiting = [_State(Way((), Fraction(1), packet, known=known), (), tuple(bases))]
    count = 0
    while waiting:
        state = waiting.pop()
        if state.over or not (state.frames or state.bases):
            count += 1
            if count > _MOST:
                raise GuideError(
                    f"the rules leave more than {_MOST} paths open for a packet to"
                    f" {packet.to_text}, as far as it is known"
                )
            yield state.way
        elif state.frames:
            waiting.extend(reversed(_next(state, asked)))
        else:
            (rules, base), *rest = state.bases
            frame = _Frame(rules, base, 0, (base.name,))
            waiting.append(replace(state, frames=(frame,), bases=tuple(rest)))


def _next(state: _State, asked: dict[Subject, Asked]) -> list[_State]:
    """The states after the next rule that this packet can fit, the rules before it passed by."""
    frame = state.frames[-1]
    packet, known = state.way.packet, state.way.known
    for number in range(frame.number, len(frame.chain.rules)):
        rule = frame.chain.rules[number]
        taken: list[Branch] = []
        left = Fraction(1)
        for branch in rule.branches:
            answer = questions.fits(branch, packet, known, state.remarks)
            if isinstance(answer, Question):
                return _answered(state, number, answer, asked)
            if answer and branch.share:
                taken.append(branch)
                left -= branch.share
                if left <= 0:
                    break
        if taken:
            missed = [] if left <= 0 else [_missed(state, number, left, taken)]
            return [*(_fitted(state, number, branch) for branch in taken), *missed]
    return [replace(state, frames=state.frames[:-1])]


def _at(state: _State, number: int) -> _State:
    """The state with a rule of its chain coming next."""
    frame = replace(state.frames[-1], number=number)
    return replace(state, frames=(*state.frames[:-1], frame))


def _answered(
    state: _State, number: int, question: Question, asked: dict[Subject, Asked]
) -> list[_State]:
    """The states for a yes and a no, before the rule that asked; first that which fits it."""
    all_asked = asked.setdefault(question.subject, Asked(question.among))
    all_asked.among = spans.either(all_asked.among, question.among)
    all_asked.parts.setdefault(question.text, question.wanted)
    yes = question.wanted
    no = spans.without(question.among, yes)
    before = _at(state, number)
    return [
        replace(
            before,
            way=replace(state.way, known={**state.way.known, question.subject: answer}),
        )
        for answer in ((yes, no) if question.first else (no, yes))
    ]


def _missed(state: _State, number: int, left: Fraction, taken: Sequence[Branch]) -> _State:
    """The state of a packet that chance led past a rule."""
    way = replace(state.way, share=state.way.share * left)
    if any(branch.in_turn for branch in taken):
        way = replace(way, turns=(*way.turns, (_place(state, number), OTHERS)))
    return replace(_at(state, number + 1), way=way)


def _place(state: _State, number: int) -> str:
    frame = state.frames[-1]
    rule = frame.chain.rules[number]
    by = "--mode nth" if frame.rules.tool == "iptables" else "numgen inc"
    return f"rule {rule.number} of {frame.chain.name} ({by})"


def _fitted(state: _State, number: int, branch: Branch) -> _State:
    """The state after all actions of a branch."""
    frame = state.frames[-1]
    if len(state.way.steps) >= _LONGEST:
        raise GuideError(
            f"a packet to {state.way.packet.to_text} matches more than {_LONGEST} rules"
        )
    step = Step(frame.chain.name, frame.chain.rules[number], branch, branch.share)
    way = replace(state.way, steps=(*state.way.steps, step), share=state.way.share * branch.share)
    if branch.in_turn:
        way = replace(way, turns=(*way.turns, (_place(state, number), branch.element or "its own")))
    after = replace(_at(state, number + 1), way=way)
    for action in branch.actions:
        after = _done(after, action)
        if after.over or len(after.frames) != len(state.frames) or action.kind == "goto":
            break
    return after


def _done(state: _State, action: Action) -> _State:
    """The state after an action."""
    way, packet = state.way, state.way.packet
    match action.kind:
        case "none":
            return state
        case "return":
            return replace(state, frames=state.frames[:-1])
        case "accept":
            # It ends this base chain alone; those that come later are still asked.
            return replace(state, frames=())
        case "mark":
            keep, flip = (int(part, 0) for part in action.to.split("/"))
            mark = packet.mark & keep ^ flip
            known = packet.mark_known | ~keep & 0xFFFFFFFF
            marked = replace(packet, mark=mark, mark_known=known)
            return replace(state, way=replace(way, packet=marked))
        case "remark":
            known = packet.mark_known & ~int(action.to, 0)
            marked = replace(packet, mark=packet.mark & known, mark_known=known)
            return replace(state, way=replace(way, packet=marked), remarks=state.remarks + 1)
        case "jump":
            return _called(state, action.to, state.frames)
        case "goto":
            # A chain entered by goto does not come back to this one, but to whoever called it.
            return _called(state, action.to, state.frames[:-1])
        case _:
            return replace(state, way=_over(way, action), over=True)


def _over(way: Way, action: Action) -> Way:
    """A way at its end. Of one connection the first rewriting is the last.

    (nf_nat_inet_fn() of net/netfilter/nf_nat_core.c asks no chain after one that rewrote.)
    """
    match action.kind:
        case "dnat":
            dnat = way.packet.end_of(action.to).text
            sent = way.packet.sent_to(action.to)
            return replace(way, packet=sent, dnat=dnat)
        case "masquerade":
            return replace(way, masqueraded=True)
        case "snat":
            return replace(way, snat=action.to)
        case _:
            return replace(way, stopped=action)


def _called(state: _State, name: str, frames: tuple[_Frame, ...]) -> _State:
    caller = state.frames[-1]
    if name in caller.trail:
        raise GuideError(f"the rules of {caller.rules.table} go in a circle through {name}")
    if name not in caller.rules.chains:
        unknown = Action("end", f"chain {name}, which was not recorded")
        return replace(state, way=_over(state.way, unknown), over=True)
    chain = caller.rules.chain(name)
    frame = _Frame(caller.rules, chain, 0, (*caller.trail, name))
    return replace(state, frames=(*frames, frame))
