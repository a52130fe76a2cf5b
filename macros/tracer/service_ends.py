"""A node's rules by which a Service is found: kube-proxy's, by whichever tool it wrote them."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from macros.ground.endpoints import endpoint
from macros.ground.errors import GuideError
from macros.tracer.node_look import Look
from macros.tracer.request_ends import Target
from macros.ways import iptables, nftables
from macros.ways.ruleset import Rules
from macros.ways.shares import answered, asked


def asked_as(target: Target) -> str:
    """A Service as the rules have it: `10.43.0.80:80`, `[fd00::80]:53/udp`."""
    return endpoint(target.address, target.port or 0) + "/udp" * (target.protocol == "udp")


def of_node(look: Look, target: Target) -> tuple[Rules, tuple[str, ...]]:
    """The rules that lead the Service somewhere, and where: `10.42.1.2:80`.

    GuideError where none do, or where what they say is not understood.
    """
    service = asked_as(target)
    unread = []
    part = "ip6tables" if ":" in target.address else "iptables"
    readers: list[Callable[[], Rules | None]] = [
        *(partial(iptables.read, text, "nat") for text in look.listings(part)),
        partial(_of_nft, look),
    ]
    for read in readers:
        try:
            rules = read()
            answers = answered(rules, asked(rules, service), service)[0] if rules else ()
        except GuideError as error:
            unread.append(error.message)
            continue
        if rules and (
            ends := tuple(dict.fromkeys(end for answer in answers for end in answer.ends))
        ):
            return rules, ends
    nowhere = f"no rule of {look.node} leads {service} anywhere"
    raise GuideError(nowhere if len(unread) < len(readers) else "; ".join(unread), node=look.node)


def led_to(look: Look, target: Target) -> tuple[str, ...]:
    """Where a node's rules lead the Service; () where they cannot be followed."""
    if target.service is None or target.port is None:
        return ()
    try:
        return of_node(look, target)[1]
    except GuideError:
        return ()


def _of_nft(look: Look) -> Rules | None:
    """All tables but iptables' own: nft prints each table's JSON on a line."""
    items: list[Any] = []
    for line in look.parts.get("nftjson", "").splitlines():
        try:
            items += json.loads(line)["nftables"]
        except (ValueError, KeyError, TypeError):
            continue  # a table that went while it was asked for
    return nftables.read(look.parts["nft"], {"nftables": items}) if items else None
