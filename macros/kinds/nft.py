"""nftables' own rules: what `nft list` shows. Only its JSON twin is recorded beside the text.

The text has the rules in the same order and is compared line by line; `macros.ways` follows them.
"""

from typing import Any

from macros.ground.commandline import Call
from macros.kinds import service_rules
from macros.kinds.kind import Kind


def _asked(call: Call) -> bool:
    plain = [arg for arg in call.args if not arg.startswith("-")]
    return call.tool == "nft" and plain[:1] == ["list"]


def _twin(command: str, call: Call) -> str | None:
    """`nft -j list …`, for what only lists."""
    if {"-j", "--json"} & {*call.args}:
        return None
    tool = call.words[0].end
    return f"{command[:tool]} -j{command[tool:]}"


KIND: Kind[Any] = Kind(
    name="nft", what="rules of nftables", asked=_asked, twin=_twin, free=service_rules.free
)
