"""Kubernetes for the lab `uml`: upstream's own programs, compiled from pinned Go modules."""
