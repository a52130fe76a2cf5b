"""A block that runs here, beside the lab: `guide trace`, as a reader's own machine runs it."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from macros.ground.errors import GuideError
from macros.ground.model import Answer
from macros.ground.places import CHECKOUT
from macros.lab.lab import Lab


def login(lab: Lab, folder: Path) -> tuple[str, ...]:
    """The words that give a person's shell in `folder`, in which `guide` means this lab."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    given = (f"GUIDE_LAB={lab.name}", f"PATH={programs}")
    return ("setsid", "-wc", "env", "-C", str(folder), *given, "bash", "--norc", "--noprofile")


def run(lab: Lab, command: str, *, timeout: float) -> Answer:
    """What `guide trace …` of this lab prints; its page is written into a folder that is left.

    A process of its own, since a reader starts one too, and since it may hang: `timeout` is in
    seconds. GuideError where it took longer.
    """
    words = [sys.executable, "-c", "from macros.cli import main; main()", *shlex.split(command)[1:]]
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    known = {"GUIDE_LAB": lab.name, "PYTHONPATH": os.pathsep.join(paths)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **known},
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as error:
            raise GuideError(
                f"it has not ended after {timeout:g} s", fix="give it a longer timeout="
            ) from error
    return Answer(done.stdout, done.returncode)
