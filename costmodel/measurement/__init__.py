"""Measurements: power traces read as streams, the inference windows in them, and their energy."""
