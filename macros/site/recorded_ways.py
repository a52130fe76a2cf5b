"""Figures of ways through a machine: look-ups that lead to each other, and a packet among rules."""

from collections.abc import Sequence
from typing import Any

from macros.ground import cache
from macros.ground.model import Recording


def lookup(
    address: str, told: Sequence[Recording], links: Sequence[str], *, id: str, title: str
) -> str:
    """`address` looked up in recorded routes, neighbours and forwarding entries.

    `links` are the addresses of their blocks. GuideError where they are not joined.
    """

    def make() -> str:
        from macros.figures.ways import cards  # noqa: PLC0415
        from macros.ways import lookups  # noqa: PLC0415

        routes, neighbours, entries = told
        to_route, to_neighbour, to_entry = links
        return cards.figure(
            lookups.join(address, routes, neighbours, entries),
            (routes, neighbours, entries),
            (to_route, to_neighbour, to_entry),
            id=id,
            title=title,
        )

    inputs = ["lookup", address, [_of(each) for each in told], list(links), id, title]
    return cache.text("paths", inputs, make)


def rulepath(
    rules: Recording,
    evidence: Sequence[Recording],
    *,
    table: str,
    service: str,
    id: str,
    title: str,
) -> str:
    """The way of one packet through recorded rules. GuideError where the evidence denies it."""

    def make() -> str:
        from macros.figures.ways import rules_drawing  # noqa: PLC0415
        from macros.ways import evidence as told  # noqa: PLC0415
        from macros.ways.packet_way import taken  # noqa: PLC0415
        from macros.ways.recorded_rules import ruleset_of  # noqa: PLC0415

        read = ruleset_of(rules, table)
        seen = [told.read(each.text, read.table) for each in evidence]
        return rules_drawing.figure(taken(read, seen, service), id=id, title=title)

    inputs = ["rulepath", _of(rules), [_of(each) for each in evidence], table, service, id, title]
    return cache.text("paths", inputs, make)


def netfilter(evidence: Recording, *, id: str, title: str) -> str:
    """The netfilter map of one traced packet. GuideError where the block prints no trace."""

    def make() -> str:
        from macros.figures.ways import netfilter as chart  # noqa: PLC0415
        from macros.ways import evidence as told  # noqa: PLC0415

        return chart.figure(told.read(evidence.text), id=id, title=title)

    return cache.text("paths", ["netfilter", _of(evidence), id, title], make)


def _of(recording: Recording) -> list[Any]:
    """All of a recording that a figure shows or reads."""
    return [recording.id, recording.node, recording.ran, recording.text, recording.twin]
