"""What `costmodel cacti` writes: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import typer

from costmodel.report.memory_comparison import leakage_text, memory_conclusions
from costmodel.sources.cacti.sram_energy import plain_name
from costmodel.units import BYTES_PER_KIB, NS_PER_S, PJ_PER_UJ

if TYPE_CHECKING:
    from costmodel.results.sram_run import SramRow
    from costmodel.results.storage.memory_convention import ConventionComparison, ConventionCost
    from costmodel.sources.cacti.sram_table import SramTable

WIDEST: Final = 500
"""More columns than any of the tables takes."""


@contextmanager
def run_progress(count: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many runs are done, on standard error.

    Parameters
    ----------
    count : int
        Runs in all.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable
        To be told how many are done, of how many.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("CACTI"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("runs", total=count)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def print_rows(rows: Sequence[SramRow], statuses: Mapping[str, str], *, as_json: bool) -> None:
    """Write runs.

    Parameters
    ----------
    rows : sequence of SramRow
        In the order written.
    statuses : mapping
        Configuration hash to how a run relates to the table; empty where nothing was run.
    as_json : bool
        For a program.
    """
    if as_json:
        found = [
            row.model_dump(mode="json") | ({"table": statuses[row.config_hash]} if row.config_hash in statuses else {}) for row in rows
        ]
        typer.echo(json.dumps(found, indent=2, allow_nan=False))
        return
    titles = ["SRAM", "size", "width", "node", "cell", "K", "ECC", "read", "write", "leakage", "gate", "access", "area"]
    units = ["", "KiB", "B", "nm", "", "", "", "pJ", "pJ", "", "", "ns", "mm2"]
    table = _table(titles + (["table"] if statuses else []), units + ([""] if statuses else []), left=(0, 4, 6, 13))
    for row in rows:
        status = [statuses[row.config_hash]] if statuses else []
        table.add_row(*_cells(row), *status)
    _print_table(table)


def _cells(row: SramRow) -> list[str]:
    spec, figures = row.spec, row.figures
    kib = spec.size_bytes / BYTES_PER_KIB
    shown = [
        row.name or plain_name(spec),
        f"{kib:g}",
        spec.width_text.removesuffix(" B"),
        f"{spec.node_nm:g}",
        spec.data_cell.removeprefix("itrs-"),
        f"{spec.temperature_k:g}",
        "yes" if spec.ecc else "no",
    ]
    if figures is None:
        return [*shown, "no array", *[""] * 5]
    return [
        *shown,
        f"{figures.read_pj:g}",
        f"{figures.write_pj:g}",
        leakage_text(figures.leakage_w),
        leakage_text(figures.gate_leakage_w),
        f"{figures.access_s * NS_PER_S:.6g}",
        f"{figures.area_mm2:g}",
    ]


def print_table_note(shown_count: int, runs: SramTable) -> None:
    """Say how much of the table was shown, and what made it.

    Parameters
    ----------
    shown_count : int
        Rows written above.
    runs : SramTable
        The whole table.
    """
    made = sorted({f"CACTI {row.cacti_version} ({row.cacti_source})" for row in runs})
    typer.echo(f"{shown_count} of {len(runs)} runs, {len(runs.names)} of them named; {'; '.join(made)}.")


def print_comparison(comparison: ConventionComparison, *, as_json: bool) -> None:
    """Write a comparison of conventions on one page.

    Parameters
    ----------
    comparison : ConventionComparison
        Its figures.
    as_json : bool
        For a program.
    """
    conclusions = memory_conclusions(comparison)
    if as_json:
        typer.echo(json.dumps(comparison.model_dump(mode="json") | {"conclusions": list(conclusions)}, indent=2, allow_nan=False))
        return
    typer.echo(f"{comparison.network}, {comparison.dataflow}, scratch rows in registers: what its memory accesses are charged\n")
    titles = ["convention", "width", "read", "write", "accesses", "dynamic", "from", "to", "to deck", "leakage", "an inference"]
    units = ["", "B", "pJ", "pJ", "", "uJ", "uJ", "uJ", "times", "", "uJ"]
    table = _table(titles, units, left=(0,))
    first = comparison.conventions[0]
    for cost in comparison.conventions:
        table.add_row(*_comparison_cells(cost, first))
    _print_table(table)
    typer.echo("from, to: with the smallest and largest credible access energy. Leakage '-': the source gives none.\n")
    for text in conclusions:
        _print_paragraph(text)


def _comparison_cells(cost: ConventionCost, first: ConventionCost) -> list[str]:
    leaked = cost.leakage_pj if cost.leakage_stated else None
    return [
        cost.label,
        f"{cost.access_bytes}",
        f"{cost.read_pj:.4g}",
        f"{cost.write_pj:.4g}",
        f"{cost.read_count + cost.write_count:,}",
        _uj(cost.dynamic_pj),
        _uj(cost.dynamic_low_pj),
        _uj(cost.dynamic_high_pj),
        f"{cost.dynamic_pj / first.dynamic_pj:.2f}",
        leakage_text(cost.leakage_w) if cost.leakage_stated else "-",
        _uj(leaked),
    ]


def _uj(picojoules: float | None) -> str:
    return "-" if picojoules is None else f"{picojoules / PJ_PER_UJ:,.2f}"


def _table(titles: Sequence[str], units: Sequence[str], left: tuple[int, ...]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for place, (title, unit) in enumerate(zip(titles, units, strict=True)):
        table.add_column(f"{title}\n{unit}", justify="left" if place in left else "right", no_wrap=True)
    return table


def _print_table(table: Any) -> None:
    from rich.console import Console

    # A terminal narrower than the table wraps its lines: that reads worse than it might, but no figure is cut.
    Console(width=max(Console().width, Console(width=WIDEST).measure(table).maximum)).print(table)


def _print_paragraph(text: str) -> None:
    from rich.console import Console

    Console().print(text, highlight=False, markup=False)
    typer.echo()
