"""Traces: one request at every interface that it crosses, from several captures at once."""
