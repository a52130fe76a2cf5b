"""A topology in words: the same facts as the drawing, as nested lists for a screen reader."""

from collections.abc import Mapping, Sequence
from html import escape

from macros.figures.marks import key_of, mark
from macros.figures.topology.labels import kind_text, vlan_texts
from macros.figures.topology.news import News, shown_namespaces, status
from macros.figures.topology.observation import (
    BOUND,
    JOINING,
    STACKED,
    End,
    Interface,
    Namespace,
    Node,
    pairs,
    parents,
)
from macros.ground.enumeration import in_words


def text_equivalent(states: Sequence[Node], news: News) -> str:
    """Nested lists: nodes, their namespaces, interfaces and routes.

    lo is among them where it has an address of its own.
    """
    items = "".join(
        f"<li>{escape(node.name)}<ul>{_namespaces(node, news)}</ul></li>" for node in states
    )
    return f"<ul>{items}</ul>"


def way_text(way: Sequence[End]) -> str:
    """The way of a request as a numbered list, empty if there is none."""
    if not way:
        return ""
    items = "".join(
        f"<li>{_name(end)}{f' in {escape(end.namespace)}' if end.namespace else ''},"
        f" {escape(end.node)}</li>"
        for end in way
    )
    return f"<p>The path of the request:</p><ol>{items}</ol>"


def summary(states: Sequence[Node]) -> str:
    """One plain sentence for the drawing's description."""
    parts = []
    for node in states:
        guests = [namespace.name for namespace in shown_namespaces(node)[1:]]
        words = (
            f" with the namespaces {in_words(guests)}" if guests else " without other namespaces"
        )
        parts.append(node.name + (words if len(guests) != 1 else f" with {guests[0]}"))
    return f"{in_words(parts)}. All interfaces and pairs are listed in the text that follows."


def _namespaces(node: Node, news: News) -> str:
    stacked = parents(node)
    joined: dict[End, End | None] = {}
    for pair in pairs(node):
        joined[pair.near] = pair.far
        if pair.far is not None:
            joined[pair.far] = pair.near
    items = []
    for namespace in shown_namespaces(node):
        new = _new((node.name, namespace.name) in news.namespaces)
        inside = [
            f"<li>{_interface(node, namespace, interface, joined, news)}"
            f"{_parent(End(node.name, namespace.name, interface.name), interface, stacked)}</li>"
            for interface in namespace.interfaces
            if not interface.plain_loopback
        ]
        inside += [
            f"<li>route {_route(node, namespace, route.text)}"
            f"{_new((node.name, namespace.name, route.text) in news.routes)}</li>"
            for route in namespace.routes
        ]
        body = f"<ul>{''.join(inside)}</ul>" if inside else ""
        items.append(f"<li>{_heading(namespace)}{new}{body}</li>")
    return "".join(items)


def _heading(namespace: Namespace) -> str:
    if not namespace.name:
        return "the node's own network namespace"
    if namespace.pod:
        within = "" if namespace.group == "default" else f" in {escape(namespace.group)}"
        return f"pod {escape(namespace.pod)}{within}"
    if namespace.container:
        short = namespace.container[:12]
        return f"container {escape(namespace.name)} ({mark(short, f'ctr::{short}')})"
    return f"network namespace {escape(namespace.name)}"


def _interface(
    node: Node,
    namespace: Namespace,
    interface: Interface,
    joined: dict[End, End | None],
    news: News,
) -> str:
    end = End(node.name, namespace.name, interface.name)
    kind = kind_text(interface) or {"physical": "network card"}.get(interface.kind, interface.kind)
    facts = [f"{escape(kind)}, index {interface.index}"]
    facts.append(status(interface) or "up")
    for address in interface.addresses:
        marked = mark(address.text, key_of(address.text) or f"ip::{address.ip}")
        facts.append(marked + _new((end, address.text) in news.addresses))
    if interface.mac:
        key = key_of(interface.mac)
        facts.append(f"MAC {mark(interface.mac, key) if key else interface.mac}")
    facts.append(f"MTU {interface.mtu}")
    if interface.master:
        above = namespace.interface(interface.master)
        word = "member" if above is not None and above.kind in JOINING else "port"
        facts.append(f"{word} of {_name(End(node.name, namespace.name, interface.master))}")
    if interface.kind == "bridge" or interface.kind in JOINING:
        facts.append(_members(node, namespace, interface))
    if interface.kind == "veth":
        other = joined.get(end)
        if other is None:
            facts.append(f"its other end, index {interface.peer_index}, was not seen")
        else:
            home = other.namespace or "the node's own namespace"
            facts.append(f"veth pair with {_name(other)} in {escape(home)}")
    change = news.changed.get(end)
    changed = f" <strong>({escape(change)})</strong>" if change else ""
    new = _new(end in news.interfaces)
    return f"{_name(end)}{new}{changed}: {', '.join(facts)}"


def _members(node: Node, namespace: Namespace, joint: Interface) -> str:
    """What a bridge, a bond or a VRF has in it."""
    word = "ports" if joint.kind == "bridge" else "members"
    inside = [
        _name(End(node.name, namespace.name, interface.name))
        for interface in namespace.interfaces
        if interface.master == joint.name
    ]
    return f"{word}: {in_words(inside)}" if inside else f"no {word}"


def _parent(end: End, interface: Interface, stacked: Mapping[End, End]) -> str:
    """What a stacked interface sends by, and what the port of a bridge lets through."""
    words = "".join(f", {escape(text)}" for text in vlan_texts(interface))
    if interface.kind in BOUND and end in stacked:
        return f"{words}, carried by {_name(stacked[end])}"
    if interface.kind in STACKED and end in stacked:
        parent = stacked[end]
        home = parent.namespace or "the node's own namespace"
        suffix = f" in {escape(home)}" if parent.namespace != end.namespace else ""
        return f"{words}, sends by {_name(parent)}{suffix}"
    if interface.kind in STACKED:
        return f"{words}, its parent, index {interface.peer_index}, was not seen"
    return words


def _route(node: Node, namespace: Namespace, text: str) -> str:
    words = text.split(" ")
    marked = []
    for i, word in enumerate(words):
        if i and words[i - 1] == "dev":
            marked.append(_name(End(node.name, namespace.name, word)))
        else:
            key = key_of(word)
            marked.append(mark(word, key) if key else escape(word))
    return " ".join(marked)


def _name(end: End) -> str:
    return mark(end.interface, f"if:{end}")


def _new(is_new: bool) -> str:
    return " <strong>(new)</strong>" if is_new else ""
