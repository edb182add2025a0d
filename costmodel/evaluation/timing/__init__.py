"""Time of a network on any packaged device under any runtime, with how far to trust it."""
