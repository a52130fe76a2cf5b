"""Ways through a machine, read from what was recorded: through rules, and through its tables.

`chain` joins a route, a neighbour and a forwarding entry; `cards` shows them. `iptables` and
`nftables` read rules into one form (`model`), `walk` follows a packet through them, `evidence`
reads what the kernel said of one, `taken` finds its way, and `drawing` shows that.
"""
