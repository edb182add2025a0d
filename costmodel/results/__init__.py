"""Nouns out: what the computation answers. Frozen, each total equal to the sum of its parts."""
