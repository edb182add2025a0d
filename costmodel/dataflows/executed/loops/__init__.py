"""Loops of each dataflow, executed."""
