"""Validation: builds and runs the firmware, compares counters, and holds published figures."""
