"""Where a lab's files are: inputs in the checkout, products in the cache, sockets where short."""

import os
from pathlib import Path

from macros.ground import files, places
from macros.ground.errors import GuideError

CHECKOUT = places.CHECKOUT
SCRIPTS = places.SCRIPTS

_SOCKET_ROOM = 60
"""Bytes left for a folder of sockets. A socket's path has at most 107 (unix(7)), a lab's name at
most 20, and ssh appends 17 of its own to a control socket while it makes it."""


def cache() -> Path:
    """Where what is built for labs is kept: kernels, file systems, the disks of labs."""
    return files.user_cache()


def labs() -> Path:
    """Holds one folder a lab, and one lock a lab beside it."""
    return cache() / "labs"


def sockets() -> Path:
    """A folder with a short name for this user's sockets; made, and checked to be the user's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or ""
    if runtime.startswith("/") and len(runtime) < _SOCKET_ROOM and os.access(runtime, os.W_OK):
        folder = Path(runtime) / "packet-by-packet"
    else:
        folder = Path("/tmp") / f"packet-by-packet-{os.getuid()}"  # noqa: S108  (checked below)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != os.getuid():
        raise GuideError(f"{folder} exists and is not a folder of yours", fix=f"remove {folder}")
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder
