"""Ways as figures: look-ups as cards, a packet among rules as a drawing and as a table."""
