"""Indexes of interfaces' other ends."""

from macros.settle.declaration import Identity, by_form, patterns_of
from macros.settle.identities import link_indexes

IDENTITY = Identity(
    name="peer's ifindex",
    what="the index of an interface's other end, in that end's namespace",
    scope="peer",
    rank=50,
    # An interface's index and its peer's view of it are one number.
    shares=link_indexes.IDENTITY.name,
    read=by_form(link_indexes.index_form),
    patterns=patterns_of(("@if", r"@if(?P<v>\d+)\b")),
    keys=("link_index",),
)
