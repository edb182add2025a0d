"""SRAM energies: CACTI's runs as a table, and conventions of charging memory accesses side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costmodel.report.answer import Answer, answer_of
from costmodel.report.answers.memory_conclusions import leakage_text, memory_conclusions
from costmodel.report.cells import Cell
from costmodel.report.document import Block, Column, Content, Paragraph, Row, Table
from costmodel.report.quantities import NONE, count_text
from costmodel.results.runs.sram_run import SramRow
from costmodel.results.storage.memory_convention import ConventionComparison, ConventionCost
from costmodel.units import BYTES_PER_KIB, NS_PER_S, PJ_PER_UJ

CHANGED = "changed"
"""A run that does not say what the table says."""
_RUN_COLUMNS = (
    Column("SRAM", number=False),
    Column("size", "KiB"),
    Column("width", "B"),
    Column("node", "nm"),
    Column("cell", number=False),
    Column("temperature", "K"),
    Column("ECC", number=False),
    Column("read", "pJ"),
    Column("write", "pJ"),
    Column("leakage"),
    Column("gate leakage"),
    Column("access", "ns"),
    Column("area", "mm²"),
)
_COMPARISON_COLUMNS = (
    Column("convention", number=False),
    Column("width", "B"),
    Column("read", "pJ"),
    Column("write", "pJ"),
    Column("accesses"),
    Column("dynamic", "µJ"),
    Column("from", "µJ"),
    Column("to", "µJ"),
    Column("to deck", "times"),
    Column("leakage"),
    Column("per inference", "µJ"),
)


def runs_answer(rows: Sequence[SramRow], statuses: Mapping[str, str], note: str = "") -> Answer:
    """Return runs of CACTI.

    Parameters
    ----------
    rows : sequence of SramRow
        In the order written.
    statuses : mapping of str to str
        Configuration hash to how a run relates to the table; empty where nothing was run.
    note : str, optional
        How much of the table is shown, and what made it.

    Returns
    -------
    Answer
        One row a run.
    """
    told = (Column("table", number=False),) if statuses else ()
    cells = (Row((*_run_cells(row), *((_status(statuses[row.config_hash]),) if statuses else ()))) for row in rows)
    found = [row.model_dump(mode="json") | ({"table": statuses[row.config_hash]} if row.config_hash in statuses else {}) for row in rows]
    table = Table("SRAM runs of CACTI", (*_RUN_COLUMNS, *told), tuple(cells), note)
    return answer_of([table], found, explained={row.name or row.config_hash: row.remembered() for row in rows})


def _status(status: str) -> Cell:
    return Cell(f"✗ {status}" if status == CHANGED else status, tone="fails" if status == CHANGED else "")


def table_note(shown_count: int, rows: Sequence[SramRow]) -> str:
    """Return how much of the table of runs is shown, and what made it.

    Parameters
    ----------
    shown_count : int
        Rows that are shown.
    rows : sequence of SramRow
        The whole table.

    Returns
    -------
    str
        One sentence.
    """
    made = sorted({f"CACTI {row.cacti_version} ({row.cacti_source})" for row in rows})
    named = len([row for row in rows if row.name])
    return f"{count_text(shown_count)} of {count_text(len(rows))} runs, {named} of them named; {'; '.join(made)}."


def _run_cells(row: SramRow) -> tuple[Content, ...]:
    spec, figures = row.spec, row.figures
    shown: tuple[Content, ...] = (
        row.name or spec.plain_name,
        spec.size_bytes / BYTES_PER_KIB,
        spec.width_text.removesuffix(" B"),
        f"{spec.node_nm:g}",
        spec.data_cell.removeprefix("itrs-"),
        f"{spec.temperature_k:g}",
        "yes" if spec.ecc else "no",
    )
    if figures is None:
        return (*shown, "no array", *[""] * 5)
    own = f"cacti.{row.name or row.config_hash}"
    return (
        *shown,
        Cell(figures.read_pj, figure=f"{own}.read_pj"),
        Cell(figures.write_pj, figure=f"{own}.write_pj"),
        Cell(leakage_text(figures.leakage_w), figure=f"{own}.leakage_w"),
        Cell(leakage_text(figures.gate_leakage_w), figure=f"{own}.gate_leakage_w"),
        Cell(figures.access_s * NS_PER_S, figure=f"{own}.access_s"),
        Cell(figures.area_mm2, figure=f"{own}.area_mm2"),
    )


def comparison_answer(comparison: ConventionComparison) -> Answer:
    """Return a comparison of conventions on one page.

    Parameters
    ----------
    comparison : ConventionComparison
        Its figures.

    Returns
    -------
    Answer
        A table, and what it shows in words.
    """
    conclusions = memory_conclusions(comparison)
    table = Table(
        f"{comparison.network}, {comparison.dataflow}, scratch rows in registers: what its memory accesses are charged",
        _COMPARISON_COLUMNS,
        tuple(Row(_comparison_cells(cost, place, comparison)) for place, cost in enumerate(comparison.conventions)),
        f"from, to: with the smallest and largest credible access energy. Leakage {NONE}: the source gives none.",
    )
    blocks: list[Block] = [table, *map(Paragraph, conclusions)]
    return answer_of(blocks, comparison.model_dump(mode="json") | {"conclusions": list(conclusions)}, explained=comparison)


def _comparison_cells(cost: ConventionCost, place: int, comparison: ConventionComparison) -> tuple[Content, ...]:
    def told(text: str, field: str) -> Cell:
        return Cell(text, figure=f"cacti.conventions.{place}.{field}")

    return (
        cost.label,
        cost.access_bytes,
        told(f"{cost.read_pj:,.4g}", "read_pj"),
        told(f"{cost.write_pj:,.4g}", "write_pj"),
        Cell(cost.access_count, figure=f"cacti.conventions.{place}.access_count"),
        told(_microjoules(cost.dynamic_pj), "dynamic_pj"),
        told(_microjoules(cost.dynamic_low_pj), "dynamic_low_pj"),
        told(_microjoules(cost.dynamic_high_pj), "dynamic_high_pj"),
        Cell(f"{comparison.dynamic_ratios[cost.label]:,.2f}", figure=f"cacti.dynamic_ratios.{cost.label}"),
        told(leakage_text(cost.leakage_w), "leakage_w") if cost.leakage_stated else NONE,
        told(_microjoules(cost.leakage_pj), "leakage_pj") if cost.leakage_stated else NONE,
    )


def _microjoules(picojoules: float | None) -> str:
    return NONE if picojoules is None else f"{picojoules / PJ_PER_UJ:,.2f}"
