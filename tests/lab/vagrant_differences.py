"""What recordings under Vagrant's Docker provider have otherwise than the edition's, each by a cause.

`python -m tests.lab.vagrant_differences LAB` records chapter 2 on a lab that is up, into a folder that
is thrown away, and writes tests/data/vagrant/differences.md anew.
"""

import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from macros.cli.settings import guide_of_checkout
from macros.compare import editions
from macros.lab import providers
from macros.lab.lab import Lab
from macros.rebuild import recording
from macros.rebuild import transcripts as settled
from macros.store.guide import Guide

DATA = Path(__file__).parent.parent / "data" / "vagrant"
COMMITTED = DATA / "differences.md"
PAGES = ("by-hand", "docker")

_MASKS = (
    # Numbers by which the machine outside counts its own cards and namespaces.
    (re.compile(r"(index of the other end of eth\d new: )\d+"), r"\1N"),
    (re.compile(r"\b40265\d{5}\b"), "N"),
    # How much the window has opened by the second packet.
    (re.compile(r"(window \(TCP\) of .*: \d+ -> )\d+"), r"\1N"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One change, what would differ on the next run masked, and the blocks that have it."""

    what: str
    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some of the differences are there."""

    title: str
    text: str
    patterns: tuple[re.Pattern[str], ...]


def causes() -> list[Cause]:
    """Those of causes.toml, in its order."""
    read = tomllib.loads((DATA / "causes.toml").read_text(encoding="utf-8"))
    return [
        Cause(
            entry["title"],
            entry["text"].strip(),
            tuple(re.compile(pattern) for pattern in entry["patterns"]),
        )
        for entry in read["cause"]
    ]


def record(lab: Lab, folder: Path, pages: Sequence[str] = PAGES) -> editions.Recorded:
    """Record pages into `folder`, settled against the edition's recordings of them."""
    guide = guide_of_checkout()
    before, after = guide.recordings / guide.edition_name, folder / guide.edition_name
    after.mkdir(parents=True)
    for page in pages:
        shutil.copytree(before / page, after / page)
    for name in ("edition.yml", "SHA256SUMS"):
        shutil.copy(before / name, after)
    # The person's own kept runs stay as they are.
    with mock.patch.object(settled, "transcripts", return_value=folder / "transcripts"):
        recording.record(
            lab,
            [guide.pages[page] for page in pages],
            folder,
            guide.edition_name,
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )
    return editions.edition(after)


def differences(recorded: editions.Recorded) -> list[Difference]:
    """What `recorded` has otherwise than the edition, in a fixed order."""
    guide = guide_of_checkout()
    known = editions.edition(guide.recordings / guide.edition_name)
    by_change: dict[str, list[str]] = {}
    for page in recorded.pages:
        pair = (editions.page(edition.folder / page) for edition in (known, recorded))
        for change in editions.pages(*pair):
            what = " ".join(change.what.split())
            for pattern, instead in _MASKS:
                what = pattern.sub(instead, what)
            blocks = by_change.setdefault(what, [])
            block = f"{change.page}#{change.block}"
            if block not in blocks:
                blocks.append(block)
    return [Difference(what, tuple(sorted(blocks))) for what, blocks in sorted(by_change.items())]


def unexplained(found: Iterable[Difference]) -> list[Difference]:
    """Differences that no cause explains."""
    known = causes()
    return [
        difference
        for difference in found
        if not any(_explains(cause, difference) for cause in known)
    ]


def written(found: Sequence[Difference], linux: str, guide: Guide) -> str:
    """The list as Markdown: by cause, each difference with its blocks."""
    lines = [
        "# What differs under Vagrant's Docker provider",
        "",
        "Made by `python -m tests.lab.vagrant_differences`; not edited by hand. Causes are in",
        "`causes.toml`. Chapter 2, recorded in containers and settled against the edition",
        f"{guide.edition_name}; the machine outside had Linux {linux}. N stands for numbers that the",
        "next run has otherwise.",
    ]
    rest = list(found)
    for cause in causes():
        explained = [difference for difference in rest if _explains(cause, difference)]
        rest = [difference for difference in rest if difference not in explained]
        lines += ["", f"## {cause.title}", "", cause.text, ""]
        lines += [
            f"- `{difference.what}`: {', '.join(difference.blocks)}" for difference in explained
        ]
    return "\n".join(lines) + "\n"


def _explains(cause: Cause, difference: Difference) -> bool:
    return any(pattern.match(difference.what) for pattern in cause.patterns)


def main(name: str) -> int:
    """Record, compare, write; exit code 1 where something has no cause."""
    lab = providers.find(name)
    with tempfile.TemporaryDirectory() as folder:
        reading = differences(record(lab, Path(folder)))
    for difference in (left := unexplained(reading)):
        print(f"no cause: {difference.what}: {', '.join(difference.blocks)}")
    text = written(reading, lab.versions["Linux"], guide_of_checkout())
    COMMITTED.write_text(text, encoding="utf-8")
    print(f"{len(reading)} differences, {len(left)} of them without a cause: {COMMITTED}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
