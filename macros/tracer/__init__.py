"""Tracer: one request on any cluster, its way found, captured on it, and where it was lost."""
