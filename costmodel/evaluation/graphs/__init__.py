"""Figures of imported graphs, before they become networks."""
