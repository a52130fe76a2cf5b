"""What every stage says alike: errors, the project's words, command lines, MACs, files."""
