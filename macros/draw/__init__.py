"""Drawings of what was observed: `state` reads it, `topology` and `machines` draw it.

Nothing here talks to a lab. `topology` is our own SVG; `machines` uses the `diagrams` package,
which is imported only when it is called.
"""
