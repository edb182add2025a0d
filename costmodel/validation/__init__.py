"""Held against the outside: firmware, device logs and published figures."""
