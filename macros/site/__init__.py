"""Site: recordings become HTML. What MkDocs calls is here; nothing here reaches a node."""
