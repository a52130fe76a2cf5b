"""The disk that nodes of a cluster start from: the root file system, with images and units in it.

Importing four images takes a node half a minute of every start. So a kernel boots a copy of the
root file system once, at build time, with a script as its only process, and what it leaves on that
disk is what every node starts from, copy on write. No network, no root, as with the labs.
"""

import subprocess
import tempfile
from pathlib import Path

from macros.ground.errors import GuideError
from macros.lab import doctor, paths
from macros.lab.tools import call, environment

SCRIPT = paths.SCRIPTS / "node" / "kubernetes" / "image.sh"

_DONE = "guide: the image is made"
_PATIENCE = 1800.0  # seconds; it takes 25, with Calico 60, where nothing else is to do
_SECTOR = 4096


def make(kernel: Path, rootfs: Path, parts: Path, out: Path, script: bytes = b"") -> None:
    """Write the disk image to `out`: `rootfs`, and what the script does to it.

    Unless another is given, that is the one which makes it a cluster's; `parts` is the folder that
    its programs come from. A lab's disks are bound to the image by its time: it is never touched.
    """
    call("cp", "--sparse=always", rootfs, out, what="copying the root file system")
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        # bash reads its script from a disk of whole sectors; empty lines do no harm.
        script = script or SCRIPT.read_bytes()
        device = Path(folder) / "script"
        device.write_bytes(script + b"\n" * (-len(script) % _SECTOR))
        console = _boot(kernel, out, device, parts, Path(folder))
    if _DONE not in console:
        last = "\n".join(f"    {line}" for line in console.splitlines()[-25:])
        raise GuideError(f"the disk of the cluster's nodes could not be made\n{last}")


def _boot(kernel: Path, disk: Path, script: Path, parts: Path, folder: Path) -> str:
    """Run the script as the kernel's init; what it printed."""
    words = [
        str(kernel), "mem=1024M", "ncpus=2", "seccomp=on", f"ubd0={disk}", f"ubd1r={script}",
        "root=/dev/ubda", "rw", "rootfstype=ext4", "con=null", "con0=null,fd:1", "ssl=null",
        f"uml_dir={folder}/", "panic=1", "quiet", f"guide.parts={parts}",
        "init=/bin/bash", "--", "/dev/ubdb",
    ]  # fmt: skip
    memory = doctor.SHARED_MEMORY if doctor.shared_memory() >= 1 << 30 else folder
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=_PATIENCE, check=False, env=environment(TMPDIR=str(memory)),
        )  # fmt: skip
        return done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode(errors="replace") + "\nit did not end"
