"""What networking tools answered, as typed records.

One module a kind (links, addresses, routes, …), each with frozen dataclasses and `read`. `kinds`
chooses the module for a command, `twins` the command that gives the same as JSON, `path` finds
one value. Nothing here runs a command or knows of pages.
"""
