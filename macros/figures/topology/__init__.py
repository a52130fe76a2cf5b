"""Drawings of what was observed: interfaces, namespaces, cables; and machines in networks."""
