"""Nodes of which nothing is known but their addresses, as boxes beside the others."""

import ipaddress
from collections.abc import Iterator

from macros.figures.topology.observation import Address, Interface, Namespace, Node
from macros.tracer.terrain import Terrain

UNKNOWN = "not looked at"


def dark_box(terrain: Terrain, node: str) -> Node:
    """A node that could not be looked at: one interface, with the addresses that the API has."""
    own = tuple(_addresses(terrain, node))
    face = Interface(
        UNKNOWN, 0, "physical", "", 0, up=True, operstate="UNKNOWN", addresses=own, master="",
        peer_index=None, peer_nsid=None, detail={},
    )  # fmt: skip
    return Node(node, (Namespace("", 0, "", (face,), (), {}),))


def _addresses(terrain: Terrain, node: str) -> Iterator[Address]:
    """Its addresses, in the networks in which the others have theirs."""
    for text in terrain.facts.nodes.get(node, ()):
        address = ipaddress.ip_address(text)
        for spot in terrain.spots():
            near = [
                own.prefix
                for own in spot.interface.addresses
                if address in ipaddress.ip_network(own.network)
            ]
            if near:
                yield Address(text, near[0])
                break
        else:
            yield Address(text, address.max_prefixlen)
