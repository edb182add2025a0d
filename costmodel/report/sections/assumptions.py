"""What every figure rests on: constants with range and source, and the formulas used."""

from __future__ import annotations

from costmodel.report.document import Column, Paragraph, Row, Section, Table
from costmodel.report.provenance_list import UsedConstant, UsedFormula
from costmodel.report.sections.summary import convention_text
from costmodel.results.evaluation import Evaluation


def assumptions_section(evaluation: Evaluation, constants: tuple[UsedConstant, ...], formulas: tuple[UsedFormula, ...]) -> Section:
    """Return the constants and formulas an evaluation rests on.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    constants : tuple of UsedConstant
        Every constant of the scenario.
    formulas : tuple of UsedFormula
        Every formula that was called.

    Returns
    -------
    Section
        The convention in words and two tables.
    """
    constant_columns = (
        Column("Constant", number=False),
        Column("Value"),
        Column("Unit", number=False),
        Column("Range"),
        Column("Source", number=False),
    )
    constant_rows = tuple(
        Row((used.name, f"{used.value:.10g}", used.unit or "1", _range_text(used.low, used.high), used.source)) for used in constants
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
            Table("Constants of the scenario", constant_columns, constant_rows, "A range is what is credible, where the source gives one."),
            Table("Formulas", formula_columns, formula_rows, supplementary=True),
        ),
    )


def _range_text(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "–"
    return f"{'' if low is None else f'{low:.6g}'} to {'' if high is None else f'{high:.6g}'}".strip()
