"""Settle a page: a new run's folder against the recording that it would replace."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from macros.errors import GuideError
from macros.lookup import lookup
from macros.model import Page, Recording
from macros.names import substitute
from macros.render.netns import of_command
from macros.settle import answer, capture, identities, match, order, printed, scan, tree
from macros.settle.match import Document, Lines, Renaming
from macros.settle.scan import Key, Names, Place
from macros.settle.tree import Node
from macros.store import form, read, sums

_PINNED = frozenset(kind.name for kind in identities.ALL if kind.pinned)

Shared = MutableMapping[Key, str]
"""Names found on earlier pages of the same run: a MAC or an id means one thing in a lab."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two: its recordings by id, and what they name."""

    recordings: Mapping[str, Recording]
    names: Names


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
    was, now = _side(old, page.key), _side(new, page.key)
    documents = _documents(was, now)
    renaming = Renaming()
    _begin(documents, renaming, shared)
    match.find(list(documents.values()), renaming)
    shared.update({key: old for key, old in renaming.names.items() if key[0] in _PINNED})
    settled = {block_id: _answer(block_id, now, documents, renaming) for block_id in now.recordings}
    for recording in _bound(page, settled).values():
        form.write(out, _packets(recording, was, now, renaming, out))
    shutil.copyfile(new / "page.yml", out / "page.yml")


def _side(folder: Path, key: str) -> _Side:
    recordings = {
        path.stem: form.read(path, read.repair(key)) for path in sorted(folder.glob("*.txt"))
    }
    names = scan.learned(_texts(recordings.values()))
    return _Side(recordings, names)


def _texts(recordings: Iterable[Recording]) -> Iterator[str]:
    for recording in recordings:
        yield recording.text
        if recording.twin is not None:
            yield form.dump_json(recording.twin).decode()


def _documents(was: _Side, now: _Side) -> dict[str, Document]:
    """What is on both sides, cut: `<block>.txt` and `<block>.json`."""
    found: dict[str, Document] = {}
    for block_id, new in now.recordings.items():
        old = was.recordings.get(block_id)
        if old is None:
            continue
        name = f"{block_id}.txt"
        found[name] = _text(name, old, new, was.names, now.names)
        if old.twin is not None and new.twin is not None:
            name = f"{block_id}.json"
            found[name] = Document(name, _tree(old, was.names), _tree(new, now.names))
    return found


def _text(name: str, old: Recording, new: Recording, was: Names, now: Names) -> Document:
    """An output: lines, or JSON where the tool printed that."""
    mine, theirs = printed.parse(old.text), printed.parse(new.text)
    if mine is not None and theirs is not None:
        return Document(
            name, tree.build(mine[0], _place(old), was), tree.build(theirs[0], _place(new), now)
        )
    free = order.free(new.ran, old.text.split("\n"), new.text.split("\n"))
    return Document(name, _lines(old, was), _lines(new, now), free)


def _lines(recording: Recording, names: Names) -> Lines:
    place = _place(recording)
    return [scan.cut(line, place, names) for line in recording.text.split("\n")]


def _tree(recording: Recording, names: Names) -> Node:
    return tree.build(recording.twin, _place(recording), names)


def _place(recording: Recording) -> Place:
    return Place(recording.node, of_command(recording.ran))


def _begin(documents: Mapping[str, Document], renaming: Renaming, shared: Shared) -> None:
    """What is known before anything is compared: names that both have, and earlier pages' names."""
    old: set[Key] = set()
    new: dict[Key, None] = {}
    for document in documents.values():
        old.update(token.key for token in document.tokens(document.old))
        new.update((token.key, None) for token in document.tokens(document.new))
    for key in new:
        if key[0] in _PINNED and key in old:
            renaming.add(key, key[2])
    for key in new:
        value = shared.get(key)
        if value is not None and (key[0], key[1], value) in old:
            renaming.add(key, value)


def _answer(
    block_id: str, now: _Side, documents: Mapping[str, Document], renaming: Renaming
) -> Recording:
    """A block's recording with its text and its twin settled. Captures are for later."""
    recording = now.recordings[block_id]
    text = documents.get(f"{block_id}.txt")
    if text is None:
        return _renamed(recording, now, renaming)
    if isinstance(text.old, list) and isinstance(text.new, list):
        lines = answer.lines(text.old, text.new, renaming, text.free)
        found = replace(recording, text="\n".join(lines))
    else:
        parsed = printed.parse(recording.text)
        escaped = parsed is not None and parsed[1]
        found = replace(recording, text=printed.dump(_node(text, renaming), escaped=escaped))
    twin = documents.get(f"{block_id}.json")
    if twin is not None:
        return replace(found, twin=_node(twin, renaming))
    if recording.twin is None:
        return found
    return replace(found, twin=_renamed(recording, now, renaming).twin)


def _node(document: Document, renaming: Renaming) -> Any:
    assert not isinstance(document.old, list)  # noqa: S101 both sides are of one sort
    assert not isinstance(document.new, list)  # noqa: S101
    return answer.node(document.old, document.new, renaming)


def _renamed(recording: Recording, now: _Side, renaming: Renaming) -> Recording:
    """A recording that has nothing to be compared with: only its names are settled."""
    lines = [scan.renamed(parts, renaming.names) for parts in _lines(recording, now.names)]
    twin = recording.twin
    if twin is not None:
        twin = tree.plain(_tree(recording, now.names), renaming.names)
    return replace(recording, text="\n".join(lines), twin=twin)


def _bound(page: Page, settled: Mapping[str, Recording]) -> dict[str, Recording]:
    """Commands as they would have been run: a bound value is found again in a settled answer."""
    found = dict(settled)
    bound: dict[str, str] = {}
    for block in page.blocks:
        recording = found.get(block.id)
        if recording is None or block.capture is not None:
            continue
        for other in page.blocks:
            if other.id in found and other.capture and other.capture.during == block.id:
                found[other.id] = replace(
                    found[other.id], ran=substitute(found[other.id].command, bound)
                )
        ran = recording.command if block.script else substitute(recording.command, bound)
        values = dict(recording.bound)
        for name in values:
            if name in block.bind:
                try:
                    values[name] = str(lookup(recording, block.bind[name]))
                except GuideError:
                    continue  # the settled answer is not what the page expects: shown as it came
        found[block.id] = replace(recording, ran=ran, bound=values)
        bound |= values
    return found


def _packets(
    recording: Recording, was: _Side, now: _Side, renaming: Renaming, out: Path
) -> Recording:
    """Write a capture's packets: the old ones where they tell the same, else the new, renamed."""
    new = now.recordings[recording.id]
    if new.pcap is None:
        return recording
    name = _file_name(new.pcap.name, new, now, renaming)
    path = out / name
    packets = capture.rename(new.pcap.read_bytes(), renaming)
    old = was.recordings.get(recording.id)
    if old is not None and old.pcap is not None and capture.same(old.pcap.read_bytes(), packets):
        path.write_bytes(old.pcap.read_bytes())
        return replace(recording, text=old.text, pcap=path)
    path.write_bytes(packets)
    # tcpdump printed these packets: nothing of its text may be of others.
    return replace(recording, text=_renamed(new, now, renaming).text, pcap=path)


def _file_name(name: str, recording: Recording, now: _Side, renaming: Renaming) -> str:
    parts = scan.cut(name, _place(recording), now.names)
    return scan.renamed(parts, renaming.names)
