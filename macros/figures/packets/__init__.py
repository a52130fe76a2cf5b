"""Packets as nested boxes over their bytes, all of a capture, and two side by side."""
