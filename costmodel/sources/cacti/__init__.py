"""CACTI: its configurations, its runs, and the table of what they gave."""
