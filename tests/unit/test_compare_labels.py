"""What two outputs have alike is left out unread, and that changes nothing in what is said."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
import yaml

from macros.compare import outputs
from macros.ground.model import Recording
from macros.ground.places import CHECKOUT as ROOT
from macros.kinds import registry
from macros.store import form
from tests.unit.compare_support import between
from tests.unit.settle_support import recording

KINDS = [kind.name for kind in registry.KINDS if kind.labels is not None]
TABLE = "NAMESPACE  NAME   READY  AGE\na          web-1  1/1    3h\na          web-2  1/1    3h\n"
OTHER = "b          web-1  1/1    3h\nb          db     0/1    5m\n"
SOCKETS = (
    "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
    "tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*\n\t cubic cwnd:10\n"
    "udp   UNCONN 0      0            0.0.0.0:22        0.0.0.0:*\n"
    "tcp   ESTAB  0      0          192.0.2.1:22      192.0.2.2:40000\n\t cubic cwnd:10\n"
)
MADE = [
    recording("a", TABLE + OTHER, "kubectl get pods -A"),
    recording("a", f"{TABLE}\n{TABLE}", "kubectl get pods -A"),
    recording(
        "a", "NAME   READY\nweb-1  1/1\nweb-2  0/1\n\nNAME  TYPE\nx     y\n", "kubectl get a,b"
    ),
    recording("a", SOCKETS, "ss -tuan"),
]


def _outputs() -> dict[str, list[Recording]]:
    """Outputs of each kind that says what its lines belong to."""
    every = [*MADE]
    every += [form.read(path, "") for path in sorted((ROOT / "recordings").glob("*/*/*.txt"))]
    for path in sorted((ROOT / "tests" / "foreign").glob("*/*.yml")):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        every.append(recording("a", case["text"], case["command"]))
    by_kind: dict[str, list[Recording]] = {name: [] for name in KINDS}
    for answer in every:
        kind = registry.kind_of(answer.ran)
        if kind is not None and kind.labels is not None and answer.pcap is None:
            by_kind[kind.name].append(replace(answer, twin=None))
    return by_kind


OUTPUTS = _outputs()


def _another(lines: list[str], rng: Random) -> list[str]:
    """The lines with something else in them."""
    changed = [*lines]
    index = rng.randrange(len(lines))
    words = lines[index].split(" ")
    theirs = rng.choice(lines).split(" ")
    words[rng.randrange(len(words))] = rng.choice(theirs)
    match rng.randrange(6):
        case 0:
            del changed[index]
        case 1:
            changed.insert(rng.randrange(len(lines)), lines[index])
        case 2:
            changed[index] = rng.choice(lines)
        case 3:
            changed[index] = lines[index].replace(" ", "  ", 1)
        case 4:
            rng.shuffle(changed)
        case _:
            changed[index] = " ".join(words)
    return changed


def _pairs(name: str) -> Iterator[tuple[Recording, Recording]]:
    rng = Random(name)  # noqa: S311 no secret
    for output in OUTPUTS[name]:
        lines = output.text.split("\n")
        for _ in range(max(6, 240 // len(OUTPUTS[name]))):
            new = _another(lines, rng)
            if rng.random() < 0.3:
                new = _another(new, rng) if new else new
            yield output, replace(output, text="\n".join(new))


def _as_they_are(old: Recording, new: Recording) -> tuple[Recording, Recording]:
    return old, new


# Of rules and of BIRD's routes, lines in no form are left out too where both sides have them.
@pytest.mark.parametrize("name", [name for name in KINDS if name not in {"rules", "bird-routes"}])
def test_nothing_else_is_said_where_all_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = list(_pairs(name))
    assert pairs
    short = [between(*pair) for pair in pairs]
    monkeypatch.setattr(outputs, "_differing", _as_they_are)
    for summary, pair in zip(short, pairs, strict=True):
        assert summary == between(*pair), pair[1].text


@pytest.mark.parametrize("name", KINDS)
def test_little_is_read_of_what_is_alike(name: str) -> None:
    left_out: list[int] = []
    for old, new in _pairs(name):
        shorter, _ = outputs._differing(old, new)
        left_out.append(len(old.text) - len(shorter.text))
    assert max(left_out) > 50
