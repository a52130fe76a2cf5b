"""Colours that are used together differ enough, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from tests.site.build import ROOT

CSS = (ROOT / "docs/assets/css/tokens.css").read_text()
LAYERS = ("eth", "ip", "ip2", "l4", "data", "vxlan")
GROUNDS = ("bg", "card", "card-head")


def scheme(name: str) -> dict[str, str]:
    """The --g- colours of one scheme: those of the default, replaced where slate names its own."""
    colours: dict[str, str] = {}
    for selector, body in re.findall(r"([^{}]*)\{([^{}]*)\}", CSS):
        if '"slate"' in selector and '"default"' not in selector and name == "default":
            continue
        colours |= dict(re.findall(r"--g-([a-z0-9-]+):\s*(#[0-9a-f]{6});", body))
    return colours


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG defines it."""
    parts = [int(colour[offset : offset + 2], 16) / 255 for offset in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Between 1 (the same) and 21 (black on white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT = [
    *((text, ground) for text in ("fg", "muted", "accent") for ground in GROUNDS),
    *((text, ground) for text in ("ok", "bad", "warn") for ground in GROUNDS),
    *((layer, f"{layer}-bg") for layer in LAYERS),
    *((layer, ground) for layer in LAYERS for ground in ("bg", "card")),
    *((text, f"{layer}-bg") for layer in LAYERS for text in ("fg", "muted")),
    *(("fg", f"v{n}") for n in (1, 2, 3, 4)),
    *((text, "code") for text in ("fg", "accent", "muted")),
    ("bg", "accent"),
    # Ways: numbers of rules, what was rewritten, the endpoint that chance chose.
    ("card", "accent"),
    ("ok", "ip-bg"),
    ("ip", "l4-bg"),
]
LINES = [
    *((f"v{n}-line", f"v{n}") for n in (1, 2, 3, 4)),
    *(("line-strong", ground) for ground in GROUNDS),
    *((layer, f"{layer}-bg") for layer in LAYERS),
    # A way over a drawing.
    *(("accent", ground) for ground in ("card", "card-head", "ip-bg", "data-bg", "l4-bg")),
]


@pytest.mark.parametrize("name", ["default", "slate"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (LINES, 3.0)], ids=["text", "lines"])
def test_colours_used_together_differ_enough(
    name: str, pairs: list[tuple[str, str]], least: float
) -> None:
    colours = scheme(name)
    weak = {
        f"--g-{first} on --g-{second}": round(contrast(colours[first], colours[second]), 2)
        for first, second in pairs
        if contrast(colours[first], colours[second]) < least
    }
    assert not weak


def test_the_dark_scheme_replaces_every_colour() -> None:
    light, dark = scheme("default"), scheme("slate")
    assert [name for name in light if light[name] == dark[name]] == []


def test_known_contrasts() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("sheet", ["site", "block", "packet", "topology"])
def test_only_tokens_name_colours(sheet: str) -> None:
    path = ROOT / f"docs/assets/css/{sheet}.css"
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) if path.exists() else ""
    values = re.findall(r":\s*([^;{}]*);", text)
    named = [
        v for v in values if re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\b(white|black)\b", v)
    ]
    assert [v for v in named if "rgb(0 0 0 /" not in v] == []
