"""Trained models: how they are trained, and what a stored one says of itself."""
