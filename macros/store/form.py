"""The form of a recording's files: a YAML head and the output as printed; JSON; pcap."""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from macros.ground import safe_yaml
from macros.ground.errors import GuideError
from macros.ground.model import Recording

_RULE = "---\n"


class _Head(yaml.SafeDumper):
    """Writes commands of several lines as readable blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Head.add_representer(str, _text)


def dump_yaml(value: Any) -> str:
    """YAML in the given order, long lines left alone, so that a diff is a change."""
    return str(yaml.dump(value, Dumper=_Head, sort_keys=False, width=10_000, allow_unicode=True))


def write(folder: Path, recording: Recording) -> None:
    """Write `<id>.txt`, and `<id>.json` where there is a twin. The pcap is already there."""
    head: dict[str, Any] = {"node": recording.node, "command": recording.command}
    if recording.ran != recording.command:
        head["ran"] = recording.ran
    head["exit"] = recording.exit
    if recording.bound:
        head["bound"] = dict(recording.bound)
    if recording.pcap is not None:
        head["pcap"] = recording.pcap.name
    head["plan"] = recording.plan
    text = dump_yaml(head) + _RULE + recording.text
    (folder / f"{recording.id}.txt").write_bytes(text.encode("utf-8"))
    if recording.twin is not None:
        (folder / f"{recording.id}.json").write_bytes(dump_json(recording.twin))


def dump_json(value: Any) -> bytes:
    """The tool's own JSON, sorted and indented."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read(path: Path, fix: str) -> Recording:
    """Read `<id>.txt` and what lies beside it. `fix` goes into the error of a broken file."""
    try:
        raw = path.read_bytes()
        head_text, rule, text = raw.decode("utf-8").partition(f"\n{_RULE}")
        head = safe_yaml.load(head_text)
        if not rule or not isinstance(head, dict):
            raise GuideError(f"{path} is truncated: its head has no end", fix=fix)
        twin_path = path.with_suffix(".json")
        twin = twin_path.read_bytes() if twin_path.is_file() else None
        return Recording(
            id=path.stem,
            node=head["node"],
            command=head["command"],
            ran=head.get("ran") or head["command"],
            exit=head["exit"],
            plan=head["plan"],
            bound=head.get("bound", {}),
            text=text,
            twin=None if twin is None else json.loads(twin),
            pcap=path.parent / head["pcap"] if "pcap" in head else None,
            digest=hashlib.sha256(raw + (twin or b"")).hexdigest(),
        )
    except (UnicodeDecodeError, yaml.YAMLError, KeyError, json.JSONDecodeError) as error:
        raise GuideError(f"{path} is broken: {error}", fix=fix) from error
