"""From runs of CACTI to what one access of an SRAM costs, with its range."""

from __future__ import annotations

from typing import Final, NamedTuple

from costmodel.energy.sram_interpolation import SizePoint, between_sizes, interpolated, neighbours
from costmodel.energy.sram_range import WARM_K, Span, alternative_cells, energy_span_pj, leakage_span_w, widened_span
from costmodel.errors import SpecError
from costmodel.provenance import Constant
from costmodel.results.runs.sram_run import SramFigures, SramRow
from costmodel.sources.cacti.sram_table import SramTable
from costmodel.specs.base import with_changes
from costmodel.specs.devices.hardware import MemoryEnergy
from costmodel.specs.devices.sram import TEMPERATURE_LIMITS_K, SramSpec
from costmodel.units import PERCENT

_ESTIMATED: Final = ("read_pj", "write_pj", "leakage_w", "gate_leakage_w", "standby_w", "access_s", "cycle_s", "area_mm2")


class SramEstimate(NamedTuple):
    """Figures between two sizes, and the largest relative error of any of them on rows left out."""

    figures: dict[str, float]
    error_ratios: dict[str, float]


def range_siblings(spec: SramSpec) -> tuple[SramSpec, ...]:
    """Return the configurations an array's range runs over, itself first.

    Parameters
    ----------
    spec : SramSpec
        The array.

    Returns
    -------
    tuple of SramSpec
        Each cell it may be of, at its own temperature, at CACTI's coolest and warm.
    """
    cells = alternative_cells(spec.data_cell) if spec.data_cell == spec.periphery_cell else (spec.data_cell,)
    temperatures = dict.fromkeys((spec.temperature_k, float(TEMPERATURE_LIMITS_K[0]), WARM_K))
    others = (
        with_changes(
            spec,
            {
                "data_cell": cell,
                "periphery_cell": cell if spec.data_cell == spec.periphery_cell else spec.periphery_cell,
                "temperature_k": temperature,
            },
        )
        for cell in cells
        for temperature in temperatures
    )
    return tuple(dict.fromkeys((spec, *others)))


def sram_memory_energy(row: SramRow, table: SramTable) -> MemoryEnergy:
    """Return what one access of an SRAM costs.

    Parameters
    ----------
    row : SramRow
        The run.
    table : SramTable
        Where the rows of other cells and temperatures are looked for.

    Returns
    -------
    MemoryEnergy
        Energies per access of the bus width, each with its range and the reason for it.

    Raises
    ------
    SpecError
        If CACTI found no such array.
    """
    if row.figures is None:
        raise SpecError(f"CACTI finds no array of {row.spec.summary}")
    found = [other for spec in range_siblings(row.spec) if (other := table.find(spec)) is not None and other.figures is not None]
    if row.spec not in {other.spec for other in found}:
        found.append(row)
    run = f"balasubramonian2017cacti: CACTI {row.cacti_version}, run {row.config_hash}"
    return _memory_energy(row.name or row.spec.plain_name, row.spec, row.figures, found, run)


def _memory_energy(name: str, spec: SramSpec, figures: SramFigures, rows: list[SramRow], run: str) -> MemoryEnergy:
    runs = [(row.spec, row.figures) for row in rows if row.figures is not None]
    alike = [ran for other, ran in runs if other.temperature_k == spec.temperature_k]
    cells = ", ".join(sorted({other.data_cell.removeprefix("itrs-") for other, _ in runs}))
    warmth = " and ".join(f"{kelvin:g} K" for kelvin in sorted({other.temperature_k for other, _ in runs}))
    energy_reason = f"{run}; range: cells {cells}, 12 % below (circuit simulation), 66 % above (published reads)"
    leakage_reason = f"{run}, subthreshold; range: cells {cells}, {warmth}, with and without gate leakage"
    read = energy_span_pj([ran.read_pj for ran in alike])
    write = energy_span_pj([ran.write_pj for ran in alike])
    leakage = leakage_span_w([value for _, ran in runs for value in (ran.leakage_w, ran.standby_w)])
    return MemoryEnergy(
        name=name,
        description=spec.summary,
        access_bytes=spec.access_bytes,
        capacity_bytes=spec.size_bytes,
        read_pj=_within(figures.read_pj, "pJ", read, energy_reason),
        write_pj=_within(figures.write_pj, "pJ", write, energy_reason),
        leakage_w=_within(figures.leakage_w, "W", leakage, leakage_reason),
        access_s=Constant(figures.access_s, "s", None, None, run),
        source=f"{run} ({spec.summary})",
    )


