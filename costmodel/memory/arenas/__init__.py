"""Arenas: orders to fill one in, climbing from the best of them, and a search that proves."""
