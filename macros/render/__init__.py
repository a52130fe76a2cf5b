"""Render: recordings become HTML. Nothing here reaches a lab, and outputs are always escaped."""
