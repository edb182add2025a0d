"""Model files of others: one reader a format, one plain imported graph, and its way to a network."""
