"""Find one value in a recording: by a path into its record, or by a regular expression."""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from macros.ground import cache
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.values import record_path
from macros.values.memory import Kept

OBSERVE = "observe"
"""The command of an observation."""
_PATTERN = "re:"
_SHARES = "shares:"
_KEPT = Kept()


def lookup(recording: Recording, path: str) -> Any:
    """The value that `path` names in what was recorded.

    `re:` and a regular expression with one group searches the output as printed; anything else
    is a path into the record of the command's kind (`record_path`), or, for a capture,
    of its packets. `shares:` and a Service asks recorded rules how often each of its endpoints is
    chosen (`macros.ways.shares`). GuideError where nothing is found.
    """
    if path.startswith(_SHARES):
        return _KEPT.value(recording, path, lambda: _shares(recording, path))
    if path.startswith(_PATTERN):
        return _KEPT.value(recording, path, lambda: _found(recording, path))
    return _asked(recording, path, lambda record: record_path.lookup(record, path))


def exists(recording: Recording, path: str) -> bool:
    """Whether `path` names something there. GuideError where the path itself is wrong."""
    if path.startswith(_PATTERN):
        return _search(recording, path.removeprefix(_PATTERN)) is not None
    question = f"is there: {path}"
    there: bool = _asked(recording, question, lambda record: record_path.exists(record, path))
    return there


def text(recording: Recording, path: str) -> str:
    """The value at `path` as it stands in a sentence. GuideError where it is not a single value."""
    if path.startswith((_PATTERN, _SHARES)):
        return str(lookup(recording, path))
    question = f"as text: {path}"
    shown: str = _asked(recording, question, lambda record: record_path.shown(record, path))
    return shown


def record(recording: Recording) -> Any:
    """The record that paths lead into. GuideError where the output has none."""
    return _record(recording)


def wraps(recording: Recording) -> bool:
    """Whether the lines of a command, or what a filter let through of them, are words in a row."""

    def find() -> bool:
        from macros.kinds import registry  # noqa: PLC0415 as above

        return registry.wraps(recording.ran.partition(" | grep ")[0])

    return bool(_KEPT.value(recording, "its lines wrap", find))


def keep() -> None:
    """Keep what was found for the next build."""
    _KEPT.save()


def _asked(recording: Recording, question: str, ask: Callable[[Any], Any]) -> Any:
    """What `ask` makes of the record, kept; a capture's record is kept as a whole."""
    if recording.pcap is not None:
        return ask(_record(recording))
    return _KEPT.value(recording, question, lambda: ask(_record(recording)))


@lru_cache(maxsize=1024)
def _record(recording: Recording) -> Any:
    if recording.pcap is not None:
        return _packets(recording.pcap)
    from macros.kinds import registry  # noqa: PLC0415 50 ms, and many pages quote nothing

    if recording.command == OBSERVE and isinstance(recording.twin, Mapping):
        return registry.read_observed(recording.twin)
    return registry.read(recording.ran, recording.text, recording.twin)


def _packets(pcap: Path) -> Mapping[str, Any]:
    """The record of a capture's packets, for paths in prose."""

    def make() -> str:
        from macros.packets import dissector, packet_records  # noqa: PLC0415 scapy takes half a second to load

        return json.dumps(packet_records.record(dissector.packets(pcap)))

    record: Mapping[str, Any] = json.loads(
        cache.text("packets", ["record", cache.file_hash(pcap)], make)
    )
    return record


def _shares(recording: Recording, path: str) -> str:
    from macros.ways import recorded_rules, shares  # noqa: PLC0415 few pages ask

    return shares.text(recorded_rules.ruleset_of(recording), path.removeprefix(_SHARES))


def _found(recording: Recording, path: str) -> str:
    value = _search(recording, path.removeprefix(_PATTERN))
    if value is None:
        printed = "" if recording.text.strip() else ", which printed nothing"
        raise GuideError(f"{path!r} matches nothing in the output of {recording.id}{printed}")
    return value


def _search(recording: Recording, pattern: str) -> str | None:
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise GuideError(f"{pattern!r} is not a regular expression: {error}") from error
    if compiled.groups != 1:
        raise GuideError(f"{pattern!r} needs exactly one group ( ), the value")
    match = compiled.search(recording.text)
    return None if match is None else match[1]
