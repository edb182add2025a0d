"""The composition of all subjects, once: a design of numbers or columns to its cost, and a scenario to its evaluation."""
