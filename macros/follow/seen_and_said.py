"""What a reader saw beside what the page has: settled as a recording is, then compared in facts."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from macros.compare import editions, mac_forms
from macros.compare.change import joined
from macros.follow.typed_page import Finding
from macros.ground.model import Block, Page, PageRecording, Recording
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
        return {key: replace(one, digest="") for key, one in editions.page(out).blocks.items()}


def differences(
    page: Page, recorded: PageRecording, seen: Mapping[str, Recording]
) -> Iterator[Finding]:
    """Each fact in which an answer differs from the one that the page has; `seen` is settled."""
    forms = mac_forms.forms(recorded, replace(recorded, blocks=seen))
    for block in page.blocks:
        old, new = recorded.blocks.get(block.id), seen.get(block.id)
        if old is None or new is None:
            continue
        plain = replace(old, pcap=None)
        for change in joined(editions.blocks(plain, _comparable(block, plain, new), forms)):
            if change.kind != "block":
                yield Finding(block, change.what)


def _comparable(block: Block, old: Recording, new: Recording) -> Recording:
    """A capture that saw every try of its command: the packets of the last one."""
    count = old.text.count("\n")
    if block.capture is None or new.text.count("\n") <= count:
        return new
    return replace(new, text="".join(new.text.splitlines(keepends=True)[-count:]))
