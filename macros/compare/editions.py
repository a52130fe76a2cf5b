"""Recording x recording -> changes: blocks, pages, whole editions."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from macros.compare import chosen, mac_forms, outputs
from macros.compare.change import Change, joined, said
from macros.ground import collection, safe_yaml
from macros.ground.errors import GuideError
from macros.ground.model import Page, PageRecording, Recording
from macros.settle import noise
from macros.store import form, reader

Blocks: TypeAlias = Mapping[str, Recording]


class Purpose(NamedTuple):
    """What a page says of a block's answer: what a capture is for, what may come another way.

    `facts` are the kinds of noise that are facts in it.
    """

    keep: str = ""
    choice: str = ""
    facts: frozenset[str] = frozenset()


Purposes: TypeAlias = Mapping[tuple[str, str], Purpose]
"""By page and block."""


def purposes(planned: Iterable[Page]) -> Purposes:
    """What these pages say of their blocks."""
    return {
        (page.key, block.id): Purpose(block.keep, block.choice, noise.facts(block.facts))
        for page in planned
        for block in page.blocks
    }


@dataclass(frozen=True, slots=True)
class Recorded:
    """An edition as its folder has it: the pages recorded in it, by key, and its versions."""

    name: str
    folder: Path
    pages: tuple[str, ...]
    meta: Mapping[str, Any]

    @property
    def versions(self) -> Mapping[str, str]:
        """What ran, and in which version; empty for a folder without edition.yml."""
        return dict(self.meta.get("versions") or {})

    def blocks(self, key: str) -> Blocks:
        """The recordings of a page by block; none where it is not recorded here."""
        return page(self.folder / key).blocks if key in self.pages else {}


def edition(folder: Path) -> Recorded:
    """Read an edition's own file. GuideError where the folder holds no recordings."""
    pages = tuple(sorted(path.parent.name for path in folder.glob("*/page.yml")))
    if not pages and not (folder / "edition.yml").is_file():
        raise GuideError(
            f"{reader.shown(folder)} holds no recordings",
            fix="guide edition list says which there are",
        )
    path = folder / "edition.yml"
    try:
        meta = safe_yaml.load(path.read_bytes()) if path.is_file() else {}
    except safe_yaml.YAMLError as error:
        raise GuideError(f"{reader.shown(path)} is broken: {error}") from error
    return Recorded(folder.name, folder, pages, meta or {})


def compare(old: Recorded, new: Recorded, keeps: Purposes | None = None) -> Iterator[Change]:
    """All changes from one edition to another: versions, pages, blocks."""
    for name in dict.fromkeys((*old.versions, *new.versions)):
        was, now = old.versions.get(name, ""), new.versions.get(name, "")
        if was != now:
            what = f"{name} {was} -> {now}" if was and now else f"{name} {was or now}"
            word = "" if was and now else " gone" if was else " new"
            yield said("version", name, f"{what}{word}", was, now)
    # Of two editions neither is what became of the other: they need not have the same pages.
    apart = old.name != new.name
    for key in dict.fromkeys((*old.pages, *new.pages)):
        if key not in new.pages:
            word = f"is in {old.name} only" if apart else "has no recordings any more"
            yield replace(said("page", key, f"page {key} {word}"), page=key)
        elif key not in old.pages:
            word = f"is in {new.name} only" if apart else "is newly recorded"
            whole = said("page", key, f"page {key} {word}")
            yield replace(whole, page=key, outputs=_outputs(page(new.folder / key)))
        else:
            yield from pages(page(old.folder / key), page(new.folder / key), keeps=keeps)


def _outputs(recorded: PageRecording) -> str:
    """A hash over what the page's blocks were asked and answered."""
    digest = hashlib.sha256()
    for block in recorded.blocks.values():
        asked, answered = (block.id, block.node, block.ran), (block.exit, block.text, block.twin)
        digest.update(repr((asked, answered)).encode())
        digest.update(b"" if block.pcap is None else block.pcap.read_bytes())
    return digest.hexdigest()


