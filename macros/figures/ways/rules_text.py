"""A packet's way through rules in words: a table of the rules, and one of the endpoints."""

from collections.abc import Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from macros.figures.marks import key_of, mark
from macros.figures.markup import safe
from macros.figures.ways.rule_rows import tag
from macros.ways.ends import parsed
from macros.ways.packet_way import Taken
from macros.ways.ruleset import Packet
from macros.ways.visits import Judged, Visit, short


def summary(way: Taken) -> str:
    """One plain sentence for the drawing's description."""
    chains = dict.fromkeys(step.chain for step in (*way.first.steps, *way.last.steps))
    return (
        f"A packet to {way.before.to_text} goes through the chains {', '.join(chains)} and leaves"
        f" for {way.middle.to_text}. All rules are listed in the table that follows."
    )


def new_source(way: Taken) -> str:
    """What a source is rewritten to, as far as the rules tell."""
    return way.last.snat or "the address of the interface it leaves by"


def plainly(packet: Packet) -> Markup:
    """A packet in a sentence, its addresses marked."""
    return safe(
        f"a {escape(packet.protocol.upper())} packet from"
        f" {_end(packet.source or '', packet.source_port)} to"
        f" {_end(packet.destination, packet.destination_port)}"
    )


def equivalent(way: Taken, first: Sequence[Visit], last: Sequence[Visit]) -> dict[str, Any]:
    """The same as text: sentences on the packet, and the rules of all chains that it came to."""
    listed = ", ".join(f"{_text_end(choice.dnat)} {choice.share}" for choice in way.choices)
    if way.after is None:
        source = safe(f"Its source becomes {escape(new_source(way))}")
    else:
        changed = "is rewritten" if way.last.source_rewritten else "is unchanged"
        source = safe(f"Its source {changed}: {plainly(way.after)}")
    return {
        "before": plainly(way.before),
        "first": _rows(first),
        "choices": safe(listed) if len(way.choices) > 1 else "",
        "chosen": safe(_text_end(way.first.dnat)),
        "middle": plainly(way.middle) if way.first.dnat else "",
        "leaves": way.middle.leaves,
        "last": _rows(last),
        "source": source,
    }


def _rows(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Every rule of these chains, and how the packet fared at it."""
    return [
        {
            "chain": visit.chain.name,
            "number": judged.rule.number,
            "rule": short(judged.rule),
            "order": judged.number if judged.verdict == "fits" else None,
            "fate": _fate(judged),
            "element": _element(judged),
        }
        for visit in visits
        for judged in visit.rules
    ]


def _fate(judged: Judged) -> str:
    """What became of the packet at a rule, in words; of one that fits its chance alone."""
    share = f" (chance: {tag(judged.share)})" if judged.share else ""
    words = {"fits": "", "chance": "passed by", "misses": "does not match"}
    fate = words.get(judged.verdict, "not reached")
    return fate if judged.verdict == "misses" else fate + share


def _element(judged: Judged) -> str:
    """The element of a map or a set by which a rule fits."""
    fits = judged.verdict == "fits" and judged.step is not None
    return judged.step.branch.element if fits and judged.step else ""


def _end(address: str, port: int | None) -> str:
    key = key_of(address)
    shown = mark(address, key) if key else escape(address)
    return shown if port is None else f"{shown}:{port}"


def _text_end(text: str) -> str:
    end = parsed(text)
    return escape(text) if end.port != end.last_port else _end(end.address or "", end.port)
