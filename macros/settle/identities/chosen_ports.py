"""Ports that the kernel chose for who connects."""

import re
from functools import lru_cache

from macros.ground import ports
from macros.settle.declaration import Evidence, Identity, Named, patterns_of

_MASQUERADED = re.compile(
    r"^(?:ipv4 +\d+ )?(?:tcp|udp) .*? sport=(\d+) dport=\d+ .*? sport=\d+ dport=(?!\1 )(\d+) ",
    re.MULTILINE,
)
"""A tracked connection whose source port was rewritten: to the last number."""


@lru_cache(maxsize=2048)
def _masqueraded(text: str) -> frozenset[str]:
    return frozenset(
        tracked[2]
        for tracked in _MASQUERADED.finditer(text)
        if int(tracked[2]) >= ports.MASQUERADED_FROM
    )


def _learn(evidence: Evidence) -> frozenset[str]:
    """The ports that a translation chose, which may be outside the kernel's range."""
    told = [_masqueraded(text) for text in evidence.texts]
    captures = list(evidence.captures())
    if captures:
        from macros.settle import translation  # noqa: PLC0415 reading packets is slow to import

        told.append(translation.chosen(captures))
    return frozenset().union(*told)


def _read(raw: str, _shape: str, known: frozenset[str]) -> Named | None:
    chosen = raw in known or ports.is_chosen(int(raw))
    return Named(raw, "chosen by the kernel") if chosen else None


IDENTITY = Identity(
    name="port",
    what="a port that the kernel chose for an outgoing connection (32768 to 60999), or when it"
    " masqueraded one (conntrack tells which)",
    scope="lab",
    rank=80,
    learn=_learn,
    read=_read,
    # The Service `kubernetes` keeps the one that the API server had when the lab was built.
    keys=("targetPort",),
    patterns=patterns_of(
        ("port=", r"\b[sd]port=(?P<v>\d{4,5})\b"),
        # nft's trace
        ("trace id ", r"^trace id .*? sport (?P<v>\d{5})(?!\d)"),
        ("trace id ", r"^trace id .*? dport (?P<v>\d{5})(?!\d)"),
        # xtables-monitor's
        ("SPORT=", r"^PACKET: .*\bSPORT=(?P<v>\d{5})(?!\d)"),
        ("DPORT=", r"^PACKET: .*\bDPORT=(?P<v>\d{5})(?!\d)"),
        # tshark's
        (" Port: ", r"\b(?:Src|Dst) Port: (?P<v>\d{4,5})(?!\d)"),
        (".", r"(?<![\d.])(?:\d{1,3}\.){4}(?P<v>\d{4,5})(?=[: ])"),
        (":", r"(?<=\d:)(?P<v>\d{4,5})(?= )"),
    ),
)
