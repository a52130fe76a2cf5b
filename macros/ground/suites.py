"""Debian's suites: what labs are asked for, and what a recording calls each."""

SUITE = "sid"
"""The suite that labs have unless told otherwise; its kernel is that of all of them."""
SUITES = {SUITE: "sid", "trixie": "13"}
"""Those with a lock file of their own, and what a recording calls each."""
