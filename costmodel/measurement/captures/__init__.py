"""Readers of captures: one a format, each a stream to columns of time, current and voltage."""
