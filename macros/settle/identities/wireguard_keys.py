"""Public keys of WireGuard: what wireguard-tools' show.c, showconf.c and pubkey.c print."""

import re
from functools import lru_cache

from macros.settle.declaration import Evidence, Identity, Named, like, patterns_of

# 32 bytes in base64 (encoding.c): the last digit has four bits of them, and two that are 0.
_KEY = r"(?<![A-Za-z0-9+/=])(?P<v>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![A-Za-z0-9+/=])"
_BARE = _KEY.replace("?P<v>", "")
_CELL = r"(?:\(none\)|\(hidden\)|off|[\d.:/ ,a-f\[\]]+)"
_said = re.compile(
    # wg show, wg set, showconf; what a CNI plugin notes: `"PublicKey":"..."`, in JSON once more.
    rf"(?:[Pp]ublic ?[Kk]ey|\bpeer)[\\\"]*(?: ?[:=] ?| )[\\\"]*{_BARE}"
    # wg show dump, and what has a peer's key in front: latest-handshakes, endpoints, allowed-ips.
    rf"|^(?:\S+\t)?(?:\(hidden\)\t)?{_BARE}(?=\t{_CELL}(?:\t|$))",
    re.MULTILINE,
).finditer
_asks_for_keys = re.compile(r"\bwg (?:pubkey|show \S+ (?:public-key|peers))\b").search
_all_keys = re.compile(_BARE).findall
# Looked for by its last sign, which is fast.
_may_have = like(r"=(?<=[A-Za-z0-9+/]{43}=)")


@lru_cache(maxsize=2048)
def _told(text: str) -> frozenset[str]:
    if not _may_have(text):
        return frozenset()
    return frozenset(key for match in _said(text) for key in match.groups() if key)


def _learn(evidence: Evidence) -> frozenset[str]:
    told = [_told(text) for text in evidence.texts]
    for recording in evidence.recordings:
        told.append(_told(recording.ran))
        if _asks_for_keys(recording.ran):
            told.append(frozenset(_all_keys(recording.text)))
    return frozenset().union(*told)


def _read(raw: str, _shape: str, known: frozenset[str]) -> Named | None:
    return Named(raw, "key") if raw in known else None


IDENTITY = Identity(
    name="WireGuard key",
    what="the public key of an end of WireGuard: 32 bytes in base64, where `wg show`, `wg set`,"
    " `wg pubkey` or a configuration calls them a peer's or a public key. Whose allowed IPs and"
    " endpoint they are is a fact",
    scope="lab",
    rank=95,
    pinned=True,
    learn=_learn,
    read=_read,
    patterns=patterns_of((_may_have, _KEY)),
)
