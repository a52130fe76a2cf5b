"""The little SVG that the drawings need: escaped tags, and lines of text with a known width."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

# Advance widths in px. The monospaced fonts of the guide are 0.6 em wide (JetBrains Mono; DejaVu
# Sans Mono 0.602); of the proportional one this is a generous average, so that text fits its box
# with other fonts, too.
_MONO, _SANS = 0.602, 0.6
_STYLES = {
    "name": 13 * _MONO,
    "index": 11 * _MONO,
    "ip": 12 * _MONO,
    "mac": 11 * _MONO,
    "mono": 11 * _MONO,
    "title": 14 * _SANS,
    "note": 11 * _SANS,
    "state": 11 * _SANS,
}
LINE_HEIGHT = 16


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style (a class of topology.css). `key` marks it as a value (data-v)."""

    text: str
    style: str
    key: str = ""
    new: bool = False

    @property
    def width(self) -> float:
        """In px, as far as it can be known without a browser."""
        return len(self.text) * _STYLES[self.style]


Line = tuple[Run, ...]


def width(lines: Iterable[Line]) -> float:
    """The width of the widest line in px."""
    return max((sum(run.width for run in line) for line in lines), default=0)


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element. `class_` and the like lose their underscore, `data_near` becomes data-near."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        text = number(value) if isinstance(value, float) else str(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    inside = "".join(children)
    return f"<{' '.join(parts)}>{inside}</{name}>" if inside else f"<{' '.join(parts)}/>"


def number(value: float) -> str:
    """A coordinate with at most one decimal, written the same everywhere."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0") if value else "0"


def text_lines(lines: Iterable[Line], x: float, y: float, *, centred: bool = False) -> str:
    """Lines of text, the first with its baseline at `y`."""
    shown = []
    for row, line in enumerate(lines):
        spans = "".join(_tspan(run) for run in line)
        anchor = "middle" if centred else None
        position = {"x": float(x), "y": float(y + row * LINE_HEIGHT)}
        shown.append(f"{tag('text', spans, **position, text_anchor=anchor)}")
    return "".join(shown)


def path(points: Iterable[tuple[float, float]], radius: float = 8) -> str:
    """The `d` of a line along right-angled points, its corners rounded."""
    spots = list(points)
    steps = [f"M{number(spots[0][0])} {number(spots[0][1])}"]
    for before, here, after in zip(spots, spots[1:], spots[2:], strict=False):
        r = min(radius, _distance(before, here) / 2, _distance(here, after) / 2)
        steps.append(f"L{_point(_toward(here, before, r))}")
        steps.append(f"Q{_point(here)} {_point(_toward(here, after, r))}")
    steps.append(f"L{_point(spots[-1])}")
    return "".join(steps)


def _tspan(run: Run) -> str:
    classes = f"{run.style}{' is-new' if run.new else ''}"
    text = escape(run.text)
    # The mark is an element of its own: macros.figures.marks takes it off what occurs only once.
    marked = f'<tspan class="v" data-v="{escape(run.key)}">{text}</tspan>' if run.key else text
    return f'<tspan class="{classes}">{marked}</tspan>'


def _point(spot: tuple[float, float]) -> str:
    return f"{number(spot[0])} {number(spot[1])}"


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _toward(a: tuple[float, float], b: tuple[float, float], by: float) -> tuple[float, float]:
    distance = _distance(a, b)
    if not distance:
        return a
    return a[0] + (b[0] - a[0]) * by / distance, a[1] + (b[1] - a[1]) * by / distance
