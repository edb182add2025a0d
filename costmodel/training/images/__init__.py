"""Labelled images: read from the forms people keep them in, held as bytes, augmented in batches."""
