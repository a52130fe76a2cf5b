"""What is kept of one run of a page, without its secrets, wherever they stand."""

import base64
import re
import shlex
from dataclasses import replace
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.model import HERE, Recording
from macros.lab import ssh
from macros.lab.lab import Lab
from macros.record import key_makers
from macros.record.secret_values import Secrets
from macros.store import form

_KEY_FILE = 4096
"""Bytes: a longer file is none of keys, it is random data that a page sends."""


_READ = f'head -c {_KEY_FILE + 1} "$f" | base64 -w0 && echo'
_TELLING = 3  # letters of a file's name that a pattern has at least


class Kept:
    """The recordings of one run, written into `folder` when it is known what is secret in them.

    A later block may say of a value of an earlier one that it is secret: `cat` of a file prints a
    key, and `wg show wg0 private-key` says what it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._secrets = Secrets()
        self._unwritten: list[Recording] = []

    def add(self, lab: Lab, recording: Recording) -> None:
        """Keep a recording as it is, and note what is secret in it. Nothing is written yet."""
        self._unwritten.append(recording)
        before = len(self._secrets)
        self.learn(lab, recording.node, recording.ran, recording.text)
        self._secrets.learn_json(recording.twin)
        if len(self._secrets) > before:
            self._rewrite()

    def learn(self, lab: Lab, node: str, command: str, printed: str) -> None:
        """Note what is secret in a command, in what it printed, and in key files that it wrote."""
        self._secrets.learn(printed, command)
        files = key_makers.made(command).files if node != HERE else ()
        for pattern in filter(None, map(_pattern, files)):
            each = f'for f in {pattern}; do [ -f "$f" ] && printf "%s\t" "$f" && {_READ}; done'
            for line in ssh.run(lab, node, each).output.decode().splitlines():
                name, _, content = line.rpartition("\t")
                raw = base64.b64decode(content)
                if len(raw) <= _KEY_FILE:
                    self._secrets.learn_file(name, raw)

    def write(self) -> None:
        """Write what is not written yet. GuideError where packets have a secret in clear.

        Such a capture is deleted: bytes of a packet cannot be hidden and leave it the packet that
        it was.
        """
        open_in = []
        for recording in self._unwritten:
            pcap = recording.pcap
            if pcap is not None and pcap.is_file() and self._secrets.inside(pcap.read_bytes()):
                pcap.unlink()
                open_in.append(recording.id)
            else:
                form.write(self.folder, self._hidden(recording))
        self._unwritten.clear()
        if open_in:
            raise GuideError(
                f"capture {open_in[0]} has packets that carry a secret of this page in clear",
                fix="a capture is published as it is: narrow its filter, or send no secret",
            )

    def _hidden(self, recording: Recording) -> Recording:
        hide = self._secrets.hide
        return replace(
            recording,
            command=hide(recording.command),
            ran=hide(recording.ran),
            text=hide(recording.text, recording.ran),
            bound={name: hide(value) for name, value in recording.bound.items()},
            twin=self._secrets.hide_in(recording.twin),
        )

    def _rewrite(self) -> None:
        """Hide what is known now in the drafts that were written before it was."""
        for path in self.folder.glob("*.txt"):
            draft = form.read(path, "guide record --watch makes new drafts")
            form.write(self.folder, self._hidden(draft))


def _pattern(name: str) -> str:
    """A file's name for a shell; for a variable in it, any word. "" where that says too little.

    `for n in a b; do wg genkey >/run/$n.key; done` writes what matches `/run/*.key`.
    """
    home = name.startswith("~/")
    pieces = re.split(r"\$\w+|\$\{\w+\}", name.removeprefix("~/"))
    if any(sign in piece for piece in pieces for sign in "$`") or (
        len(pieces) > 1 and len(re.sub(r"\W", "", "".join(pieces).rpartition("/")[2])) < _TELLING
    ):
        return ""
    return '"$HOME"/' * home + "*".join(shlex.quote(piece) if piece else "" for piece in pieces)
