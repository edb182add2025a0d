"""Where a network's bytes are: plans, verdicts, summaries."""
