"""What tcpdump says of itself on standard error: tcpdump.c, main() and info()."""

import re

READY = "listening on"
"""It captures from here on."""
_MISSED = re.compile(r"^(\d+) packets? dropped by kernel", re.MULTILINE)


def missed(printed: str) -> int:
    """How many packets its filter let through that it had no time to take; 0 where it says none."""
    match = _MISSED.search(printed)
    return int(match[1]) if match else 0
