"""Traces: one request at every interface that it crosses, put together from several captures."""
