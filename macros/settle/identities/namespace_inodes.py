"""Numbers of network namespaces' files."""

from macros.settle.declaration import Identity, by_form, patterns_of

IDENTITY = Identity(
    name="inode",
    what="the number of a network namespace's file",
    scope="node",
    rank=70,
    read=by_form(lambda value: "inode" if value.startswith("402653") else ""),
    patterns=patterns_of(("402653", r"(?<!\d)(?P<v>402653\d{4})(?!\d)")),
    keys=("inode", "ns"),
)
