"""Record: run the blocks of pages on a lab and keep what the machines answered."""
