"""Find one value in a recording: by a path into its record, or by a regular expression."""

import re
from typing import Any

from macros.errors import GuideError
from macros.model import Recording

_PATTERN = "re:"


def lookup(recording: Recording, path: str) -> Any:
    """The value that `path` names in what was recorded.

    `re:` and a regular expression with one group searches the output as printed; anything else
    is a path into the record of the command's kind (`macros.records.path`), or, for a capture,
    of its packets. GuideError where nothing is found.
    """
    if path.startswith(_PATTERN):
        return _search(recording, path.removeprefix(_PATTERN))
    if recording.pcap is not None:
        from macros import cache  # noqa: PLC0415 scapy is loaded only where its answer is not kept
        from macros.records import path as records_path  # noqa: PLC0415

        return records_path.lookup(cache.packet_record(recording.pcap), path)
    from macros.records import kinds  # noqa: PLC0415
    from macros.records import path as records_path  # noqa: PLC0415

    record = kinds.read(recording.ran, recording.text, recording.twin)
    return records_path.lookup(record, path)


def _search(recording: Recording, pattern: str) -> str:
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise GuideError(f"{pattern!r} is no regular expression: {error}") from error
    if compiled.groups != 1:
        raise GuideError(f"{pattern!r} needs exactly one group ( ), the value")
    found = compiled.search(recording.text)
    if found is None:
        raise GuideError(f"{pattern!r} matches nothing in the output of {recording.id}")
    return found[1]
