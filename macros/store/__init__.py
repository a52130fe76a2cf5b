"""Recordings on disk: read strictly, written as a whole or not at all."""
