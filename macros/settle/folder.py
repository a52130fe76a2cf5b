"""Settle a page: a new run's folder against the recording that it would replace."""

import re
import shutil
from collections.abc import Container, Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from macros.ground import collection, commandline
from macros.ground.bindings import substitute
from macros.ground.errors import GuideError
from macros.ground.model import Block, Page, Recording
from macros.settle import (
    answer,
    capture,
    earlier,
    free_order,
    identities,
    json_output,
    matches,
    noise,
    scan,
    text_lines,
    tree,
)
from macros.settle import renaming as match
from macros.settle.declaration import Evidence, Key, Where
from macros.settle.renaming import Document, Renaming
from macros.settle.scan import Place, Side
from macros.settle.text_lines import Lines
from macros.settle.tree import Node
from macros.store import form, sums
from macros.store.repair import repair
from macros.values.lookup import lookup

_PINNED = frozenset(kind.name for kind in identities.ALL if kind.pinned)

Shared = MutableMapping[Key, str]
"""Names found on earlier pages of the same run: a MAC or an id means one thing in a lab."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two: its recordings by id, what they name, and where each was printed."""

    recordings: Mapping[str, Recording]
    scanned: Side
    places: Mapping[str, Place]


def settle(page: Page, old: Path, new: Path, out: Path, shared: Shared) -> None:
    """Write into the empty folder `out` what `new` says, in the words of `old`.

    Where there is no old recording, or it is damaged, the new one is copied as it is. `shared`
    is read and completed.
    """
    if not old.is_dir() or any(sums.problems(old)):
        for path in new.iterdir():
            if path.name != sums.NAME:
                shutil.copyfile(path, out / path.name)
        return
    with collection.paused():
        _settle(page, *_sides(page, old, new), out, shared)
    shutil.copyfile(new / "page.yml", out / "page.yml")


def _settle(page: Page, was: _Side, now: _Side, out: Path, shared: Shared) -> None:
    documents = _documents(was, now)
    renaming = Renaming()
    _begin(documents, renaming, shared)
    _name_ports(now, was, renaming)
    match.find(list(documents.values()), renaming)
    shared.update({key: old for key, old in renaming.names.items() if key[0] in _PINNED})
    alike = {
        name: document
        for name, document in documents.items()
        if _same_command(Path(name).stem, was, now)
    }
    # What else was run before it may be why a time or a counter is another.
    unmoved = earlier.unmoved(page, was.recordings, now.recordings)
    settled = {
        block_id: _answer(block_id, now, alike, renaming, fresh=block_id not in unmoved)
        for block_id in now.recordings
    }
    packets = _captures(page, now, was, renaming, unmoved)
    for recording in _bound(page, settled).values():
        form.write(out, _packets(recording, was, now, renaming, packets.get(recording.id), out))


def _same_command(block_id: str, was: _Side, now: _Side) -> bool:
    """Whether a block asked the same in both runs.

    What another command answered can tell what is called what; its noise is not this one's.
    """
    old = was.recordings.get(block_id)
    return old is not None and old.command == now.recordings[block_id].command


def _sides(page: Page, old: Path, new: Path) -> tuple[_Side, _Side]:
    read = [
        {path.stem: form.read(path, repair(page)) for path in sorted(folder.glob("*.txt"))}
        for folder in (old, new)
    ]
    twins = [
        [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))]
        for folder in (old, new)
    ]
    was, now = (
        Evidence(tuple(recordings.values()), tuple(more))
        for recordings, more in zip(read, twins, strict=True)
    )
    sides = zip(read, scan.learned(was, now), strict=True)
    old_side, new_side = (
        _Side(recordings, known, _places(page, recordings)) for recordings, known in sides
    )
    return old_side, new_side


def _places(page: Page, recordings: Mapping[str, Recording]) -> Mapping[str, Place]:
    return {key: _place(page.block(key), recording) for key, recording in recordings.items()}


def _place(block: Block | None, recording: Recording) -> Place:
    """Where a recording was printed, and what its block says of its settling."""
    # As written: a name of chance that a page binds is `$NAME` in every run.
    netns = block.netns if block else ""
    netns = netns or commandline.within(recording.command)
    place = Place(
        recording.node,
        netns,
        alone=scan.alone(Where(recording.node, netns, recording.ran)),
        printed=matches.printed(recording.ran),
    )
    if block is None:
        return place
    choice = re.compile(block.choice) if block.choice else None
    return replace(place, facts=noise.facts(block.facts), choice=choice)