def _within(value: float, unit: str, span: Span, source: str) -> Constant:
    return Constant(value, unit, span.low, span.high, source)


def estimated_memory_energy(spec: SramSpec, table: SramTable) -> MemoryEnergy:
    """Return what an access costs at a size between two packaged ones.

    An interpolation knows no more than the rows it stands between: its range goes from between their lows to between their highs, and is
    wider than that by the largest error measured on left-out rows.

    Parameters
    ----------
    spec : SramSpec
        The array.
    table : SramTable
        Where its family is looked for.

    Returns
    -------
    MemoryEnergy
        With the error bound stated in each source.

    Raises
    ------
    MissingError
        If the family is too small, or the size outside it.
    """
    estimate = estimated_figures(spec, table)
    bounds = ", ".join(f"{field} {PERCENT * estimate.error_ratios[field]:.1f} %" for field in ("read_pj", "write_pj", "leakage_w"))
    source = f"balasubramonian2017cacti: interpolated between packaged CACTI sizes; largest error on left-out rows: {bounds}"
    sizes = [row.spec.size_bytes for row in _family(spec, table)]
    rows = [table.find(with_changes(spec, {"size_bytes": size})) for size in neighbours(sizes, spec.size_bytes)]
    ends = [sram_memory_energy(row, table) for row in rows if row is not None]
    return MemoryEnergy(
        name=f"interpolated-{spec.size_bytes}-{spec.access_bytes}b",
        description=f"{spec.summary}, interpolated",
        access_bytes=spec.access_bytes,
        capacity_bytes=spec.size_bytes,
        read_pj=_estimated(estimate, "read_pj", spec.size_bytes, ends, source),
        write_pj=_estimated(estimate, "write_pj", spec.size_bytes, ends, source),
        leakage_w=_estimated(estimate, "leakage_w", spec.size_bytes, ends, source),
        access_s=Constant(estimate.figures["access_s"], "s", None, None, source),
        source=source,
    )


def _estimated(estimate: SramEstimate, field: str, size_bytes: int, ends: list[MemoryEnergy], source: str) -> Constant:
    """A figure whose range is that of the sizes on both sides of it, widened by the error of the interpolation."""
    smaller, larger = (getattr(end, field) for end in ends)
    sizes = [known.capacity_bytes or size_bytes for known in ends]
    low, high = (
        between_sizes(SizePoint(sizes[0], getattr(smaller, end)), SizePoint(sizes[1], getattr(larger, end)), size_bytes)
        for end in ("low", "high")
    )
    span = widened_span(Span(low, high), estimate.error_ratios[field])
    return Constant(estimate.figures[field], smaller.unit, span.low, span.high, f"{source}; range of both neighbours ({smaller.source})")


def estimated_figures(spec: SramSpec, table: SramTable) -> SramEstimate:
    """Return figures at a size between two packaged ones.

    Parameters
    ----------
    spec : SramSpec
        The array.
    table : SramTable
        Where its family, everything equal but the size, is looked for.

    Returns
    -------
    SramEstimate
        Figures and their measured error bounds.

    Raises
    ------
    MissingError
        If the family is too small, or the size outside it.
    """
    family = _family(spec, table)
    figures: dict[str, float] = {}
    errors: dict[str, float] = {}
    for field in _ESTIMATED:
        points = [SizePoint(row.spec.size_bytes, getattr(row.figures, field)) for row in family]
        figures[field], errors[field] = interpolated(points, spec.size_bytes)
    return SramEstimate(figures, errors)


def _family(spec: SramSpec, table: SramTable) -> list[SramRow]:
    """Rows that differ from an array in nothing but size."""
    return [row for row in table if row.figures is not None and _but_size(row.spec) == _but_size(spec)]


def _but_size(spec: SramSpec) -> tuple[object, ...]:
    return tuple(getattr(spec, field) for field in SramSpec.model_fields if field != "size_bytes")
