"""What every figure rests on: constants with range and source, and the formulas used."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.report.document import Column, Paragraph, Row, Section, Table
from costmodel.report.quantities import NONE, count_text, sentence
from costmodel.report.sections.summary import convention_text
from costmodel.results.conclusions.grounds import UsedConstant, UsedFormula
from costmodel.results.evaluation import Evaluation
from costmodel.sources.shipped.bibliography import cited
from costmodel.specs.devices.hardware import Device


def assumptions_section(
    evaluation: Evaluation, device: Device, constants: tuple[UsedConstant, ...], formulas: tuple[UsedFormula, ...]
) -> Section:
    """Return the device, the constants and the formulas an evaluation rests on.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    device : Device
        For what it says of itself, its heap and its allocator.
    constants : tuple of UsedConstant
        Every constant of the scenario.
    formulas : tuple of UsedFormula
        Every formula that was called.

    Returns
    -------
    Section
        Convention and device in words, tables of constants, heap and formulas, and the publications that sources name.
    """
    constant_columns = (
        Column("Constant", number=False),
        Column("Value"),
        Column("Unit", number=False),
        Column("Range"),
        Column("Source", number=False),
    )
    constant_rows = tuple(
        Row((used.name, f"{used.value:,.10g}", used.unit or "1", _range_text(used.low, used.high), used.source)) for used in constants
    )
    formula_columns = (
        Column("Formula", number=False),
        Column("Equation", number=False),
        Column("Unit", number=False),
        Column("Source", number=False),
    )
    formula_rows = tuple(Row((used.id, "; ".join(used.equations), used.unit, used.source)) for used in formulas)
    return Section(
        "assumptions",
        "Assumptions and sources",
        (
            Paragraph(f"Accesses are counted with {convention_text(evaluation)}."),
            Paragraph(f"Device {device.name}: {sentence(device.description or 'not described')} Source: {device.source.rstrip('.')}."),
            Table("Constants of the scenario", constant_columns, constant_rows, "A range is what is credible, where the source gives one."),
            _heap_table(device),
            Table("Formulas", formula_columns, formula_rows, supplementary=True),
            _publications_table([*_device_sources(device), *(used.source for used in constants), *(used.source for used in formulas)]),
        ),
    )


def _heap_table(device: Device) -> Table:
    rows = [Row((region.name, count_text(region.size_bytes), region.source)) for region in device.heap_regions]
    rows.append(Row(("allocator", NONE, device.allocator.source)))
    columns = (Column("Heap region", number=False), Column("At boot", "B"), Column("Source", number=False))
    return Table("Heap of the device", columns, tuple(rows), "Before a program takes its part.", supplementary=True)


def _device_sources(device: Device) -> list[str]:
    return [device.source, device.allocator.source, *(region.source for region in device.heap_regions)]


def _publications_table(sources: Sequence[str]) -> Table:
    rows = tuple(Row((publication.key, publication.citation)) for publication in cited(sources))
    return Table("Publications", (Column("Key", number=False), Column("Publication", number=False)), rows, supplementary=True)


def _range_text(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return NONE
    return f"{'' if low is None else f'{low:,.10g}'} to {'' if high is None else f'{high:,.10g}'}".strip()
