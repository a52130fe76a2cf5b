"""UUIDs."""

from typing import Any

from macros.settle.declaration import Identity, Named, Token, like, patterns_of

_UUID = "[0-9a-f]{8}%s[0-9a-f]{4}%s[0-9a-f]{4}%s[0-9a-f]{4}%s[0-9a-f]{12}"


def _read(raw: str, shape: str, _known: Any) -> Named:
    return Named(raw.replace("_", "-"), "uuid", shape)


def _write(token: Token, value: str) -> str:
    return value.replace("-", "_") if token.shape == "low" else value


IDENTITY = Identity(
    name="uid",
    what="a UUID: an object's uid, the name of a pod's network namespace (cni-...), a boot's id",
    scope="lab",
    rank=90,
    pinned=True,
    read=_read,
    write=_write,
    patterns=patterns_of(
        (
            like(r"-[0-9a-f]{4}-[0-9a-f]{4}-"),
            rf"(?<![0-9a-f])(?P<v>{_UUID % (('-',) * 4)})(?![0-9a-f])",
        ),
        # In the name of a pod's cgroup.
        (
            like(r"_[0-9a-f]{4}_[0-9a-f]{4}_"),
            rf"(?:(?<![0-9a-f])|(?<=pod))(?P<v>{_UUID % (('_',) * 4)})(?![0-9a-f])",
            "low",
        ),
    ),
)
