"""What a sweep found: fronts, sensitivities, summaries, tables."""
