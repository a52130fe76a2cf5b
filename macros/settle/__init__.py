"""Settle: read a new run against the recording that it would replace.

Identities take the names that they had, noise keeps its old value, and what is left is a change.
Nothing here touches a lab or needs one.
"""
