"""A packet's way through rules in words: a table of the rules, and one of the endpoints."""

from collections.abc import Sequence
from html import escape

from macros.figures.marks import key_of, mark
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


def plainly(packet: Packet) -> str:
    """A packet in a sentence, its addresses marked."""
    return (
        f"a {escape(packet.protocol.upper())} packet from"
        f" {_end(packet.source or '', packet.source_port)} to"
        f" {_end(packet.destination, packet.destination_port)}"
    )


def equivalent(way: Taken, first: Sequence[Visit], last: Sequence[Visit]) -> str:
    """Sentences on the packet, and a table of the rules of all chains that it came to."""
    parts = [f"<p>It begins as {plainly(way.before)}.</p>", _table(first)]
    if len(way.choices) > 1:
        listed = ", ".join(f"{_text_end(each.dnat)} {each.share}" for each in way.choices)
        parts.append(f"<p>Chance chooses: {listed}. It chose {_text_end(way.first.dnat)}.</p>")
    if way.first.dnat:
        by = f", and leaves by {escape(way.middle.leaves)}" if way.middle.leaves else ""
        parts.append(f"<p>It is now {plainly(way.middle)}{by}.</p>")
    parts.append(_table(last))
    if way.after is None:
        parts.append(f"<p>Its source becomes {escape(new_source(way))}.</p>")
    else:
        changed = "is rewritten" if way.last.source_rewritten else "stays as it was"
        parts.append(f"<p>Its source {changed}: {plainly(way.after)}.</p>")
    return "".join(parts)


def _table(visits: Sequence[Visit]) -> str:
    rows = []
    for visit in visits:
        for judged in visit.rules:
            cells = (
                escape(visit.chain.name),
                str(judged.rule.number),
                f"<code>{escape(short(judged.rule))}</code>",
                _what(judged),
            )
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(
        f'<th scope="col">{each}</th>' for each in ("chain", "no.", "rule", "this packet")
    )
    return (
        '<div class="rp-table" role="region" tabindex="0" aria-label="rules">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _what(judged: Judged) -> str:
    share = f" (chance: {tag(judged.share)})" if judged.share else ""
    match judged.verdict:
        case "fits":
            element = ""
            if judged.step is not None and judged.step.branch.element:
                element = f": <code>{escape(judged.step.branch.element)}</code>"
            return f"<strong>{judged.place}. fits</strong>{share}{element}"
        case "chance":
            return f"passed by{share}"
        case "misses":
            return "does not fit"
        case _:
            return "not asked" + share


def _end(address: str, port: int | None) -> str:
    key = key_of(address)
    shown = mark(address, key) if key else escape(address)
    return shown if port is None else f"{shown}:{port}"


def _text_end(text: str) -> str:
    end = parsed(text)
    return escape(text) if end.port != end.last_port else _end(end.address or "", end.port)
