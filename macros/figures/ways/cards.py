"""A chain of look-ups as cards, one below the other, joined by the values that they share.

Everything is text, so there is no other version of it for a screen reader. Colours are those of
docs/assets/css/paths.css: the value that one card hands to the next looks the same on both.
"""

import re
from collections.abc import Mapping
from html import escape

from markupsafe import Markup

from macros.figures.marks import key_of, mark
from macros.figures.markup import render, safe
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.ways.lookups import Chain


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
    hop, mac, to = chain.hop, chain.mac, chain.entry.dst or chain.entry.dev or ""
    joins = {chain.address: 0, hop: 1, mac: 2, to: 3}
    device = _device(node, chain.device)
    on_link = "" if chain.route.via else " itself (its network is on the link)"
    cards = [
        _card(
            "route",
            f"Which way to {_value(chain.address)}?",
            _line(told[0], chain.route.destination, hop if chain.route.via else chain.device),
            f"The longest matching prefix is {escape(chain.route.destination)}: to"
            f" {_value(hop)}{on_link}, by {device}.",
            (told[0], addresses[0]),
            joins,
        ),
        _card(
            "neighbour",
            f"Which MAC has {_value(hop)} on {device}?",
            _line(told[1], hop, mac),
            f"{_value(mac)}{_lasting(chain.neighbour.state)}.",
            (told[1], addresses[1]),
            joins,
        ),
        _card(
            "forwarding entry",
            f"Where is {_value(mac)}?",
            _line(told[2], mac, to),
            _found(chain, node),
            (told[2], addresses[2]),
            joins,
        ),
    ]
    if chain.carrier is not None and chain.entry.dst:
        by = chain.carrier.via
        cards.append(
            _card(
                "route, again",
                f"Which way to {_value(chain.entry.dst)}?",
                _line(told[0], chain.carrier.destination, chain.carrier.dev or ""),
                f"{f'To {_value(by)}' if by else 'Its network is on the link'}: what carries the"
                f" frame leaves by {_device(node, chain.carrier.dev or '')}.",
                (told[0], addresses[0]),
                joins,
            )
        )
    return render("figures/ways/lookup.html", id=id, title=title, cards=cards)


def _card(
    table: str,
    question: str,
    line: str,
    answer: str,
    told: tuple[Recording, str],
    joins: Mapping[str, int],
) -> dict[str, str]:
    recording, address = told
    return {
        "table": table,
        "question": _joined(question, joins),
        "line": _joined(line, joins),
        "answer": _joined(answer, joins),
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

    def put(found: re.Match[str]) -> str:
        number = joins.get(found[2])
        whole = f"{found[1]}{found[2]}{found[3]}"
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


def _found(chain: Chain, node: str) -> str:
    if chain.entry.dst:
        return (
            f"Behind {_value(chain.entry.dst)}: the frame goes there as the payload of a UDP"
            " datagram."
        )
    return (
        f"Behind the port {_device(node, chain.entry.dev or '')} of {_device(node, chain.device)}."
    )
