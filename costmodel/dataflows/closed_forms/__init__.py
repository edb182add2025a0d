"""Closed forms of every counter: one module a dataflow, pure functions over ints or columns."""
