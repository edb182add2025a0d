"""Nouns in: what the user describes. Frozen, checked on the way in, without files and without arrays."""
