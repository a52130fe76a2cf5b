"""Upgrade: record all pages with other versions, and report what that did to the guide."""
