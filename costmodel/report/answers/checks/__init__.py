"""Answers that hold a prediction against what ran or was published."""
