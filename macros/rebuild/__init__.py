"""Rebuild: record pages on a lab, settle what came, and put it into the edition as a whole."""
