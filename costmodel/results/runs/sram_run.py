"""What one CACTI run says of an SRAM."""

from __future__ import annotations

from typing import Literal

from costmodel.provenance import leaf
from costmodel.results.base import Result
from costmodel.specs.devices.sram import SramSpec


class SramFigures(Result):
    """Figures of one array, each with the digits CACTI prints."""

    read_pj: float
    """One read of the bus width."""
    write_pj: float
    """One write of the bus width."""
    leakage_w: float
    """Subthreshold leakage of the array; the figure publications quote."""
    gate_leakage_w: float
    """Gate leakage of the array, beside the subthreshold leakage."""
    standby_w: float
    """Both leakages together, as CACTI's table states them."""
    access_s: float
    """From address to data."""
    cycle_s: float
    """Between two accesses."""
    area_mm2: float
    """Of the array with its periphery."""
    area_efficiency_ratio: float
    """Share of the area that is storage cells."""
    wordline_split_count: int
    """Ndwl: subarrays a word line is cut into."""
    bitline_split_count: int
    """Ndbl: subarrays a bit line is cut into."""
    sets_per_wordline_ratio: float
    """Nspd: sets mapped to one word line; a half is possible."""
    bitline_mux_count: int
    """Ndcm: bit lines that share a column multiplexer."""


class SramRow(Result):
    """One row of the table of runs."""

    name: str
    """Name of the packaged configuration; empty where the row has none."""
    spec: SramSpec
    config_hash: str
    """Content name of the configuration the run was given."""
    cacti_version: str
    """As the run printed it."""
    cacti_source: str
    """Where that CACTI was built from."""
    status: Literal["ok", "no-organisation"]
    """Whether CACTI found an array that fits."""
    figures: SramFigures | None
    """None where it found none."""

    def remembered(self) -> dict[str, float]:
        """Return the run's figures by name, each remembering the run it was printed by."""
        source = f"balasubramonian2017cacti: CACTI {self.cacti_version}, run {self.config_hash}"
        found = {} if self.figures is None else self.figures.model_dump()
        return {name: leaf(value, f"{self.name or self.config_hash}.{name}", source) for name, value in found.items()}