def page(folder: Path) -> PageRecording:
    """The recordings in a page's folder, whether or not docs/ has the page."""
    meta = safe_yaml.load((folder / "page.yml").read_bytes())
    fix = f"git checkout -- {reader.shown(folder)}"
    return PageRecording(
        key=folder.name,
        folder=folder,
        recorded=str(meta.get("recorded", "")),
        lab=str(meta.get("lab", "")),
        nodes=tuple(meta.get("nodes") or ()),
        blocks={path.stem: form.read(path, fix) for path in sorted(folder.glob("*.txt"))},
    )


def pages(
    old: PageRecording, new: PageRecording, *, keeps: Purposes | None = None
) -> Iterator[Change]:
    """All changes of a page, block by block."""
    key = new.key
    if old.nodes != new.nodes:
        was, now = ", ".join(old.nodes), ", ".join(new.nodes)
        yield replace(said("page", key, f"nodes of {key}: {was} -> {now}", was, now), page=key)
    forms = mac_forms.forms(old, new)
    said_at = [_said_at(side) for side in (old, new)]
    for name in dict.fromkeys((*old.blocks, *new.blocks)):
        before, after = old.blocks.get(name), new.blocks.get(name)
        if before is None and after is not None:
            changes = [said("block", name, f"block {name} new: {after.command}", "", after.text)]
        elif after is None and before is not None:
            changes = [said("block", name, f"block {name} gone: {before.command}", before.text, "")]
        elif before is not None and after is not None:
            meant = (keeps or {}).get((key, name), Purpose())
            after = chosen.as_before(before, after, meant.choice, (said_at[0], said_at[1]))
            changes = list(joined(blocks(before, after, forms, meant)))
        for change in changes:
            yield replace(change, page=key, block=name)


def _said_at(page: PageRecording) -> list[str]:
    """All that a page's answers say."""
    said_there = [block.text for block in page.blocks.values()]
    twins = (block.twin for block in page.blocks.values() if block.twin is not None)
    return [*said_there, *(json.dumps(twin, indent=1, ensure_ascii=False) for twin in twins)]


def blocks(
    old: Recording, new: Recording, forms: mac_forms.Forms, meant: Purpose | None = None
) -> Iterator[Change]:
    """All changes of one block; `meant` is what its page says of it."""
    with collection.paused():
        changes = list(_blocks(old, new, forms, meant or Purpose()))
    yield from changes


def _blocks(
    old: Recording, new: Recording, forms: mac_forms.Forms, meant: Purpose
) -> Iterator[Change]:
    for word, was, now in (
        ("node", old.node, new.node),
        ("command", old.command, new.command),
        ("exit code", str(old.exit), str(new.exit)),
    ):
        if was != now:
            kind = "exit" if word == "exit code" else "block"
            yield said(kind, word, f"{word} {was} -> {now}", was, now)
    if old.command == new.command and old.ran != new.ran:
        yield said("block", "command", f"it ran as {new.ran}, not {old.ran}", old.ran, new.ran)
    yield from forms.changes(old)
    before = forms.recording(old)
    if (old.pcap is None) != (new.pcap is None):
        word = "gone" if new.pcap is None else "new"
        yield said("packets", "capture", f"capture {word}")
    elif old.pcap is not None and new.pcap is not None:
        yield from _captures(old, before, new, forms, meant.keep)
        return
    if before.text != new.text or before.twin != new.twin:
        yield from outputs.compare(before, new, meant.facts)


def _captures(
    old: Recording, renamed: Recording, new: Recording, forms: mac_forms.Forms, keep: str
) -> Iterator[Change]:
    """Packets, and what tcpdump printed of them where they are the same.

    It prints segments: its lines say nothing where messages are compared, or one of them.
    """
    if old.pcap is None or new.pcap is None:
        return
    changes: list[Change] = []
    segments = True
    same = old.pcap.read_bytes() == new.pcap.read_bytes()
    if not same:
        from macros.compare import captures  # noqa: PLC0415 scapy takes half a second to load

        changes = list(captures.compare(old.pcap, new.pcap, forms.text, keep))
        yield from changes
        segments = not keep and not captures.decoded(old.pcap)
    if segments and not changes and renamed.text != new.text:
        yield from outputs.lines(renamed.text, new.text, often=same)
