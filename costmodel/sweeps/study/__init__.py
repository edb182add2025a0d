"""A study as its file says it: axes, settings, the space they span."""
