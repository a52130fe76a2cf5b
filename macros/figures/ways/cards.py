"""A chain of look-ups as cards, one below the other, joined by the values that they share.

Everything is text, so there is no other version of it for a screen reader. Colours are those of
docs/assets/css/paths.css: the value that one card hands to the next looks the same on both.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from macros.figures.marks import key_of, mark
from macros.figures.markup import render, safe
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.kinds.routes import Route
from macros.ways.lookups import Chain


class _Look(NamedTuple):
    """One look-up: in which table, what is asked, and what the answer says."""

    table: str
    question: str
    line: tuple[str, str]
    """The first word of the printed line that answers, and another word of it."""
    answer: str
    told: int
    """Which of the recordings it is read from."""


def figure(
    chain: Chain,
    told: tuple[Recording, Recording, Recording],
    addresses: tuple[str, str, str],
    *,
    id: str,
    title: str,
) -> str:
    """The whole figure.

    `told` are the recordings of routes, neighbours and forwarding entries that `chain` was joined
    from, `addresses` those of their blocks, for links.
    """
    node = told[0].node
    joins = {chain.address: 0, chain.hop: 1, chain.mac: 2, _target(chain): 3}
    looks = [_route(chain, node), _neighbour(chain, node), _forwarding(chain, node)]
    if chain.carrier is not None and chain.entry.dst:
        looks.append(_route_of_carrier(chain.entry.dst, chain.carrier, node))
    cards = [_card(look, told[look.told], addresses[look.told], joins) for look in looks]
    return render("figures/ways/lookup.html", id=id, title=title, cards=cards)


def _target(chain: Chain) -> str:
    """Where the forwarding entry sends a frame: to another node's address, or to a port."""
    return chain.entry.dst or chain.entry.dev or ""


def _route(chain: Chain, node: str) -> _Look:
    on_link = "" if chain.route.via else " itself (its network is on the link)"
    return _Look(
        "route",
        f"Which way to {_value(chain.address)}?",
        (chain.route.destination, chain.hop if chain.route.via else chain.device),
        f"The longest matching prefix is {escape(chain.route.destination)}: to"
        f" {_value(chain.hop)}{on_link}, by {_device(node, chain.device)}.",
        0,
    )


def _neighbour(chain: Chain, node: str) -> _Look:
    return _Look(
        "neighbour",
        f"Which MAC has {_value(chain.hop)} on {_device(node, chain.device)}?",
        (chain.hop, chain.mac),
        f"{_value(chain.mac)}{_lasting(chain.neighbour.state)}.",
        1,
    )


def _forwarding(chain: Chain, node: str) -> _Look:
    question = f"Where is {_value(chain.mac)}?"
    return _Look("forwarding entry", question, (chain.mac, _target(chain)), _behind(chain, node), 2)


def _route_of_carrier(address: str, carrier: Route, node: str) -> _Look:
    """The way of the datagram that carries the frame to another node's address."""
    by = carrier.via
    return _Look(
        "route, again",
        f"Which way to {_value(address)}?",
        (carrier.destination, carrier.dev or ""),
        f"{f'To {_value(by)}' if by else 'Its network is on the link'}: what carries the"
        f" frame leaves by {_device(node, carrier.dev or '')}.",
        0,
    )


def _card(
    look: _Look, recording: Recording, address: str, joins: Mapping[str, int]
) -> dict[str, str]:
    return {
        "table": look.table,
        "question": _joined(look.question, joins),
        "line": _joined(_line(recording, *look.line), joins),
        "answer": _joined(look.answer, joins),
        "address": address,
        "node": recording.node,
        "command": recording.ran.splitlines()[0],
    }


def _line(recording: Recording, first: str, also: str) -> str:
    """The printed line that begins with `first` and has `also`, its values marked.

    Of a route with several next hops it is the line of the one below it that has `also`.
    """
    below = False
    for line in recording.text.splitlines():
        words = line.split()
        if words and not line[0].isspace():
            below = words[0] == first
        if below and words[:1] in ([first], ["nexthop"]) and also in words:
            return " ".join(_value(word) for word in words)
    raise GuideError(f"{recording.id} prints no line with {first} and {also}")


def _joined(html: str, joins: Mapping[str, int]) -> Markup:
    """Put the values that the cards share into <b class="join is-N">."""
    pattern = re.compile(r'(<span class="v" data-v="[^"]*">)([^<]*)(</span>)')

    def put(match: re.Match[str]) -> str:
        number = joins.get(match[2])
        whole = f"{match[1]}{match[2]}{match[3]}"
        return whole if number is None else f'<b class="join is-{number}">{whole}</b>'

    return safe(pattern.sub(put, html))


def _value(text: str) -> str:
    key = key_of(text)
    return mark(text, key) if key else escape(text)


def _device(node: str, name: str) -> str:
    return mark(name, f"if:{node}/:{name}")


def _lasting(state: str) -> str:
    """How a neighbour came to be known: what a program sets, as flanneld does, is permanent."""
    if "PERMANENT" in state:
        return ", set by a program: no ARP request is sent"
    return f", learnt by ARP ({state.lower()})" if state else ""


def _behind(chain: Chain, node: str) -> str:
    if chain.entry.dst:
        return (
            f"Behind {_value(chain.entry.dst)}: the frame goes there as the payload of a UDP"
            " datagram."
        )
    return (
        f"Behind the port {_device(node, chain.entry.dev or '')} of {_device(node, chain.device)}."
    )
