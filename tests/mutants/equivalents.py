"""Mutants that compute the same as the code they change, each with the reason."""

from __future__ import annotations

EQUIVALENTS: dict[str, str] = {}
