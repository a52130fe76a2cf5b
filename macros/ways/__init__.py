"""Ways through a machine, read from what was recorded: through rules, and through its tables."""
