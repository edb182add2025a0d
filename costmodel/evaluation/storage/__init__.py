"""What a design's bytes come to, and whether a device holds them."""
