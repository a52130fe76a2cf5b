"""Names of interfaces by chance."""

from macros.settle.declaration import Identity, by_form, patterns_of

IDENTITY = Identity(
    name="veth",
    what="the random name of an interface: veth and 7 (Docker) or 8 (CNI's plugins) hex digits",
    scope="lab",
    rank=30,
    pinned=True,
    read=by_form(lambda value: f"veth and {len(value) - 4} digits"),
    patterns=patterns_of(("veth", "(?<![0-9A-Za-z])(?P<v>veth[0-9a-f]{7,8})(?![0-9A-Za-z])")),
)