def _documents(was: _Side, now: _Side) -> dict[str, Document]:
    """What is on both sides, cut: `<block>.txt` and `<block>.json`."""
    documents: dict[str, Document] = {}
    for block_id, new in now.recordings.items():
        old = was.recordings.get(block_id)
        if old is None:
            continue
        name = f"{block_id}.txt"
        documents[name] = _text(name, block_id, was, now)
        if old.twin is not None and new.twin is not None:
            name = f"{block_id}.json"
            trees = _tree(was, block_id, old.twin), _tree(now, block_id, new.twin)
            documents[name] = Document(name, *trees, same=old.twin == new.twin)
    return documents


def _text(name: str, block_id: str, was: _Side, now: _Side) -> Document:
    """An output: lines, or JSON where the tool printed that."""
    old, new = was.recordings[block_id], now.recordings[block_id]
    mine, theirs = json_output.parse(old.text), json_output.parse(new.text)
    if mine is not None and theirs is not None:
        trees = _tree(was, block_id, mine[0]), _tree(now, block_id, theirs[0])
        return Document(name, *trees, same=mine == theirs)
    printed = old.text.split("\n"), new.text.split("\n")
    fits = matches.fitting((old.text, new.text), printed)
    lines, others = (
        text_lines.read(text, side.places[block_id], side.scanned, fits)
        for text, side in zip(printed, (was, now), strict=True)
    )
    fits.forget()
    return Document(name, lines, others, old.text == new.text, free_order.free(new.ran, *printed))


def _tree(side: _Side, block_id: str, value: Any) -> Node:
    return tree.build(value, side.places[block_id], side.scanned)


def _begin(documents: Mapping[str, Document], renaming: Renaming, shared: Shared) -> None:
    """What is known before anything is compared: names that both have, and earlier pages' names."""
    old: set[Key] = set()
    new: dict[Key, None] = {}
    for document in documents.values():
        old |= document.old_keys
        new.update(dict.fromkeys(document.new_keys))
    for key in new:
        if key[0] in _PINNED and key in old:
            renaming.add(key, key[2])
    for key in new:
        value = shared.get(key)
        if value is not None and (key[0], key[1], value) in old:
            renaming.add(key, value)


def _answer(
    block_id: str,
    now: _Side,
    documents: Mapping[str, Document],
    renaming: Renaming,
    *,
    fresh: bool,
) -> Recording:
    """A block's recording with its text and its twin settled. Captures are for later.

    `fresh`: no noise of the earlier run stays.
    """
    recording = now.recordings[block_id]
    text = documents.get(f"{block_id}.txt")
    if text is None:
        return _renamed(recording, now, renaming)
    if _untouched(text, renaming):
        settled = recording
    elif isinstance(text.old, Lines) and isinstance(text.new, Lines):
        lines = answer.lines(text.old, text.new, renaming, text.free, fresh=fresh)
        settled = replace(recording, text="\n".join(lines))
    else:
        parsed = json_output.parse(recording.text)
        style = json_output.Style() if parsed is None else parsed[1]
        value = _node(text, renaming, fresh=fresh)
        settled = replace(recording, text=json_output.dump(value, style))
    twin = documents.get(f"{block_id}.json")
    if twin is not None:
        untouched = _untouched(twin, renaming)
        return settled if untouched else replace(settled, twin=_node(twin, renaming, fresh=fresh))
    if recording.twin is None:
        return settled
    return replace(settled, twin=_renamed(recording, now, renaming).twin)


def _untouched(document: Document, renaming: Renaming) -> bool:
    """Whether both sides are one to the letter, and no name in them has become another."""
    return document.same and all(
        renaming.names.get(key, key[2]) == key[2] for key in document.new_keys
    )


def _node(document: Document, renaming: Renaming, *, fresh: bool) -> Any:
    assert not isinstance(document.old, Lines)  # noqa: S101 both sides are of one sort
    assert not isinstance(document.new, Lines)  # noqa: S101
    return answer.node(document.old, document.new, renaming, fresh=fresh)


