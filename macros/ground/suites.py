"""What labs are made of: Debian's suites, and the Kubernetes of a cluster unless told otherwise."""

from collections.abc import Mapping

SUITE = "sid"
"""The suite that labs have unless told otherwise; its kernel is that of all of them."""
SUITES = {SUITE: "sid", "trixie": "13"}
"""Those with a lock file of their own, and what a recording calls each."""
KUBERNETES = "v1.37.2"
"""The release that labs with a cluster have unless told otherwise: kubernetes/go.mod pins it."""
K3S = "1.36.3"
"""The Kubernetes of every lab of Vagrant: scripts/vagrant/k3s.lock pins it."""


def suite_named(debian: str) -> str:
    """The suite of which a recording says `debian`: "trixie" of "13"."""
    return next((suite for suite, name in SUITES.items() if name == debian), debian)


def lab_options(versions: Mapping[str, str], *, cluster: bool) -> str:
    """What `guide lab up` needs for these versions, " --version v1.34.4"; "" for its own.

    `versions` are as an edition names them, "1.34.4" of Kubernetes and "sid" of Debian.
    """
    words = ""
    kubernetes, debian = versions.get("Kubernetes"), versions.get("Debian")
    if cluster and kubernetes and f"v{kubernetes}" != KUBERNETES:
        words += f" --version v{kubernetes}"
    if debian and debian != SUITES[SUITE]:
        words += f" --suite {suite_named(debian)}"
    return words
