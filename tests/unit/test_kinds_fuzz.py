"""Outputs made to break what reads them: never a traceback, no fact hidden, text and JSON alike.

`make fuzz` looks for an hour; FUZZ_EXAMPLES= is how many of each.
"""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from macros.ground.errors import GuideError
from macros.kinds import registry
from tests.unit.compare_support import between
from tests.unit.fuzz_support import fuzzed
from tests.unit.settle_support import recording, settle_text

FOREIGN = Path(__file__).parents[1] / "foreign"
SEEDS = [
    (case["command"], case["text"])
    for case in (
        yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOREIGN.glob("*/*.yml"))
    )
    if case["text"]
]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str, str]:
    """A command, what it printed, and that with lines and words lost, doubled, moved or changed."""
    command, text = draw(st.sampled_from(SEEDS))
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(lines) - 1))
        words = re.split(r"(\s+)", lines[index])
        word = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(("line", "twice", "moved", "cut", "word", "junk", "blank"))):
            case "line" if len(lines) > 1:
                del lines[index]
            case "twice":
                lines.insert(index, lines[index])
            case "moved":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(index))
            case "cut":
                lines[index] = lines[index][: draw(st.integers(0, len(lines[index])))]
            case "word":
                del words[word]
                lines[index] = "".join(words)
            case "blank":
                lines[index] = ""
            case _:
                words[word] = draw(st.text(max_size=6).filter(lambda one: "\n" not in one))
                lines[index] = "".join(words)
    return command, text, "\n".join(lines)


@fuzzed
@given(mutated())
def test_what_does_not_read_is_refused_and_compared_as_text(made: tuple[str, str, str]) -> None:
    command, text, other = made
    with contextlib.suppress(GuideError):
        registry.read(command, other)
    assert between(recording("a", other, command), recording("a", other, command)) == []
    between(recording("a", text, command), recording("a", other, command))


@fuzzed
@given(st.sampled_from(SEEDS), st.data())
def test_a_word_of_no_form_is_told_and_never_settled_away(
    seed: tuple[str, str], data: st.DataObject
) -> None:
    command, text = seed
    places = [match.span() for match in re.finditer(r"[A-Za-z0-9./:]+", text)]
    start, end = data.draw(st.sampled_from(places))
    other = f"{text[:start]}Quux{text[end:]}"
    with TemporaryDirectory() as folder:
        settled = settle_text(Path(folder), text, other, command)
    assert "Quux" in settled
    assert between(recording("a", text, command), recording("a", settled, command))


_ADDRESSES = st.integers(1, 254).map(lambda byte: f"10.42.0.{byte}")
_DEVICES = st.sampled_from(("eth0", "eth1", "cni0", "flannel.1", "br-218f5e637867"))


@st.composite
def routes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A route as `ip route` prints it (iproute2, ip/iproute.c, print_route), and as its JSON."""
    route: dict[str, Any] = {}
    kind = draw(st.sampled_from(("", "", "local", "blackhole", "unreachable")))
    if kind:
        route["type"] = kind
    route["dst"] = draw(st.sampled_from(("default", "10.43.0.0/16", "192.0.2.9", "10.42.1.0/24")))
    options = {
        "tos": st.sampled_from(("0x10", "0x04")),
        "gateway": _ADDRESSES,
        "dev": _DEVICES,
        "table": st.sampled_from(("100", "vrf")),
        "protocol": st.sampled_from(("kernel", "bird", "static", "80")),
        "scope": st.sampled_from(("link", "host", "nowhere")),
        "prefsrc": _ADDRESSES,
        "metric": st.integers(1, 2000),
    }
    words = {"gateway": "via", "protocol": "proto", "prefsrc": "src"}
    for key, values in options.items():
        if draw(st.booleans()):
            route[key] = draw(values)
    text = " ".join(
        ([kind] if kind else [])
        + [route["dst"]]
        + [f"{words.get(key, key)} {route[key]}" for key in options if key in route]
    )
    return f"{text} ", {**route, "flags": []}


@fuzzed
@given(st.lists(routes(), min_size=1, max_size=4))
def test_routes_are_read_from_text_as_from_json(made: list[tuple[str, dict[str, Any]]]) -> None:
    text = "".join(f"{line}\n" for line, _ in made)
    read = registry.read("ip route", text)
    told = registry.read("ip route", "", [twin for _, twin in made])
    for answer, truth in zip(read, told, strict=True):
        for name in ("destination", "via", "dev", "metric", "table", "type", "tos", "src"):
            assert str(getattr(answer, name, None)) == str(getattr(truth, name, None)), name


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A neighbour as `ip neigh` prints it (iproute2, ip/ipneigh.c, print_neigh)."""
    entry: Mapping[str, Any] = {
        "dst": draw(_ADDRESSES),
        "dev": draw(_DEVICES),
        "lladdr": draw(st.sampled_from((None, "02:00:00:00:00:01", "aa:bb:cc:dd:ee:fa"))),
        "router": draw(st.booleans()),
        "state": draw(st.sampled_from(("REACHABLE", "STALE", "FAILED", "PERMANENT", "NOARP"))),
    }
    text = f"{entry['dst']} dev {entry['dev']} "
    text += f"lladdr {entry['lladdr']} " if entry["lladdr"] else ""
    text += "router " if entry["router"] else ""
    twin = {key: entry[key] for key in ("dst", "dev", "lladdr") if entry[key]}
    twin |= {"router": None} if entry["router"] else {}
    return f"{text}{entry['state']} ", {**twin, "state": [entry["state"]]}


@fuzzed
@given(st.lists(neighbours(), min_size=1, max_size=4, unique_by=lambda one: one[1]["dst"]))
def test_neighbours_are_read_from_text_as_from_json(
    made: list[tuple[str, dict[str, Any]]],
) -> None:
    command = "ip neigh"
    text = "".join(f"{line}\n" for line, _ in made)
    twin = [entry for _, entry in made]
    assert between(recording("a", text, command), recording("a", text, command)) == []
    read, told = registry.read(command, text), registry.read(command, "", twin)
    assert len(read) == len(told) == len(made)
    for answer, truth in zip(read, told, strict=True):
        assert (
            answer
            if isinstance(answer, str)
            else (answer.address, answer.dev, answer.mac, answer.state)
        ) == (
            truth if isinstance(truth, str) else (truth.address, truth.dev, truth.mac, truth.state)
        )
