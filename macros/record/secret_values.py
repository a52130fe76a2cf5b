"""What an answer says that nobody else may know: keys and tokens, left out of what is kept.

`wg show` says `(hidden)` in the place of a key, and so does everything here.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

from macros.record import key_makers

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
        r"\b(?:client-key-data|token)\"?: *\"?([A-Za-z0-9+/._=-]{16,})",
        r"\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})",
        r"(?<![\w.-])((?=[a-z]*\d)[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16})(?![\w.-])",
    )
)
# A key that stands alone is a secret or not by what was asked: `wg pubkey` prints one, too.
_ALONE = re.compile(rf"(?:^|\t)({_WG})$", re.MULTILINE)
_asks_for_secrets = re.compile(r"genkey|genpsk|private|preshared|psk").search
# What looks like a key in what a key-making command printed: on a line of its own, or anywhere.
_DRAWN_LINE = re.compile(r"^([A-Za-z0-9+/_-]{16,}={0,2})$", re.MULTILINE)
_DRAWN = re.compile(r"(?<![A-Za-z0-9+/=_-])((?=\S*\d)[A-Za-z0-9+/_-]{16,}={0,2})")
# A line of od, xxd or hexdump, and of `xxd -p`.
_DUMPED = re.compile(r"^((?:[0-9a-f]{6,8}:?)?[ \t].+|[0-9a-f]{16,})$", re.MULTILINE)
_dumps = re.compile(r"\b(?:od|xxd|hexdump|hd)\b").search
# JSON says with its key what a value is.
_SECRET_KEY = re.compile("(?i)client-key-data|token|private[-_]?key|pre-?shared[-_]?key|psk")

_LEAST, _DIFFERENT = 16, 6
"""Characters, and different ones, of a value that is hidden wherever it stands: a shorter or a
simpler one would be found where it is not meant."""


class Secrets:
    """The secrets of one run of a page: each is found once, and hidden wherever it stands."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._files: set[str] = set()

    def learn(self, text: str, command: str = "") -> None:
        """Note the secrets in what a command answered, and in the command itself."""
        for value in (*_found(text, command), *_found(command)):
            self._note(value)

    def learn_json(self, value: Any) -> None:
        """Note the secrets in what a tool answered as JSON."""
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str) and _SECRET_KEY.fullmatch(str(key)):
                    self._note(inner)
                self.learn_json(inner)
        elif isinstance(value, list):
            for inner in value:
                self.learn_json(inner)
        elif isinstance(value, str):
            self.learn(value)

    def learn_file(self, name: str, content: bytes) -> None:
        """Note a file that a key-making command has written, and the keys in it."""
        self._files.add(name)
        try:
            for line in content.decode("ascii").splitlines():
                for value in (line.strip(), *line.split()):
                    self._note(value.strip("\"'"))
        except UnicodeDecodeError:  # raw bytes, of which a page can show base64 or digits
            self._note(content.hex())
            self._note(base64.b64encode(content).decode())

    def hide(self, text: str, command: str = "") -> str:
        """A text with `(hidden)` where it has a secret; `command` is what printed it."""
        if _dumps(command) and any(name in command for name in self._files):
            text = _DUMPED.sub(_without, text)
        text = hidden(text, command)
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        return text

    def hide_in(self, value: Any) -> Any:
        """The same of all texts in a JSON value."""
        if isinstance(value, dict):
            return {self.hide(key): self.hide_in(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.hide_in(inner) for inner in value]
        return self.hide(value) if isinstance(value, str) else value

    def inside(self, data: bytes) -> bool:
        """Whether bytes, a capture's, have one of these secrets as it was printed."""
        return any(value.encode() in data for value in self._values)

    def __len__(self) -> int:
        return len(self._values) + len(self._files)

    def _note(self, value: str) -> None:
        value = value.rstrip("\n")
        if "\n" in value:  # PEM: its lines, since a page may indent them
            for line in value.splitlines():
                self._note(line.strip())
            return
        if len(value) >= _LEAST and len(set(value)) >= _DIFFERENT and " " not in value:
            digits = value.removeprefix("0x")
            self._values |= {
                value,
                *_in_base64(value),
                *([digits] if len(digits) >= _LEAST else []),
            }


def hidden(text: str, command: str = "") -> str:
    """What a command answered, with `(hidden)` where that text alone says that it is a secret."""
    spans = sorted(_spans(text, command), reverse=True)
    for start, end in spans:
        kept_end = "\n" if text[start:end].endswith("\n") else ""
        text = text[:start] + HIDDEN + kept_end + text[end:]
    return text


def _found(text: str, command: str = "") -> Iterator[str]:
    return (text[start:end] for start, end in _spans(text, command))


def _spans(text: str, command: str) -> list[tuple[int, int]]:
    """Where the secrets stand that their own text tells, or the command that printed them."""
    spans = [hit.span(1) for pattern in _PATTERNS for hit in pattern.finditer(text)]
    spans += _alone(text, command) if command else []
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not merged or start >= merged[-1][1]:
            merged.append((start, end))
    return merged


def _alone(text: str, command: str) -> list[tuple[int, int]]:
    """Keys that nothing but the command tells: made by it, or asked for."""
    keys = [hit.span(1) for hit in _ALONE.finditer(text)]
    printed = key_makers.made(command).printed
    if {"made", "asked"} & {*printed}:
        if "public" in printed and len(keys) == len(printed):  # one each, in their order
            return [key for key, what in zip(keys, printed, strict=True) if what != "public"]
        if "made" not in printed:
            return keys
        drawn = _DRAWN if {*printed} == {"made"} else _DRAWN_LINE
        return keys + [hit.span(1) for hit in drawn.finditer(text)]
    if _asks_for_secrets(command) and not re.search(r"pubkey|public", command):
        return keys
    return []


def _in_base64(value: str) -> Iterator[str]:
    """What a value is in a Secret of Kubernetes: as it is, or as the beginning of more."""
    whole = base64.b64encode(value.encode()).decode()
    yield whole
    yield base64.b64encode(f"{value}\n".encode()).decode()


def _without(found: re.Match[str]) -> str:
    start, end = found.span(1)
    whole = found[0]
    return f"{whole[: start - found.start()]}{HIDDEN}{whole[end - found.start() :]}"
