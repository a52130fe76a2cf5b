"""Figures of ways through a machine: look-ups that lead to each other, and a packet among rules."""

from collections.abc import Sequence
from typing import Any

from macros import cache
from macros.errors import GuideError
from macros.model import Recording


def lookup(
    address: str, told: Sequence[Recording], links: Sequence[str], *, id: str, title: str
) -> str:
    """`address` looked up in recorded routes, neighbours and forwarding entries.

    `links` are the addresses of their blocks. GuideError where they are not joined.
    """

    def make() -> str:
        from macros.paths import cards, chain  # noqa: PLC0415

        routes, neighbours, entries = told
        to_route, to_neighbour, to_entry = links
        return cards.figure(
            chain.join(address, routes, neighbours, entries),
            (routes, neighbours, entries),
            (to_route, to_neighbour, to_entry),
            id=id,
            title=title,
        )

    inputs = ["lookup", address, [_of(each) for each in told], list(links), id, title]
    return cache.text("paths", [cache.code_hash("records"), *inputs], make)


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
        from macros.paths import drawing  # noqa: PLC0415
        from macros.paths import evidence as told  # noqa: PLC0415
        from macros.paths.taken import taken  # noqa: PLC0415

        read = _rules(rules, table)
        seen = [told.read(each.text, read.table) for each in evidence]
        return drawing.figure(taken(read, seen, service), id=id, title=title)

    inputs = ["rulepath", _of(rules), [_of(each) for each in evidence], table, service, id, title]
    hashes = [cache.code_hash("records"), cache.code_hash("draw")]
    return cache.text("paths", [*hashes, *inputs], make)


def shares(rules: Recording, asked_for: str) -> str:
    """How often each endpoint of a Service is chosen, as a sentence has it: `1/3, 1/3, 1/3`."""

    def make() -> str:
        from macros.paths import shares as found  # noqa: PLC0415

        return found.text(_rules(rules, ""), asked_for)

    inputs = ["shares", _of(rules), asked_for]
    return cache.text("paths", [cache.code_hash("records"), *inputs], make)


def _rules(recording: Recording, table: str) -> Any:
    """The rules of a block, by the tool that printed them."""
    from macros.paths import iptables, nftables  # noqa: PLC0415
    from macros.records import kinds  # noqa: PLC0415

    if isinstance(recording.twin, dict) and "nftables" in recording.twin:
        return nftables.read(recording.text, recording.twin, table)
    if kinds.kind_of(recording.ran) == "rules":
        return iptables.read(recording.text, table or "nat")
    raise GuideError(
        f"block {recording.id} shows no rules: {recording.ran}",
        fix="name a block of iptables-save, iptables -S or nft list table",
    )


def _of(recording: Recording) -> list[Any]:
    """All of a recording that a figure shows or reads."""
    return [recording.id, recording.node, recording.ran, recording.text, recording.twin]
