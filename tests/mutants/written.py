"""Changes of more than one operation, each a fault that was in the program or that no test noticed once."""

from __future__ import annotations

WRITTEN: dict[str, tuple[str, str, str, str]] = {}
"""By what is wrong with it: the room, the file, the text and what is put in its place."""
