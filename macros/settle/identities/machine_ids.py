"""Ids of machines."""

import re

from macros.settle.declaration import Identity, by_form, patterns_of

_MACHINE = re.compile("[0-9a-f]{32}")

IDENTITY = Identity(
    name="machine id",
    what="the id that systemd gave a node",
    scope="lab",
    rank=110,
    pinned=True,
    read=by_form(lambda value: "32 digits" if _MACHINE.fullmatch(value) else ""),
    keys=("machineID", "systemUUID"),
    in_text=True,
    patterns=patterns_of(("achine", r"[mM]achine ?ID\"?: +\"?(?P<v>[0-9a-f]{32})(?![0-9a-f])")),
)
