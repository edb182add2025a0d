"""Commands that list and write files."""
