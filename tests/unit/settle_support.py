"""Both sides of a settlement, made of texts, JSON and captures."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from macros.ground.model import Page, Recording
from macros.settle import folder as settle_page
from macros.store import form, sums

DATA = Path(__file__).resolve().parents[1] / "data" / "settle"


def recording(
    id: str, text: str = "", command: str = "true", twin: Any = None, pcap: Path | None = None
) -> Recording:
    return Recording(
        id=id,
        node="node0",
        command=command,
        ran=command,
        exit=0,
        plan="p",
        bound={},
        text=text,
        twin=twin,
        pcap=pcap,
    )


def write(folder: Path, recordings: Iterable[Recording]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for recording in recordings:
        if recording.pcap is not None:
            shutil.copyfile(recording.pcap, folder / recording.pcap.name)
        form.write(folder, recording)
    meta = {"recorded": "2026-11-23T04:05:06Z", "lab": "uml", "nodes": ["node0"]}
    (folder / "page.yml").write_text(form.dump_yaml(meta), encoding="utf-8")
    sums.write(folder)
    return folder


def page() -> Page:
    return Page("page", Path("page.md"), (), title="T", nodes=1)


def settle(
    tmp_path: Path,
    old: Iterable[Recording],
    new: Iterable[Recording],
    shared: dict[tuple[str, str, str], str] | None = None,
) -> Mapping[str, Recording]:
    """The settled recordings by id: two runs of one plan."""
    old, new = ([replace(recording, plan="p") for recording in side] for side in (old, new))
    count = len(list(tmp_path.iterdir()))
    out = tmp_path / f"out{count}"
    out.mkdir()
    before = write(tmp_path / f"old{count}", old)
    after = write(tmp_path / f"new{count}", new)
    settle_page.settle(page(), before, after, out, {} if shared is None else shared)
    return {path.stem: form.read(path, "") for path in out.glob("*.txt")}


def settle_text(tmp_path: Path, old: str, new: str, command: str = "true") -> str:
    settled = settle(tmp_path, [recording("a", old, command)], [recording("a", new, command)])
    return settled["a"].text


def settle_json(tmp_path: Path, old: Any, new: Any, command: str = "true") -> Any:
    settled = settle(
        tmp_path, [recording("a", "", command, old)], [recording("a", "", command, new)]
    )
    return settled["a"].twin
