"""The recorded states, and what a figure shows, for the tests of the drawings."""

import copy
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from macros.figures.topology.observation import Node, read

DATA = Path(__file__).parent.parent / "data" / "draw"
FOREIGN = Path(__file__).parent.parent / "foreign" / "topologies"
REAL = tuple(sorted(path.stem for path in DATA.glob("*.json")))
NAMES = (*REAL, *sorted(path.stem for path in FOREIGN.glob("*.json")))


def raw(name: str) -> Any:
    return json.loads(_file(name).read_bytes())


def state(name: str) -> Node:
    return read(_file(name).read_bytes())


def _file(name: str) -> Path:
    return (DATA if name in REAL else FOREIGN) / f"{name}.json"


def changed(name: str, change: str, *path: str | int, to: Any) -> Node:
    """A state with one value replaced, for instance "links", 1, "mtu" of a namespace."""
    observed = copy.deepcopy(raw(name))
    namespace = next(network for network in observed["namespaces"] if network["name"] == change)
    inner = namespace
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return read(observed)


def svg_of(figure: str) -> ET.Element:
    start = figure.index("<svg role")
    end = figure.index("</svg>", start) + len("</svg>")
    return ET.fromstring(figure[start:end])  # noqa: S314 our own drawing


def texts(figure: str) -> list[str]:
    """The lines of text in the drawing."""
    return ["".join(element.itertext()) for element in svg_of(figure).iter("text")]


def words(figure: str) -> str:
    """The text equivalent, without its tags."""
    details = figure[figure.index('<details class="text-equivalent">') :]
    read = ET.fromstring(details.removesuffix("</figure>"))  # noqa: S314 our own text
    return unescape("".join(read.itertext()))


def by_class(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (element for element in root.iter() if name in element.get("class", "").split())


_CHARACTERS = {"name": 7.83, "ip": 7.23, "mono": 6.63, "note": 5.8, "title": 8.0}
"""px that a character of a style has, on average: 0.602 em of the monospaced ones."""


def outside(root: ET.Element, *boxes: str) -> list[str]:
    """The lines of text that leave the box that they stand in; `boxes` are classes of groups.

    The first rectangle of a group is its box.
    """
    out = []
    for box in (group for name in boxes for group in by_class(root, name)):
        rect = next(box.iter("rect"))
        x, y, w, h = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
        for text in box.iter("text"):
            if text.get("text-anchor"):
                continue  # a number in a circle, a share at the right edge
            long = sum(
                len("".join(run.itertext())) * _CHARACTERS[run.get("class", "").split()[0]]
                for run in text
            )
            left, base = float(text.get("x", "nan")), float(text.get("y", "nan"))
            if not (x < left and left + long < x + w and y + 8 < base < y + h - 2):
                out.append("".join(text.itertext()))
    return out
