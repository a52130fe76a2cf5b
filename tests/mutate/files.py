"""A page's recording as a set of files, and a new run made from it."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from macros.ground.model import Page
from macros.settle import folder as settle_page
from macros.store import form, sums

_RULE = "\n---\n"


@dataclass(frozen=True)
class Run:
    """One page's files by name (page.yml and SHA256SUMS are not among them)."""

    page: Page
    folder: Path
    files: Mapping[str, bytes]

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Every .txt, its head included, and every .json."""
        return {name: raw.decode() for name, raw in self.files.items() if _is_text(name)}

    @cached_property
    def text_of(self) -> Mapping[str, str]:
        """By its .pcap, the .txt of a capture: its head names the packets."""
        named = {}
        for name, text in self.texts.items():
            for line in text.partition(_RULE)[0].split("\n") if name.endswith(".txt") else ():
                if line.startswith("pcap: "):
                    named[line[6:]] = name
        return named

    @cached_property
    def captures(self) -> frozenset[str]:
        """The .txt of captures: what they print is derived from their packets."""
        return frozenset(self.text_of.values())

    @cached_property
    def kept(self) -> Mapping[str, str]:
        """By the .pcap of a capture that is for one message, the words of that (`keep=`)."""
        keeps = {f"{block.id}.txt": block.keep for block in self.page.blocks if block.keep}
        return {pcap: keeps[name] for pcap, name in self.text_of.items() if name in keeps}

    def body(self, name: str) -> int:
        """Where the output begins in a .txt; 0 in a .json."""
        return self.texts[name].index(_RULE) + len(_RULE) if name.endswith(".txt") else 0

    def printed(self) -> Iterator[tuple[str, str, int]]:
        """Each .txt that is no capture's and each .json: name, text, where its output begins."""
        for name, text in self.texts.items():
            if name not in self.captures:
                yield name, text, self.body(name)

    def command(self, name: str) -> str:
        """The command as it was run, of a .txt; all of its head where it was run as written."""
        head = self.texts[name].partition(_RULE)[0]
        return next((line[5:] for line in head.split("\n") if line.startswith("ran: ")), head)


@dataclass(frozen=True, slots=True)
class Difference:
    """A new run's files that differ from the old one's, and in short what was done."""

    files: Mapping[str, bytes]
    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where something can be changed. `make` changes it."""

    run: Run
    make: Callable[[Random], Difference | None]


def load(page: Page, folder: Path) -> Run:
    """Read a page's recording."""
    skipped = {"page.yml", sums.NAME}
    files = {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name not in skipped}
    return Run(page, folder, files)


def settle(run: Run, changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """Settle the run with `changed` files in it against the run as it is; the files that result."""
    with tempfile.TemporaryDirectory(prefix="guide-mutate-") as name:
        new, out = Path(name) / "new", Path(name) / "out"
        new.mkdir()
        out.mkdir()
        for file, raw in {**run.files, **changed}.items():
            (new / file).write_bytes(raw)
        (new / "page.yml").write_bytes((run.folder / "page.yml").read_bytes())
        settle_page.settle(run.page, run.folder, new, out, {})
        return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "page.yml"}


def dump(value: Any) -> str:
    """JSON in the recordings' form."""
    return form.dump_json(value).decode()


def parsed(text: str) -> Any:
    """JSON read."""
    return json.loads(text)


def beside_wishes(name: str, text: str, change: Callable[[str], str]) -> str:
    """A text after `change`, which does not see what is in a `spec`, if it is JSON.

    "What an author wished for is no noise and no name by its key."
    """
    if not name.endswith(".json") or '"spec": ' not in text:
        return change(text)
    wishes: dict[str, Any] = {}
    return dump(_with_wishes(parsed(change(dump(_without_wishes(parsed(text), wishes)))), wishes))


def _without_wishes(value: Any, wishes: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_without_wishes(inner, wishes) for inner in value]
    if not isinstance(value, dict):
        return value
    beside = {}
    for key, inner in value.items():
        if key == "spec":
            beside[key] = f"wish {len(wishes)}"
            wishes[beside[key]] = inner
        else:
            beside[key] = _without_wishes(inner, wishes)
    return beside


def _with_wishes(value: Any, wishes: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with_wishes(inner, wishes) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: wishes[inner] if key == "spec" else _with_wishes(inner, wishes)
        for key, inner in value.items()
    }


def line_of(text: str, at: int) -> int:
    """The number of the line that holds an offset."""
    return text.count("\n", 0, at) + 1


def _is_text(name: str) -> bool:
    return name.endswith((".txt", ".json"))


def port_of(rule: str) -> tuple[str, ...] | None:
    """The protocol and port of the Service that a rule of KUBE-NODEPORTS is for."""
    match = re.match(r"-A KUBE-NODEPORTS (?:-s \S+ )?-p (\w+) .*--dport (\d+)(?![:\d])", rule)
    return match.groups() if match else None


def served(rule: str) -> tuple[str, ...] | None:
    """The address, protocol and port of the Service that a rule of KUBE-SERVICES is for."""
    match = re.match(
        r"-A KUBE-SERVICES -d (\S+/(?:32|128)) -p (\w+) .*--dport (\d+)(?![:\d])", rule
    )
    return match.groups() if match else None
