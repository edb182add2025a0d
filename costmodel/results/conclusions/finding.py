"""A finding: what an engineer should take away, as its kind and the figures it rests on; `report` puts it in words."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from costmodel.results.base import Result


class Weight(StrEnum):
    """What a finding says about its subject."""

    DOMINATES = "dominates"
    """It decides the result."""
    NEGLIGIBLE = "negligible"
    """It does not matter here."""
    SUSPICIOUS = "suspicious"
    """Inputs or published figures do not agree."""
    UNKNOWN = "unknown"
    """It cannot be told from what was given."""
    VERDICT = "verdict"
    """It answers the question."""
    FAILS = "fails"
    """It answers the question with no."""


class FindingKind(StrEnum):
    """What is found; also the name a finding has, stable across runs."""

    DATAFLOW = "verdict.dataflow"
    """Which dataflow takes least memory energy: `in_memory`, `in_registers`."""
    HEAP = "memory.heap"
    """Whether the heap holds the buffers: `buffer_bytes`."""
    FLASH = "memory.flash"
    """The flash does not hold the constants: `flash_bytes`, `capacity_bytes`."""
    DOMINANT_LAYER = "energy.dominant_layer"
    """The layer that takes most memory energy: `layer`, `layer_ratio`, `convolutions_ratio`, `layer_pj`, `layer_mac_count`."""
    IDLE = "battery.idle_dominates"
    """Idling decides battery life: `idle_ratio`."""
    BOARD_SHARE = "energy.share_of_board"
    """The memory's dynamic energy beside the board's: `share_ratio`."""
    LEAKAGE = "energy.leakage_suspicious"
    """Leakage beside the idle board: `idle_ratio`, and `dynamic_ratio` where a duration is known."""
    BOUNDARY = "latency.boundary"
    """Time does not go with MACs: `small`, `large`, `mac_ratio`, `time_ratio`, `small_boundary_ratio`, `large_boundary_ratio`."""
    BEYOND_CALIBRATION = "latency.beyond_calibration"
    """No time is given: the rates were measured under other conditions."""
    PADDING = "counts.padding"
    """Multiply-accumulates on padding: `padding_ratio`."""
    NOT_CALIBRATED = "latency.not_calibrated"
    """Dataflows without a time."""


class Finding(Result):
    """One thing to remember, and the figures it is made of."""

    id: str
    """One of `FindingKind`."""
    weight: Weight
    values: dict[str, str | int | float] = Field(default_factory=dict)
    """What was found, by name; what the evaluation states itself is not repeated."""
    figures: tuple[str, ...] = ()
    """Names `explain` knows."""
