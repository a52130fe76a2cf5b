"""Ids of traced packets."""

from macros.settle.declaration import Identity, by_form, patterns_of

IDENTITY = Identity(
    name="trace id",
    what="the id of a packet in the traces of nft and xtables-monitor",
    scope="lab",
    rank=120,
    read=by_form(lambda _value: "hex"),
    patterns=patterns_of(
        ("trace id ", r"^trace id (?P<v>[0-9a-f]{8}) "),
        ("PACKET: ", r"^PACKET: \d+ (?P<v>[0-9a-f]{8}) "),
        (" TRACE: ", r"^ TRACE: \d+ (?P<v>[0-9a-f]{8}) "),
    ),
)
