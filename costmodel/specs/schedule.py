"""Schedules: which layers run together. Read by counts, memory planning and latency alike."""

from __future__ import annotations

from enum import StrEnum


class Schedule(StrEnum):
    """How the layers of a network take turns."""

    LAYER_BY_LAYER = "layer-by-layer"
    """Each layer finishes before the next begins."""
