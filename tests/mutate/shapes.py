"""Changes of facts that have the shape of a name, or of noise: none of them may be settled away."""

import re
from collections.abc import Iterator
from random import Random

from tests.mutate import harmless
from tests.mutate.changes import texts
from tests.mutate.files import Candidate, Difference, Run

_CHOSEN = r"(3[3-9]\d{3}|[45]\d{4}|60\d{3})(?!\d)"
_SERVES = (
    rf"LISTEN +\d+ +\d+ +\S*:{_CHOSEN}",
    rf"--to-destination [\d.]+:{_CHOSEN}",
    rf"--to-ports {_CHOSEN}",
    rf"--dport {_CHOSEN}",
    rf"\bdnat to [\d.]+:{_CHOSEN}",
    rf"\blistening port: {_CHOSEN}",
    rf"\b(?:endpoint:|server) [\d.]+:{_CHOSEN}",
    rf"^\w.*? sport=\d+ dport={_CHOSEN}.*? sport=",
    rf"\s{_CHOSEN}/(?:TCP|UDP)\b",
)
_WORDS = ("pgsql", "mssql", "http2", "xhtml", "grpc4")


def listeners(run: Run) -> Iterator[Candidate]:
    """A port in the kernel's range that something listens on, or is sent to."""
    for pattern in _SERVES:
        yield from texts(run, pattern, lambda rng, _old: str(rng.randrange(33000, 60999)))


def names(run: Run) -> Iterator[Candidate]:
    """A name of somebody's choosing that ends in five letters of Kubernetes' alphabet."""
    pattern = rf"(?<=[a-z]-)({'|'.join(_WORDS)})(?![\w-])"
    yield from texts(
        run, pattern, lambda rng, old: rng.choice([word for word in _WORDS if word != old])
    )


def computed_macs(run: Run) -> Iterator[Candidate]:
    """The last byte of a MAC that is computed from an address."""
    pattern = r"\b(?:0a:58|02:42:ac):(?:[0-9a-f]{2}:){2,3}([0-9a-f]{2})\b"
    yield from texts(
        run, pattern, lambda rng, old: f"{(int(old, 16) + rng.randrange(1, 255)) % 256:02x}"
    )


def ruled_macs(run: Run) -> Iterator[Candidate]:
    """A MAC that stands in rules alone is another one, everywhere, of the form that it had."""
    for mac in sorted(harmless.ruled_macs(run)):

        def change(rng: Random, mac: str = mac) -> Difference:
            other = mac[:9] + ":".join(f"{rng.randrange(256):02x}" for _ in range(3))
            files = {
                name: raw
                for name, raw in harmless.rename_macs(run, {mac: other}).items()
                if raw != run.files[name]
            }
            return Difference(files, ", ".join(files), mac, other)

        yield Candidate(run, change)


def lines_swapped(run: Run) -> Iterator[Candidate]:
    """Two lines of an output of no kind change places."""
    for name, text, begin in run.printed():
        if not run.folder.name.startswith("undeclared") or not name.endswith(".txt"):
            continue
        lines = text[begin:].split("\n")
        for index in range(len(lines) - 1):
            upper_line, lower_line = lines[index : index + 2]
            if (
                upper_line.strip()
                and lower_line.strip()
                and re.sub(r"\W", "", upper_line) != re.sub(r"\W", "", lower_line)
            ):
                mixed = "\n".join([*lines[:index], lower_line, upper_line, *lines[index + 2 :]])
                files = {name: (text[:begin] + mixed).encode()}
                difference = Difference(files, f"{name}:{index}", upper_line, lower_line)

                def change(_rng: Random, found: Difference = difference) -> Difference:
                    return found

                yield Candidate(run, change)


KINDS = {
    "listener's port": listeners,
    "name of five letters": names,
    "computed MAC": computed_macs,
    "MAC in rules alone": ruled_macs,
    "lines swapped": lines_swapped,
}
