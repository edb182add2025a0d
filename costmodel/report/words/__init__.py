"""Sentences: typed reasons, findings and verdicts in words."""
