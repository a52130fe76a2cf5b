"""etcd's revisions."""

import re

from macros.settle.declaration import Noise, patterns_of

NOISE = Noise(
    name="resource version",
    what="etcd's revision in which an object was last written: a node writes its own state again"
    " and again, so two reads may have the same or not",
    rank=140,
    mask=lambda value: "none" if not value.strip("0") else "some",
    patterns=patterns_of(("resourceVersion", r'resourceVersion"?: "(\d+)"')),
    in_text=re.compile(r"\d+"),
    keys=re.compile(r"resourceVersion"),
    in_spec=True,
)
