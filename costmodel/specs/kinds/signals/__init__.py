"""Kinds of layer around a network's own: running sums, front ends of sound, and the choice among detected boxes."""
