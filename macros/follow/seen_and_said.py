"""What a reader saw beside what the page has: settled as a recording is, then compared in facts."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from macros.compare import editions, mac_forms
from macros.compare.change import joined
from macros.follow import packet_lines
from macros.follow.typed_page import Finding
from macros.ground.model import Page, PageRecording, Recording
from macros.settle import folder
from macros.store import form


def settled(
    page: Page, recorded: PageRecording, seen: Mapping[str, Recording]
) -> Mapping[str, Recording]:
    """What was seen, in the names that the page has: random MACs, numbers and ids of this lab."""
    with tempfile.TemporaryDirectory(prefix="guide-follow-") as name:
        new, out = Path(name, "new"), Path(name, "out")
        new.mkdir()
        out.mkdir()
        for recording in seen.values():
            form.write(new, recording)
        meta = {"recorded": recorded.recorded, "lab": recorded.lab, "nodes": list(recorded.nodes)}
        (new / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8")
        folder.settle(page, recorded.folder, new, out, {})
        recorded_now = editions.page(out).blocks
    return {key: _laid_out(recorded.blocks[key], typed) for key, typed in recorded_now.items()}


def differences(
    page: Page, recorded: PageRecording, seen: Mapping[str, Recording]
) -> Iterator[Finding]:
    """Each fact in which an answer differs from the one that the page has; `seen` is settled."""
    forms = mac_forms.forms(recorded, replace(recorded, blocks=seen))
    for block in page.blocks:
        old, new = recorded.blocks.get(block.id), seen.get(block.id)
        if old is None or new is None:
            continue
        if block.capture is not None:
            yield from (Finding(block, what) for what in _packets(old, new))
            continue
        for change in joined(editions.blocks(old, new, forms)):
            if change.kind != "block":
                yield Finding(block, change.what)


def _packets(old: Recording, new: Recording) -> Iterator[str]:
    """What a capture misses or has more; of one that saw every try, the last one counts."""
    wanted, came = old.text.splitlines(), new.text.splitlines()
    yield from packet_lines.differences(wanted, packet_lines.like(wanted, came))


def _laid_out(old: Recording, new: Recording) -> Recording:
    """What was seen, as the page lays it out where the words are the same.

    How wide a column is, and how many names `ls` puts into a line, is the terminal's.
    """
    same = "".join(old.text.split()) == "".join(new.text.split())
    return replace(new, text=old.text if same else new.text, digest="")