def _renamed(recording: Recording, now: _Side, renaming: Renaming) -> Recording:
    """A recording that has nothing to be compared with: only its names are settled."""
    fits = matches.fitting((recording.text,))
    printed = recording.text.split("\n")
    text = text_lines.read(printed, now.places[recording.id], now.scanned, fits)
    lines = answer.renamed_lines(text, renaming)
    twin = recording.twin
    if twin is not None:
        twin = tree.plain(_tree(now, recording.id, twin), renaming.names)
    return replace(recording, text="\n".join(lines), twin=twin)


def _bound(page: Page, settled: Mapping[str, Recording]) -> dict[str, Recording]:
    """Commands as they would have been run: a bound value is found again in a settled answer."""
    with_values = dict(settled)
    bound: dict[str, str] = {}
    for block in page.blocks:
        recording = with_values.get(block.id)
        if recording is None or block.capture is not None:
            continue
        for other in page.blocks:
            if other.id in with_values and other.capture and other.capture.during == block.id:
                with_values[other.id] = replace(
                    with_values[other.id], ran=substitute(with_values[other.id].command, bound)
                )
        ran = recording.command if block.script else substitute(recording.command, bound)
        values = dict(recording.bound)
        for name in values:
            if name in block.bind:
                try:
                    values[name] = str(lookup(recording, block.bind[name]))
                except GuideError:
                    continue  # the settled answer is not what the page expects: shown as it came
        with_values[block.id] = replace(recording, ran=ran, bound=values)
        bound |= values
    return with_values


def _name_ports(now: _Side, was: _Side, renaming: Renaming) -> None:
    """Packets tell which conversation is which; the lines that tcpdump prints do not always."""
    for block_id, new in now.recordings.items():
        old = was.recordings.get(block_id)
        if new.pcap is not None and old is not None and old.pcap is not None:
            capture.name_ports(old.pcap.read_bytes(), new.pcap.read_bytes(), renaming)


def _captures(
    page: Page, now: _Side, was: _Side, renaming: Renaming, unmoved: Container[str]
) -> dict[str, bytes | None]:
    """What each capture's file holds when it is new; None where the old one tells the same.

    What listened during one command is shown side by side, hop by hop: one of them that changed
    makes all of them new.
    """
    packets_of: dict[str, bytes | None] = {}
    during = {block.id: block.capture.during for block in page.blocks if block.capture is not None}
    keeps = {block.id: block.keep for block in page.blocks}
    changed: set[str] = set()
    for block_id, new in now.recordings.items():
        if new.pcap is None:
            continue
        packets = capture.rename(new.pcap.read_bytes(), renaming)
        old = was.recordings.get(block_id)
        packets_of[block_id] = packets
        keep = keeps.get(block_id, "")
        if (
            old is None
            or old.pcap is None
            # What a capture is kept for is named whatever its filter let through.
            or not (keep or block_id in unmoved)
            or not capture.same(old.pcap.read_bytes(), packets, keep)
        ):
            changed.add(during.get(block_id, block_id))
    return {
        block_id: packets if during.get(block_id, block_id) in changed else None
        for block_id, packets in packets_of.items()
    }


def _packets(
    recording: Recording,
    was: _Side,
    now: _Side,
    renaming: Renaming,
    packets: bytes | None,
    out: Path,
) -> Recording:
    """Write a capture's packets, new ones or the old, and what tcpdump printed of them."""
    new = now.recordings[recording.id]
    if new.pcap is None:
        return recording
    path = out / _file_name(new.pcap.name, new, now, renaming)
    if packets is None:
        old = was.recordings[recording.id]
        assert old.pcap is not None  # noqa: S101 the old one tells the same
        path.write_bytes(old.pcap.read_bytes())
        return replace(recording, text=old.text, pcap=path)
    path.write_bytes(packets)
    # tcpdump printed these packets: nothing of its text may be of others.
    return replace(recording, text=_renamed(new, now, renaming).text, pcap=path)


def _file_name(name: str, recording: Recording, now: _Side, renaming: Renaming) -> str:
    parts = scan.cut(name, now.places[recording.id], now.scanned)
    return scan.renamed(parts, renaming.names)
