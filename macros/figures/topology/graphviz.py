"""Makes what graphviz wrote fit for a page.

Graphviz's SVG names files of this machine, fixes colours and fonts, and has ids that any other
drawing on the page would have, too. It is read with a real XML parser and written anew.
"""

import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from macros.figures.marks import key_of
from macros.figures.svg import number

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size")
POINTS = 72  # of graphviz in an inch; one is drawn as 1 px
ICON = 52.0  # px
_COLOURFUL = ("docker", "/k8s/")


def to_page(
    svg: str, *, prefix: str, title: str, description: str, nodes: Mapping[str, str]
) -> str:
    """An `<svg>` element for HTML: styled by classes, icons inside, ids starting with `prefix`.

    `nodes` gives the name of the machine for each of graphviz's node names; values in its text
    are marked as that machine's. `svg` comes from the `dot` that we ran: it is trusted.
    """
    root = ET.fromstring(svg)  # noqa: S314 made by our own graphviz a moment ago
    for parent in list(root.iter()):
        _clean_group(parent, nodes)
    for element in root.iter():
        _clean(element)
    # The whole is drawn in points and shown in px, so that text keeps its size.
    left, top, width, height = (float(part) for part in root.attrib["viewBox"].split())
    root.attrib.clear()
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
        "viewBox": " ".join(number(length) for length in (left, top, width, height)),
        "width": number(width),
        "height": number(height),
    }
    for index, (name, text) in enumerate((("title", title), ("desc", description))):
        label = ET.Element(name, {"id": f"{prefix}-{name}"})
        label.text = text
        root.insert(index, label)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _clean_group(group: ET.Element, nodes: Mapping[str, str]) -> None:
    """Drop names and background, and mark the values in a node's text."""
    name = ""
    for child in list(group):
        if child.tag == f"{_SVG}title":
            name = nodes.get(child.text or "", "")
            group.remove(child)
        elif child.tag == f"{_SVG}polygon" and group.get("class") == "graph":
            group.remove(child)
        elif child.tag == f"{_SVG}g" and child.get("id", "").startswith("a_"):
            child.attrib.clear()
    texts = [child for child in group if child.tag == f"{_SVG}text"]
    for image in group.findall(f"{_SVG}image"):
        # Graphviz scales an icon to its whole node; the text belongs below it.
        image.set("x", number(float(texts[0].attrib["x"]) - ICON / 2))
        image.set("width", number(ICON))
        image.set("height", number(ICON))
    # Room between a frame or a line and the words at it.
    dx, dy = {"cluster": (8, 6), "edge": (6, 0)}.get(group.get("class", ""), (0, 0))
    for line, text in enumerate(texts):
        text.set("x", number(float(text.attrib["x"]) + dx))
        text.set("y", number(float(text.attrib["y"]) + dy))
        first = line == 0 and group.get("class") in {"node", "cluster"}
        text.set("class", "title" if first else "mono" if group.get("class") == "node" else "note")
        if name and not first:
            _mark(text, name)


def _mark(text: ET.Element, node: str) -> None:
    words = (text.text or "").split(" ")
    text.text = ""
    for i, word in enumerate(words):
        key = key_of(word, node)
        attributes = {"class": "v", "data-v": key} if key else {}
        span = ET.SubElement(text, "tspan", attributes)
        span.text = word
        span.tail = " " if i + 1 < len(words) else None


def _clean(element: ET.Element) -> None:
    element.tag = element.tag.removeprefix(_SVG)
    element.tail = element.tail if element.tag == "tspan" else None
    if element.tag not in {"text", "tspan", "title", "desc"}:
        element.text = None
    for name in _PAINT:
        element.attrib.pop(name, None)
    element.attrib.pop("id", None)
    if element.tag == "image":
        path = element.attrib.pop(_HREF)
        element.set("href", _data_uri(Path(path)))
        if not any(part in path for part in _COLOURFUL):
            element.set("class", "one-colour")  # black: turned around in the dark


def _data_uri(path: Path) -> str:
    return f"data:image/png;base64,{b64encode(path.read_bytes()).decode('ascii')}"
