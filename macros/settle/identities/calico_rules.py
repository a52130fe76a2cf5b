"""Calico's hashes of rules about pods' interfaces."""

from macros.settle.declaration import Identity, by_form, patterns_of

IDENTITY = Identity(
    name="cali rule",
    what="Calico's hash of a rule in a chain that names pods' interfaces: it covers the chain's"
    " name and the rules before",
    scope="lab",
    rank=130,
    pinned=True,
    read=by_form(lambda _value: "16 letters"),
    patterns=patterns_of(
        (
            "cali:",
            r"-A cali-(?:[tf]w-cali\w{11}|(?:from|to)-wl-dispatch\S*) .*\"cali:(?P<v>[\w-]{16})\"",
        ),
    ),
)
