"""Handson: every command of a page as a reader types it, from the page's plan and recording."""
