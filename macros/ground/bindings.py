"""Values of one answer in later commands: `bind={"VETH": "..."}`, then `$VETH`."""

import re
from collections.abc import Mapping


def substitute(text: str, bound: Mapping[str, str]) -> str:
    """Replace `$NAME` and `${NAME}` in `text` for every bound name; other `$` are the shell's."""
    if not bound:
        return text
    names = "|".join(sorted(bound, key=lambda name: (-len(name), name)))
    pattern = rf"\$(?:({names})(?![A-Z0-9_])|\{{({names})\}})"
    return re.sub(pattern, lambda found: bound[found[1] or found[2]], text)
