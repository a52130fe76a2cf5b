"""What a state has that an earlier one lacks, so that a drawing can show the last step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from macros.figures.topology.observation import End, Interface, Namespace, Node, Pair, pairs


@dataclass(frozen=True, slots=True)
class News:
    """New things, named so that they can be looked up while drawing.

    `changed` says in a few words what became of interfaces that were there already: "now up".
    """

    namespaces: frozenset[tuple[str, str]] = frozenset()
    interfaces: frozenset[End] = frozenset()
    changed: Mapping[End, str] = field(default_factory=dict)
    addresses: frozenset[tuple[End, str]] = frozenset()
    routes: frozenset[tuple[str, str, str]] = frozenset()
    pairs: frozenset[Pair] = frozenset()


def compare(states: Sequence[Node], previous: Sequence[Node]) -> News:
    """The news of `states`; none at all if there is no previous state to compare with."""
    if not previous:
        return News()
    now, then = _Facts.of(states), _Facts.of(previous)
    # One of the same name and another index was deleted and made again.
    same = {end for end, index in now.indexes.items() if then.indexes.get(end) == index}
    return News(
        namespaces=frozenset(now.namespaces - then.namespaces),
        interfaces=frozenset(now.interfaces.keys() - same),
        changed={
            end: _change(then.interfaces[end], now.interfaces[end])
            for end in sorted(same)
            if now.interfaces[end] != then.interfaces[end]
        },
        addresses=frozenset(now.addresses - then.addresses),
        routes=frozenset(now.routes - then.routes),
        pairs=frozenset(now.pairs - then.pairs),
    )


def status(interface: Interface) -> str:
    """What keeps an interface from working: "down", "no carrier" (RFC 2863), or nothing."""
    if not interface.up:
        return "down"
    return "no carrier" if interface.operstate in {"DOWN", "LOWERLAYERDOWN"} else ""


def shown_namespaces(node: Node) -> tuple[Namespace, ...]:
    """The namespaces worth a frame: those without any interface but lo are left out."""
    return tuple(
        namespace
        for namespace in node.namespaces
        if not namespace.anonymous or namespace.nsids or _named(namespace)
    )


def _named(namespace: Namespace) -> bool:
    # A name that observe.sh had to make up ends in a process id.
    return not namespace.name.rpartition("-")[2].isdigit()


def _change(then: tuple[str, str], now: tuple[str, str]) -> str:
    """In words: from one (status, bridge) to another."""
    words = []
    if now[0] != then[0]:
        words.append(f"now {now[0] or 'up'}")
    if now[1] != then[1]:
        words.append(f"now in {now[1]}" if now[1] else f"left {then[1]}")
    return ", ".join(words)


@dataclass(frozen=True, slots=True)
class _Facts:
    namespaces: set[tuple[str, str]]
    interfaces: dict[End, tuple[str, str]]
    indexes: dict[End, int]
    addresses: set[tuple[End, str]]
    routes: set[tuple[str, str, str]]
    pairs: set[Pair]

    @classmethod
    def of(cls, states: Sequence[Node]) -> "_Facts":
        facts = cls(set(), {}, {}, set(), set(), set())
        for node in states:
            facts.pairs.update(pairs(node))
            for namespace in node.namespaces:
                facts.namespaces.add((node.name, namespace.name))
                for route in namespace.routes:
                    facts.routes.add((node.name, namespace.name, route.text))
                for interface in namespace.interfaces:
                    end = End(node.name, namespace.name, interface.name)
                    facts.indexes[end] = interface.index
                    facts.interfaces[end] = (status(interface), interface.master)
                    facts.addresses.update((end, address.text) for address in interface.addresses)
        return facts
