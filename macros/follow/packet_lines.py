"""Captures as tcpdump prints them, compared line by line: what means nothing twice is masked.

The times, TCP's sequence numbers and time stamps, the ids of ICMP and DNS, and the ports that a
kernel chose: print-tcp.c, print-icmp.c and print-domain.c of tcpdump write them as read here.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_CHOSEN = 32768  # the first port that Linux chooses: ip-sysctl, ip_local_port_range
_MASKS = (
    (re.compile(r"^\d\d:\d\d:\d\d\.\d+ "), ""),
    (re.compile(r"\bseq \d+(?=[:,])"), "seq N"),
    (re.compile(r"(?<=seq N):\d+"), ":N"),
    (re.compile(r"\back \d+"), "ack N"),
    (re.compile(r"\b(val|ecr) \d+"), r"\1 N"),
    (re.compile(r"\b(id|flowlabel|win) (?:0x)?[0-9a-f]+"), r"\1 N"),
    (
        re.compile(r"(?<=: )\d+(?=[*+%|$-]*(?: \[| (?:A|AAAA|PTR|SRV|\d+/))| ServFail| NXDomain)"),
        "N",
    ),
)
_PORT = re.compile(r"(?<=\.)\d{5}(?= > |: )")


def differences(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Packets of one side only, in words; `old` is what the page has."""
    before, after = ([_masked(line) for line in side] for side in (old, new))
    for verb, low, high, start, end in SequenceMatcher(None, before, after, False).get_opcodes():
        if verb != "equal":
            yield from (f"packet missing: {line}" for line in old[low:high])
            yield from (f"packet not on the page: {line}" for line in new[start:end])


def like(old: Sequence[str], new: Sequence[str]) -> Sequence[str]:
    """Of the packets of every try of a command, those in a row that are most like the page's.

    Of several such rows it is the last: the page has the last try.
    """
    if len(new) <= len(old) or not old:
        return new
    wanted = [_masked(line) for line in old]
    came = [_masked(line) for line in new]

    def alike(start: int) -> tuple[int, int]:
        rows = zip(wanted, came[start : start + len(wanted)], strict=True)
        return sum(mine == theirs for mine, theirs in rows), start

    start = max(range(len(new) - len(old) + 1), key=alike)
    return new[start : start + len(old)]


def _masked(line: str) -> str:
    for pattern, mask in _MASKS:
        line = pattern.sub(mask, line)
    return _PORT.sub(lambda port: "P" if int(port[0]) >= _CHOSEN else port[0], line)
