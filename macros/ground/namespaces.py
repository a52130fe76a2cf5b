"""Whose interface names a command prints: the namespace that it looks into, or the pod."""

import re

_FORMS = (
    re.compile(r"^ip netns exec (\S+)"),
    re.compile(r"^(?:ip|bridge|ss)\b(?: -\S+)*? (?:-n|-netns|-N) ?(\S+)"),
    re.compile(r"^docker exec (?:-\S+ )*(\S+)"),
    re.compile(r"^kubectl (?:-n \S+ )?exec (\S+) .*-- "),
    re.compile(r"^nsenter .*docker inspect .*?\}\}'? (\S+?)\)"),
)


def of_command(command: str) -> str:
    """The name of the namespace, container or pod a command runs in; "" is the node's own."""
    for form in _FORMS:
        found = form.search(command.strip())
        if found:
            return found[1]
    return ""
