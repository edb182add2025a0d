"""Millions of designs: studies over any field of a scenario, their Pareto fronts, and what explains them."""
