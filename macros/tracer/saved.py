"""A trace on disk: the page, the captures in one file and each by itself, and all of it as JSON."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from macros.figures.topology.observation import End
from macros.ground import files
from macros.tracer import page
from macros.tracer.judging import Traced
from macros.tracer.story import lanes_of
from macros.traces import pcapng


def save(traced: Traced, folder: Path, *, guide: str = "") -> Path:
    """Write all of it, and return the page's path."""
    merged = merge(traced)
    files.write(folder / "trace.json", json.dumps(as_json(traced), indent=1))
    files.write(folder / "trace.pcapng", merged)
    for lane, capture in zip(lanes_of(traced.story.stops), traced.story.captures, strict=True):
        if capture:
            name = "-".join(part for part in (lane.node, lane.label, lane.interface) if part)
            files.write(folder / "captures" / f"{name.replace('/', '_')}.pcap", capture)
    where = folder / "index.html"
    files.write(where, page.page(traced, merged, guide=guide))
    return where


def merge(traced: Traced) -> bytes:
    """All captures in one pcapng file, with the interfaces' names."""
    kept = [
        (lane, capture)
        for lane, capture in zip(lanes_of(traced.story.stops), traced.story.captures, strict=True)
        if capture
    ]
    clocks = traced.story.trace.clocks if traced.story.trace else ()
    return pcapng.merge([lane for lane, _ in kept], [capture for _, capture in kept], clocks)


def as_json(traced: Traced) -> Mapping[str, Any]:
    """All that is known of a trace, but for the packets."""
    loss = traced.loss
    return {
        "came": traced.came,
        "verdict": page.verdict(traced),
        "client": _plain(traced.client),
        "target": _plain(traced.target),
        "wish": _plain(traced.wish),
        "outcome": _plain(traced.outcome),
        "loss": None
        if loss is None
        else {"what": loss.what, "last": _plain(loss.last), "next": _plain(loss.next)},
        "causes": [_plain(cause) for cause in traced.causes],
        "stops": [str(stop.end) for stop in traced.story.stops],
        "forward": _plain(traced.forward),
        "back": _plain(traced.back),
        "seen": [
            {
                "forward": sight.forward,
                "at": [str(stop.end) for stop in sight.stops],
                "times": [visit.packet.time for visit in sight.journey.visits],
            }
            for sight in traced.story.sights
        ],
        "drops": [_plain(drop) for drop in traced.drops],
        "notes": list(traced.notes),
        "seconds": dict(traced.seconds),
        "cluster": _plain(traced.terrain.facts),
        "routes": [
            {**question._asdict(), "command": answer.command, "text": answer.text,
             "known": answer.route is not None}
            for question, answer in sorted(traced.routes.items())
        ],
        "nodes": {
            name: {"observed": look.raw, "before": dict(look.parts),
                   "after": dict(traced.after[name].parts) if name in traced.after else {}}
            for name, look in traced.terrain.looks.items()
        },
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Records as JSON has them; an interface by its names."""
    if isinstance(value, End):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    return value
