"""Where the tool's own files are: the package, and the scripts beside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the package `macros`."""
CHECKOUT = PACKAGE.parent
"""The checkout that the package is in."""
SCRIPTS = CHECKOUT / "scripts"
"""What builds labs, and what runs on their nodes."""
