"""What an answer says that nobody else may know: keys and tokens, left out of what is kept.

`wg show` says `(hidden)` in the place of a key, and so does everything here.
"""

import re
from typing import Any

HIDDEN = "(hidden)"

_WG = r"[A-Za-z0-9+/]{43}="
_PATTERNS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # wg show dump: an interface's private key stands before its public one, a peer's
        # preshared key behind it and before its endpoint (wireguard-tools' show.c, dump_print()).
        rf"^(?:\S+\t)?({_WG})\t{_WG}\t\d+\t(?:off|0x[0-9a-f]+)$",
        rf"^(?:\S+\t)?{_WG}\t({_WG})\t(?:\(none\)|\S+:\d+)\t",
        # wg show preshared-keys
        rf"^(?:\S+\t)?{_WG}\t({_WG})$",
        # wg showconf, wg-quick's files; wg show with WG_HIDE_KEYS=never
        rf"^[ \t]*(?:PrivateKey|PresharedKey) *= *({_WG})",
        rf"^ *(?:private|preshared) key: ({_WG})",
        # ip xfrm state, without nokeys
        r"\b(?:enc|auth|auth-trunc|aead) \S+ (0x[0-9a-f]{16,})",
        # PEM; a kubeconfig's; tokens of service accounts (JWT) and of kubeadm
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\n((?:[^-\n]*\n)+)-----END ",
        r"\b(?:client-key-data|token): *([A-Za-z0-9+/._=-]{16,})",
        r"\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})",
        r"(?<![\w.-])((?=[a-z]*\d)[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16})(?![\w.-])",
    )
)
# A key that stands alone is a secret or not by what was asked: `wg pubkey` prints one, too.
_ALONE = re.compile(rf"(?:^|\t)({_WG})$", re.MULTILINE)
_asks_for_secrets = re.compile(r"genkey|genpsk|private|preshared|psk").search


def hidden(text: str, command: str = "") -> str:
    """What a command answered, with `(hidden)` where it has a secret."""
    for pattern in _PATTERNS:
        text = pattern.sub(_without, text)
    if _asks_for_secrets(command) and not re.search(r"pubkey|public", command):
        text = _ALONE.sub(_without, text)
    return text


def hidden_in(value: Any) -> Any:
    """The same of all texts in a JSON value."""
    if isinstance(value, dict):
        return {key: hidden_in(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hidden_in(inner) for inner in value]
    return hidden(value) if isinstance(value, str) else value


def _without(found: re.Match[str]) -> str:
    start, end = found.span(1)
    whole = found[0]
    line_end = "\n" if found[1].endswith("\n") else ""
    return f"{whole[: start - found.start()]}{HIDDEN}{line_end}{whole[end - found.start() :]}"
