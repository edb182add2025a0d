"""Where a figure comes from, with every number in its equation."""
