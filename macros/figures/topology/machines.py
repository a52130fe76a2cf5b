"""Machines and networks, drawn with the `diagrams` package and graphviz.

    machines(*of_states([read(node0), read(node1)]), id="lab", title="The lab")

What graphviz makes is rewritten before it goes on a page (graphviz.py): text stays text, icons come
along, colours and fonts are left to topology.css.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, Literal

from macros.figures.marks import key_of, mark
from macros.figures.topology.graphviz import ICON, POINTS, to_page
from macros.figures.topology.networks import is_cluster
from macros.figures.topology.observation import Node
from macros.figures.topology.scene import nat_device
from macros.ground.errors import GuideError

Kind = Literal["host", "node", "container", "pod", "service", "network", "nat", "internet"]

_ICONS: dict[Kind, tuple[str, str]] = {
    "host": ("diagrams.onprem.client", "Client"),
    "node": ("diagrams.onprem.compute", "Server"),
    "container": ("diagrams.onprem.container", "Docker"),
    "pod": ("diagrams.k8s.compute", "Pod"),
    "service": ("diagrams.k8s.network", "SVC"),
    "network": ("diagrams.generic.network", "Subnet"),
    "nat": ("diagrams.onprem.network", "Internet"),
    "internet": ("diagrams.onprem.network", "Internet"),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """A machine or a network: its name, what it is, and lines of text under its name.

    Things of one `group` stand in one frame with that name.
    """

    name: str
    kind: Kind
    lines: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Cable:
    """A connection of two things by name, and what to say of it ("" for nothing)."""

    a: str
    b: str
    label: str = ""


def machines(things: Sequence[Thing], cables: Sequence[Cable], *, id: str, title: str) -> str:
    """A complete `<figure class="topology machines">`, from top to bottom in the order of `things`.

    Raises GuideError if a cable ends nowhere, or if graphviz's `dot` is not installed.
    """
    names = [thing.name for thing in things]
    for cable in cables:
        for end in (cable.a, cable.b):
            if end not in names:
                raise GuideError(
                    f"drawing {id!r}: a cable leads to {end!r}, which is not drawn",
                    fix=f"name one of: {', '.join(names)}",
                )
    svg = to_page(
        _render(things, cables),
        prefix=f"t-{id}",
        title=title,
        description=f"{', '.join(names)}. How they are connected is in the text that follows.",
        nodes={f"n{i}": thing.name for i, thing in enumerate(things)},
    )
    return (
        f'<figure class="topology machines" id="t-{escape(id)}">'
        f'<figcaption class="topology-title">{escape(title)}</figcaption>'
        f'<div class="topology-scroll" role="region" tabindex="0" '
        f'aria-label="Drawing: {escape(title)}">{svg}</div>'
        '<details class="text-equivalent"><summary>The same as text</summary>'
        f"{_words(things, cables)}</details></figure>"
    )


def of_states(
    states: Sequence[Node], *, host: str = "your computer"
) -> tuple[list[Thing], list[Cable]]:
    """Things and cables of a lab: its nodes, their networks, and the computer that it runs on."""
    things = [Thing(host, "host")]
    cables: list[Cable] = []
    networks: dict[str, Thing] = {}
    clustered = any(is_cluster(node) for node in states)
    nodes = []
    for node in states:
        lines = []
        nat = nat_device(node)
        for interface in node.own.interfaces:
            if interface.kind != "physical" or not interface.addresses:
                continue
            address = interface.addresses[0]
            lines.append(f"{interface.name} {address.text}")
            if interface.name == nat:
                name = "NAT"
                networks.setdefault(
                    name, Thing(name, "nat", (address.network, "one for each node"))
                )
            else:
                name = "cluster network" if clustered else "network"
                if name in networks and networks[name].lines != (address.network,):
                    name = f"network {address.network}"
                networks.setdefault(name, Thing(name, "network", (address.network,), "the lab"))
            cables.append(Cable(node.name, name) if name != "NAT" else Cable(name, node.name))
        nodes.append(Thing(node.name, "node", tuple(lines), "the lab"))
    if "NAT" in networks:
        things.append(networks.pop("NAT"))
        cables.insert(0, Cable(host, "NAT", "SSH"))
    return [*things, *nodes, *networks.values()], cables


def _render(things: Sequence[Thing], cables: Sequence[Cable]) -> str:
    """The SVG as graphviz writes it."""
    # Slow to import, and needed only where a drawing is not cached.
    diagrams = import_module("diagrams")
    graphviz = import_module("graphviz")

    flat = {"bgcolor": "transparent", "pad": "0.03", "ranksep": "0.4", "nodesep": "0.15"}
    diagram = diagrams.Diagram(
        "", filename="unused", direction="TB", show=False, graph_attr={**flat, "splines": "line"}
    )
    diagrams.setdiagram(diagram)
    try:
        made: dict[str, Any] = {}
        for group in dict.fromkeys(thing.group for thing in things):
            inside = [(i, thing) for i, thing in enumerate(things) if thing.group == group]
            if not group:
                made |= {thing.name: _node(i, thing) for i, thing in inside}
                continue
            with diagrams.Cluster(
                graphviz.escape(group), graph_attr={"bgcolor": "transparent", "margin": "10"}
            ):
                made |= {thing.name: _node(i, thing) for i, thing in inside}
        for cable in cables:
            edge = diagrams.Edge(label=graphviz.escape(cable.label), fontsize="11")
            made[cable.a] - edge - made[cable.b]  # this is how diagrams connects
        return str(diagram.dot.pipe(format="svg", encoding="utf-8", quiet=True))
    except graphviz.ExecutableNotFound as error:
        raise GuideError(
            "the program dot of graphviz is not installed; drawings of machines need it",
            fix="apt-get install graphviz",
        ) from error
    except graphviz.CalledProcessError as error:
        raise GuideError(f"dot of graphviz failed: {error.stderr}") from error
    finally:
        diagrams.setdiagram(None)


def _node(number: int, thing: Thing) -> object:
    module, name = _ICONS[thing.kind]
    icon = getattr(import_module(module), name)
    lines = (thing.name, *thing.lines)
    size = {  # in inches; diagrams would make every node a square
        "height": str((ICON + 4) / POINTS + 0.21 * len(lines)),
        "width": str(max(1.2, 0.097 * max(len(line) for line in lines))),
        "fontsize": "11",
    }
    label = import_module("graphviz").escape("\n".join(lines))
    return icon(label, nodeid=f"n{number}", **size)


def _words(things: Sequence[Thing], cables: Sequence[Cable]) -> str:
    items = []
    for thing in things:
        facts = [_marked(line, thing.name) for line in thing.lines]
        for cable in cables:
            if thing.name in (cable.a, cable.b):
                other = cable.b if thing.name == cable.a else cable.a
                how = f" ({escape(cable.label)})" if cable.label else ""
                facts.append(f"connected to {escape(other)}{how}")
        items.append(f"<li>{escape(thing.name)}: {', '.join(facts) or 'not connected'}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _marked(line: str, node: str) -> str:
    words = []
    for word in line.split(" "):
        key = key_of(word, node)
        words.append(mark(word, key) if key else escape(word))
    return " ".join(words)
