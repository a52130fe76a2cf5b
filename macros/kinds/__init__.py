"""What networking tools answered, as typed records: one file a kind of output."""
